/**
 * Tells code from text in JavaScript: a bundle may carry another bundle in a string, a template or a comment. Stops only at
 * the signs that this takes, in one pass over the bytes, without a syntax tree: a bundle has to be read before its program
 * can start.
 */

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const EXCLAMATION_MARK = 33;
const DOLLAR = 36;
const ASTERISK = 42;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const LESS = 60;
const GREATER = 62;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const BACKTICK = 96;
const OPENING_BRACE = 123;
/** All bytes of characters beyond ASCII are greater. */
const LAST_ASCII = 127;

const NBSP = 0xc2a0;
const BYTE_ORDER_MARK = 0xefbbbf;
const LINE_SEPARATOR = 0xe280a8;
const PARAGRAPH_SEPARATOR = 0xe280a9;
/** All other spaces beyond ASCII, as the three bytes of each. */
const WIDE_SPACES: ReadonlySet<number> = new Set([
  0xe19a80,
  ...Array.from({ length: 11 }, (_, index) => 0xe28080 + index),
  LINE_SEPARATOR,
  PARAGRAPH_SEPARATOR,
  0xe280af,
  0xe2819f,
  0xe38080,
  BYTE_ORDER_MARK,
]);

/** For each byte, 1 if it is a character that matches. */
const bytesOf = (pattern: RegExp) =>
  Uint8Array.from({ length: 256 }, (_, code) => Number(code <= LAST_ASCII && pattern.test(String.fromCharCode(code))));
