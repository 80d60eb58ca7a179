/** Reads JSON files that operators write, and says where they are broken. */
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from './files.js';

/** The content of a file, or the problem with it, as a sentence without its subject. */
export type ReadJson = { readonly value: unknown } | { readonly problem: string };

/** Reads a JSON file in UTF-8. A problem names the position, and quotes nothing of the file. Never throws. */
export function readJsonFile(path: string, maxBytes: number): ReadJson {
  let text: string;
  try {
    const found = statSync(path);
    // Reading a pipe would wait, and a device has no end.
    if (!found.isFile()) return { problem: 'is not a file' };
    if (found.size > maxBytes) return { problem: `has ${found.size} bytes; accepted: at most ${maxBytes}` };
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    return { problem: `cannot be read (${codeOf(error) ?? 'unknown error'})` };
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: `is not JSON${positionIn(text)}` };
  }
}

function positionIn(text: string): string {
  const at = jsonErrorAt(text);
  if (at === undefined) return '';
  const lines = text.slice(0, at).split('\n');
  return ` at line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
}

/** Which tokens may come next. */
type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'nothing';

const SPACE = /[ \t\n\r]*/y;
const LITERAL = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they may not stand in a string
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * The index of the first character that is not JSON, or the length of a text that ends too early; undefined for valid JSON.
 * The messages of `JSON.parse` quote the text, and not all contain the position.
 */
export function jsonErrorAt(text: string): number | undefined {
  return new Scanner(text).errorAt();
}

class Scanner {
  readonly #text: string;
  /** The brackets that close the open containers. */
  readonly #open: ('}' | ']')[] = [];
  #expected: Expected = 'value';
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  errorAt(): number | undefined {
    this.#at = endOf(SPACE, this.#text, 0);
    while (this.#at < this.#text.length) {
      if (!this.#token(this.#text[this.#at] as string)) return this.#at;
      this.#at = endOf(SPACE, this.#text, this.#at);
    }
    return this.#expected === 'nothing' ? undefined : this.#at;
  }

  /** Reads one token; false if it may not stand here. */
  #token(char: string): boolean {
    switch (this.#expected) {
      case 'value':
        return this.#value(char);
      case 'value or end':
        return char === ']' ? this.#close(char) : this.#value(char);
      case 'name':
        return char === '"' && this.#string() && this.#expect('colon');
      case 'name or end':
        return char === '}' ? this.#close(char) : char === '"' && this.#string() && this.#expect('colon');
      case 'colon':
        return char === ':' && this.#take('value');
      case 'comma or end':
        if (char === ',') return this.#take(this.#open.at(-1) === '}' ? 'name' : 'value');
        return this.#close(char);
      case 'nothing':
        return false;
    }
  }

  #value(char: string): boolean {
    if (char === '{' || char === '[') {
      this.#open.push(char === '{' ? '}' : ']');
      return this.#take(char === '{' ? 'name or end' : 'value or end');
    }
    if (char === '"') return this.#string() && this.#afterValue();
    const end = endOf(LITERAL, this.#text, this.#at);
    if (end === this.#at) return false;
    this.#at = end;
    return this.#afterValue();
  }

  #close(char: string): boolean {
    if (char !== this.#open.at(-1)) return false;
    this.#open.pop();
    this.#at += 1;
    return this.#afterValue();
  }

  #afterValue(): true {
    return this.#expect(this.#open.length > 0 ? 'comma or end' : 'nothing');
  }

  /** Reads a string; false if it is malformed. */
  #string(): boolean {
    this.#at = endOf(PLAIN, this.#text, this.#at + 1);
    while (this.#text[this.#at] === '\\') {
      const after = endOf(ESCAPE, this.#text, this.#at);
      if (after === this.#at) return false;
      this.#at = endOf(PLAIN, this.#text, after);
    }
    if (this.#text[this.#at] !== '"') return false;
    this.#at += 1;
    return true;
  }

  #take(expected: Expected): true {
    this.#at += 1;
    return this.#expect(expected);
  }

  #expect(expected: Expected): true {
    this.#expected = expected;
    return true;
  }
}

/** The end of a match that begins at an index; the index itself if there is none. */
function endOf(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : index;
}
