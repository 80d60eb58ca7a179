/** Characters that are invisible or look like others, and text that is encoded: how it reads, and how a name shows it. */
import { ENCODED_CHARACTER } from '../lib/percent-encoding.js';
import type { Span } from './spans.js';

/** Text without such characters. */
const PRINTABLE = /^[\t\n\r\x20-\x7e]*$/;

/** Controls, format characters such as joiners and direction marks, fillers, lone surrogates, marks on a letter. */
const NOTHING = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\p{Zl}\p{Zp}]/u;

/**
 * Look-alikes that normalisation keeps: Cyrillic and Greek letters that look Latin, and signs that look like ASCII. Each
 * pair is a character, and the one it looks like.
 *
 * @see https://www.unicode.org/reports/tr39/#Confusable_Detection
 */
const LOOKS_LIKE = new Map(
  (
    'аa вb еe кk мm нh оo рp сc тt уy хx іi јj ѕs ԁd ԛq ԝw һh ӏl ѵv АA ВB ЕE КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS ԚQ ԜW ӀI ѴV ҮY ' +
    'αa γy ιi κk νv οo ρp υu χx ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϲc Ϲc ϳj ⁄/ ∕/ ⧸/ ∶: 。. ‐- ‑- ‒- −-'
  )
    .split(' ')
    .map((pair): [string, string] => [pair.slice(0, 1), pair.slice(1)]),
);

/** Letters, and numerals made of letters. */
const LETTER = /[\p{L}\p{Nl}]/u;

/** Characters that do not look like their normalised form: superscripts, subscripts, circled and parenthesised ones. */
const DISTINCT = /[\u00aa\u00b2\u00b3\u00b9\u00ba\u02b0-\u02b8\u02e0-\u02e4\u2070-\u209c\u2460-\u24ff\u3200-\u33ff]/;

/** Enough for any one language without its ideographs. */
const MAX_REMEMBERED = 4096;
const folds = new Map<string, string>();

const UNUSUAL = /[^\t\n\r\x20-\x7e]/gu;

/** A text as it reads: normalised, without invisible characters, look-alikes replaced. */
export function readAs(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(UNUSUAL, foldOf);
}

/** How a character beyond ASCII reads: as nothing, as ASCII characters, or as itself. */
function foldOf(character: string): string {
  let fold = folds.get(character);
  if (fold === undefined) {
    fold = computedFold(character);
    if (folds.size >= MAX_REMEMBERED) folds.clear();
    folds.set(character, fold);
  }
  return fold;
}

function computedFold(character: string): string {
  if (NOTHING.test(character)) return '';
  if (/\p{Zs}/u.test(character)) return ' ';
  if (/\p{Pd}/u.test(character)) return '-';
  const normalised = character.normalize('NFKD').replace(/\p{M}/gu, '');
  if (/^[\x20-\x7e]+$/.test(normalised)) return normalised;
  return LOOKS_LIKE.get(normalised) ?? digitOf(character) ?? character;
}

/** The digits of every script are ten consecutive code points. */
function digitOf(character: string): string | undefined {
  if (!/\p{Nd}/u.test(character)) return undefined;
  let value = 0;
  const code = character.codePointAt(0) as number;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}

/** How to escape a character, and which parts of a text to visit. */
export interface Notation {
  readonly parts: RegExp;
  readonly write: (character: string) => string;
}

/**
 * Visits backslashes before what looks like an escape, emoji, which need invisible characters, and any other character
 * beyond ASCII together with the backslashes before it.
 */
export function notation(looks: string, write: Notation['write']): Notation {
  const picture = '\\p{ExtPict}[\\ufe0e\\ufe0f]?\\p{EMod}?';
  const parts = `(?<!\\\\)\\\\+(?=${looks})|[#*\\d]\\ufe0f\\u20e3|${picture}(?:\\u200d${picture})*|(?<!\\\\)(\\\\*)([^\\x20-\\x7e])`;
  return { parts: new RegExp(parts, 'gu'), write };
}

/** `\u200b`, as in JSON. */
const AS_JSON = notation('u[\\dA-Fa-f]{4}', escapeOf);

/**
 * A name with all invisible characters, and all that look like ASCII, escaped as in JSON: `\u200b`. So two names look alike
 * only if they are. Doubles backslashes before such an escape, or before what would look like one, unless `again` says that
 * this was done. Keeps letters of other scripts, unless they pretend to be Latin.
 */