/** Letters, digits, `_`, `$`, `#` and the backslash of an escape. */
const WORD_PARTS = bytesOf(/[\w$#\\]/);
const DIGITS = bytesOf(/\d/);
/** After an operator a brace begins an object, but not after the arrow of a function. */
const OBJECT_STARTERS = bytesOf(/[=(,[?+\-*%&|^~!<]/);

/** After these words a slash begins a regular expression. */
const OPERATOR_WORDS: ReadonlySet<string> = new Set(
  'return typeof instanceof in new delete void throw case do else yield await extends default break continue debugger'.split(
    ' ',
  ),
);
/** After the parenthesis of these a statement begins, and with it perhaps a regular expression. */
const STATEMENT_WORDS: ReadonlySet<string> = new Set(['if', 'while', 'for', 'with']);
/** `for (x of /a/g)`, or a name that is divided: minifiers use it. */
const NAME_OR_OPERATOR = 'of';
const LONGEST_WORD = 'instanceof'.length;
/** These words, by first letter and length: of most words in a file, no more has to be compared. */
const WORDS: readonly string[][] = Array.from({ length: indexOfWords(LAST_ASCII + 1, 0) }, () => []);
for (const word of [...OPERATOR_WORDS, ...STATEMENT_WORDS, NAME_OR_OPERATOR])
  WORDS[indexOfWords(word.charCodeAt(0), word.length)]?.push(word);

function indexOfWords(first: number, length: number): number {
  return first * (LONGEST_WORD + 1) + length;
}

/** Most words are none of these, and need no look into a set. */
const isOneOf = (words: ReadonlySet<string>, word: string) => word !== '' && words.has(word);

/** What an open brace began. */
const BLOCK = 0;
const OBJECT = 1;
/** The code in a template. */
const INSERTED = 2;
type Brace = typeof BLOCK | typeof OBJECT | typeof INSERTED;

/** Thrown where a token does not end, or a slash may be either a division or a regular expression. */
class Unreadable extends Error {}

/**
 * Which of the positions are in code, and not in a string, template, comment or regular expression. Undefined if the text
 * cannot be read with certainty.
 *
 * @param bytes the text in UTF-8
 * @param positions of bytes, in ascending order
 */
export function inCode(bytes: Buffer, positions: readonly number[]): boolean[] | undefined {
  try {
    return new CodeReader(bytes).read(positions);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class CodeReader {
  readonly #bytes: Buffer;
  readonly #braces: Brace[] = [];
  /** For each open parenthesis, whether a statement follows it. */
  readonly #parens: boolean[] = [];
  #at = 0;
  /** Where the last token that was read ends. What was passed over since is looked at only when the next token asks for it. */
  #known = 0;
  /** Whether the last token ended a value: a slash then divides. */
  #afterValue = false;
  /** The last token, if it is a word that matters: `for`, too, for the words of `for await`. */
  #word = '';
  /** Where the last string, comment, regular expression or piece of a template is. */
  #textStart = 0;
  #textEnd = 0;

  /** What begins text, or decides what a later slash means. All else is passed over. */
  static readonly signs: Readonly<Record<string, ReadSign>> = {
    '(': (reader) => reader.#openParen(),
    ')': (reader) => reader.#closeParen(),
    '{': (reader) => reader.#openBrace(),
    '}': (reader) => reader.#closeBrace(),
    '"': (reader, code) => reader.#readString(code),
    "'": (reader, code) => reader.#readString(code),
    '`': (reader) => reader.#readTemplate(reader.#at + 1),
    '+': (reader, code) => reader.#readCounter(code),
    '-': (reader, code) => reader.#readCounter(code),
    '/': (reader) => reader.#readSlash(),
  };

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(positions: readonly number[]): boolean[] {
    const bytes = this.#bytes;
    if (threeBytes(bytes, 0) === BYTE_ORDER_MARK) this.#moveTo(3);
    if (bytes.toString('latin1', this.#at, this.#at + 2) === '#!') this.#skipLine();
    const found = positions.map((position) => {
      this.#readPast(position);
      return position < this.#textStart || position >= this.#textEnd;
    });
    this.#readPast(bytes.length);
    if (this.#braces.length > 0 || this.#parens.length > 0) throw new Unreadable();
    return found;
  }

  #readPast(position: number): void {
    while (this.#at <= position && this.#at < this.#bytes.length) this.#readNext();
  }

  #readNext(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && IS_SIGN[byteAt(bytes, at)] === 0) at += 1;
    this.#at = at;
    const code = byteAt(bytes, at);
    READERS[code]?.(this, code);
  }

  /** Finds out what the last token before this place was, if it was passed over. */
  #lookBack(): void {
    const end = this.#beforeSpaces(this.#at);
    if (end === this.#known) return;
    const last = byteAt(this.#bytes, end - 1);
    const word = this.#wordBefore(end);
    this.#afterValue = endsName(last)
      ? !isOneOf(OPERATOR_WORDS, word)
      : last === CLOSING_BRACKET || this.#endsNumber(end);
    this.#word = word === 'await' && this.#isAfterFor(end - word.length) ? 'for' : word;
  }

  /** `for await (` */
  #isAfterFor(start: number): boolean {
    const end = this.#beforeSpaces(start);
    return (end === this.#known ? this.#word : this.#wordBefore(end)) === 'for';
  }

  /** `1. / 2` */
  #endsNumber(end: number): boolean {
    return byteAt(this.#bytes, end - 1) === DOT && DIGITS[byteAt(this.#bytes, end - 2)] === 1;
  }

  /** The word that ends here, if it is one that may matter. */
  #wordBefore(end: number): string {
    const bytes = this.#bytes;
    let start = end;
    while (start > this.#known && WORD_PARTS[byteAt(bytes, start - 1)] === 1) start -= 1;
    const word = wordAt(bytes, start, end);
    return word === '' || this.#isPart(start) ? '' : word;
  }

  /** Whether what begins here is the end of a longer name, or the name of a member: `x.return`. */
  #isPart(start: number): boolean {
    const bytes = this.#bytes;
    const before = byteAt(bytes, start - 1);
    if (before === DOT) return byteAt(bytes, start - 2) !== DOT;
    return before > LAST_ASCII && start > this.#known && spaceBefore(bytes, start) === 0;
  }

  #beforeSpaces(end: number): number {
    let before = end;
    while (before > this.#known) {
      const space = spaceBefore(this.#bytes, before);
      if (space === 0) break;
      before -= space;
    }
    return before;
  }

  #step(afterValue: boolean, length = 1): void {
    this.#moveTo(this.#at + length);
    this.#end(afterValue);
  }

  #moveTo(end: number): void {
    this.#at = end;
    this.#known = end;
  }

  #end(afterValue: boolean): void {
    this.#afterValue = afterValue;
    this.#word = '';
  }

  #openParen(): void {
    this.#lookBack();
    this.#parens.push(isOneOf(STATEMENT_WORDS, this.#word));
    this.#step(false);
  }

  #closeParen(): void {
    const beforeStatement = this.#parens.pop();
    if (beforeStatement === undefined) throw new Unreadable();
    this.#step(!beforeStatement);
  }

  #openBrace(): void {
    this.#lookBack();
    this.#braces.push(!this.#afterValue && this.#beginsObject() ? OBJECT : BLOCK);
    this.#step(false);
  }

  /** Whether a brace that follows no value begins an object. */
  #beginsObject(): boolean {
    if (this.#word !== '') return this.#word !== 'else' && this.#word !== 'do';
    return OBJECT_STARTERS[byteAt(this.#bytes, this.#beforeSpaces(this.#at) - 1)] === 1;
  }

  /** A slash after a block begins a regular expression; after an object it divides. */
  #closeBrace(): void {
    const brace = this.#braces.pop();
    if (brace === undefined) throw new Unreadable();
    this.#step(brace === OBJECT);
    if (brace === INSERTED) this.#readTemplate(this.#at);
  }

  /** After `a++` comes what comes after `a`, unless the sign is on the next line: it then belongs to what follows. */
  #readCounter(code: number): void {
    const bytes = this.#bytes;
    if (byteAt(bytes, this.#at + 1) !== code) {
      this.#at += 1;
      return;
    }
    if (code === MINUS && isOldComment(bytes, this.#at)) throw new Unreadable();
    this.#lookBack();
    this.#step(this.#afterValue && !beginsLine(bytes, this.#at), 2);
  }

  #readString(quote: number): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (let code = byteAt(bytes, at); code !== quote; code = byteAt(bytes, at)) {
      if (at >= bytes.length || code === NEWLINE || code === CARRIAGE_RETURN) throw new Unreadable();
      at += code === BACKSLASH ? escapeLength(bytes, at) : 1;
    }
    this.#leave(at + 1, true);
  }

  #readTemplate(start: number): void {
    const bytes = this.#bytes;
    let at = start;
    for (let code = byteAt(bytes, at); code !== BACKTICK; code = byteAt(bytes, at)) {
      if (at >= bytes.length) throw new Unreadable();
      if (code === DOLLAR && byteAt(bytes, at + 1) === OPENING_BRACE) {
        this.#braces.push(INSERTED);
        this.#leave(at + 2, false);
        return;
      }
      at += code === BACKSLASH ? 2 : 1;
    }
    this.#leave(at + 1, true);
  }

  #readSlash(): void {
    this.#lookBack();
    const next = byteAt(this.#bytes, this.#at + 1);
    if (next === SLASH) this.#skipLine();
    else if (next === ASTERISK) this.#skipComment();
    else if (!this.#afterValue) this.#readRegularExpression();
    else if (this.#word === NAME_OR_OPERATOR) throw new Unreadable();
    else this.#step(false);
  }

  #readRegularExpression(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    let inClass = false;
    for (let code = byteAt(bytes, at); inClass || code !== SLASH; code = byteAt(bytes, at)) {
      if (at >= bytes.length || breaksLine(bytes, at)) throw new Unreadable();
      if (code === OPENING_BRACKET) inClass = true;
      else if (code === CLOSING_BRACKET) inClass = false;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.#leave(at + 1, true);
  }

  /** Leaves text: what was in it is not code. */
  #leave(end: number, afterValue: boolean): void {
    this.#skipText(end);
    this.#end(afterValue);
  }

  #skipText(end: number): void {
    this.#textStart = this.#at;
    this.#textEnd = end;
    this.#moveTo(end);
  }

  #skipComment(): void {
    const end = this.#bytes.indexOf('*/', this.#at + 2);
    if (end < 0) throw new Unreadable();
    this.#skipText(end + 2);
  }

  #skipLine(): void {
    let end = this.#at;
    while (end < this.#bytes.length && !breaksLine(this.#bytes, end)) end += 1;
    this.#skipText(end);
  }
}

type ReadSign = (reader: CodeReader, code: number) => void;

/** By code: a call of one of many functions is not inlined, so that each is compiled soon, which is most of the time. */
const READERS: readonly (ReadSign | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => CodeReader.signs[String.fromCharCode(code)],
);
const IS_SIGN = Uint8Array.from(READERS, (read) => Number(read !== undefined));

/** 0 beyond the end. */
function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}

function threeBytes(bytes: Buffer, at: number): number {
  return (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
}

/** The one of the words that matter that is here, or nothing. */
function wordAt(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === 0 || length > LONGEST_WORD) return '';
  for (const word of WORDS[indexOfWords(byteAt(bytes, start), length)] ?? []) {
    let same = 1;
    while (same < length && word.charCodeAt(same) === byteAt(bytes, start + same)) same += 1;
    if (same === length) return word;
  }
  return '';
}

/** `<!--`, or `-->` at the beginning of a line or behind a comment: comments in scripts, operators in modules. */
function isOldComment(bytes: Buffer, at: number): boolean {
  if (byteAt(bytes, at - 1) === EXCLAMATION_MARK && byteAt(bytes, at - 2) === LESS) return true;
  if (byteAt(bytes, at + 2) !== GREATER) return false;
  if (beginsLine(bytes, at)) return true;
  const end = beforeBlanks(bytes, at);
  return byteAt(bytes, end - 1) === SLASH && byteAt(bytes, end - 2) === ASTERISK;
}

function beginsLine(bytes: Buffer, at: number): boolean {
  const end = beforeBlanks(bytes, at);
  return end === 0 || endsLine(bytes, end);
}

/** Where the spaces before a place begin, of those on its line. */
function beforeBlanks(bytes: Buffer, at: number): number {
  let end = at;
  while (end > 0 && !endsLine(bytes, end)) {
    const space = spaceBefore(bytes, end);
    if (space === 0) break;
    end -= space;
  }
  return end;
}