export function writtenOut(name: string, again = false, { parts, write }: Notation = AS_JSON): string {
  if (/^[\x20-\x7e]*$/.test(name) && (again || !name.includes('\\'))) return name;
  const pretending = pretendingIn(name);
  return name.replace(parts, (part: string, slashes: string | undefined, character: string | undefined, at: number) => {
    if (character === undefined) return part.startsWith('\\') && !again ? part + part : part;
    if (!isHidden(character) && !pretending.has(at + (slashes as string).length)) return part;
    return (again ? slashes : `${slashes}${slashes}`) + write(character);
  });
}

/** Whether a character is invisible, or looks like ASCII. */
export function isHidden(character: string): boolean {
  if (/[\p{Co}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Zs}]/u.test(character))
    return character !== ' ';
  if (DISTINCT.test(character)) return false;
  const normalised = character.normalize('NFKC');
  // A ligature is several letters.
  if (/^(?:[\x21-\x7e]|[A-Za-z]{2,4})$/.test(normalised) && (normalised.length === 1 || LETTER.test(character)))
    return true;
  return LOOKS_LIKE.has(character) && !LETTER.test(character);
}

/**
 * Indexes of letters that pretend to be Latin: those in a word with Latin letters, and all if no letter of their script in
 * the text looks like itself.
 */
function pretendingIn(name: string): ReadonlySet<number> {
  const found = new Set<number>();
  const alone = !/[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(
    [...name].filter((each) => !LOOKS_LIKE.has(each)).join(''),
  );
  for (const { 0: word, index } of name.matchAll(/\p{L}+/gu)) {
    if (!alone && !/\p{Script=Latin}/u.test(word)) continue;
    for (let at = 0; at < word.length; at++) if (LOOKS_LIKE.has(word.charAt(at))) found.add(index + at);
  }
  return found;
}

/** The JSON escapes of each UTF-16 unit. */
export function escapeOf(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit++) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/** A decoded text. */
export interface Decoded {
  readonly text: string;
  /** The stretch of the original that a stretch of the text was made of. */
  origin(span: Span): Span;
}

/** Decodes a text in one way; undefined if that changes nothing. */
export type Decoder = (original: string) => Decoded | undefined;

const fromPercentEncoding: Decoder = (original) =>
  original.includes('%') ? rewritten(original, ENCODED_CHARACTER, decodeURIComponent) : undefined;

/** JSON escapes within the text: many programs escape every character beyond ASCII. */
const ESCAPE = /\\u[\dA-F]{4}/gi;

const unescaped: Decoder = (original) =>
  original.includes('\\') ? rewritten(original, ESCAPE, fromEscape) : undefined;

function fromEscape(code: string): string {
  return String.fromCharCode(Number.parseInt(code.slice(2), 16));
}

/** See {@link readAs}. */
const plain: Decoder = (original) => (PRINTABLE.test(original) ? undefined : rewritten(original, UNUSUAL, foldOf));

/** In this order, each on the result of the one before. */
export const DECODERS: readonly Decoder[] = [plain, fromPercentEncoding, unescaped];

/** A stretch of the decoded text: where it begins, and the stretch of the original that it was made of. */
interface Piece {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Decoded as a whole: places within it have no counterpart. */
  readonly changed: boolean;
}

function rewritten(original: string, pattern: RegExp, decode: (code: string) => string): Decoded | undefined {
  const pieces: Piece[] = [];
  let text = '';
  let read = 0;
  const copyTo = (to: number) => {
    if (to > read) pieces.push({ at: text.length, from: read, to, changed: false });
    text += original.slice(read, to);
  };
  for (const { 0: code, index } of original.matchAll(pattern)) {
    const decoded = decode(code);
    if (decoded === code) continue;
    copyTo(index);
    read = index + code.length;
    if (decoded !== '') pieces.push({ at: text.length, from: index, to: read, changed: true });
    text += decoded;
  }
  if (read === 0) return undefined;
  copyTo(original.length);
  return {
    text,
    origin: ({ start, end }) => {
      const from = start < text.length ? placeOf(pieces, start).from : original.length;
      return { start: from, end: end > start ? placeOf(pieces, end - 1).to : from };
    },
  };
}

/** The place in the original of one unit of the decoded text. */
function placeOf(pieces: readonly Piece[], unit: number): { readonly from: number; readonly to: number } {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle] as Piece).at <= unit) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low] as Piece;
  if (piece.changed) return piece;
  const from = piece.from + unit - piece.at;
  return { from, to: from + 1 };
}