const isLineSeparator = (three: number) => three === LINE_SEPARATOR || three === PARAGRAPH_SEPARATOR;

function breaksLine(bytes: Buffer, at: number): boolean {
  const code = byteAt(bytes, at);
  if (code > LAST_ASCII) return isLineSeparator(threeBytes(bytes, at));
  return code === NEWLINE || code === CARRIAGE_RETURN;
}

function endsLine(bytes: Buffer, end: number): boolean {
  return breaksLine(bytes, end - 1) || isLineSeparator(threeBytes(bytes, end - 3));
}

/** The length of the space that ends here; 0 if there is none. */
function spaceBefore(bytes: Buffer, end: number): number {
  const code = byteAt(bytes, end - 1);
  if (code <= LAST_ASCII) return code <= SPACE ? 1 : 0;
  const three = threeBytes(bytes, end - 3);
  if (WIDE_SPACES.has(three)) return 3;
  return (three & 0xffff) === NBSP ? 2 : 0;
}

/** Whether this byte ends a name, a keyword or a number: all beyond ASCII does that is no space. */
function endsName(code: number): boolean {
  return code > LAST_ASCII || WORD_PARTS[code] === 1;
}

/** That of a line break may have three bytes. */
function escapeLength(bytes: Buffer, at: number): number {
  return byteAt(bytes, at + 1) === CARRIAGE_RETURN && byteAt(bytes, at + 2) === NEWLINE ? 3 : 2;
}
