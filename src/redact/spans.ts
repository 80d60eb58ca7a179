/** Stretches of text to be hidden. */

/** From `start` up to, but not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a letter or digit before a match may be the end of without being part of the same word: `%3D`, `\n`. */
const ESCAPE_BEFORE = /(?:%[0-9A-Fa-f]{2}|\\[bfnrt])$/;

/** Says whether no letter or digit of the same word stands right before `start`. */
export function startsAlone(text: string, start: number): boolean {
  if (start === 0 || !/[A-Za-z0-9]/.test(text.charAt(start - 1))) return true;
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, start - 3), start));
}

/** {@link startsAlone}, and not within a longer number or identifier: `0.4111…`, `1234-…`, `…-5678`. */
export function standsAlone(text: string, { start, end }: Span): boolean {
  if (!startsAlone(text, start) || /\d[.-]$/.test(text.slice(Math.max(0, start - 2), start))) return false;
  return !/^(?:[A-Za-z0-9]|[.-]\d)/.test(text.slice(end, end + 2));
}

// Finds, in one pass over a text, where any of many literal marks may stand.

/** A stretch of text to be hidden, and by which row. */
export interface Finding extends Span {
  readonly id: string;
}

/** What can be found by its marks. Like a pattern: it fails within a constant number of steps, or reads what it finds. */
export interface Marked {
  readonly id: string;
  readonly marks: readonly string[];
  /** Its marks, written in small letters, may stand in capitals, too. */
  readonly anyCase?: true;
  /** The secret, if there is one to the mark that stands at `at`. */
  readonly locate: (text: string, at: number, mark: string) => Span | undefined;
}

/** The characters of a mark that are looked up. */
const KEY_CHARS = 3;
/** The three characters in 7 bits each. */
const KEY_MASK = 0x1f_ffff;
/** A table of flags that fits into a processor's first cache: nearly every place in a text ends here. */
const FLAG_BITS = 14;

/** Capitals and small letters are one. What is not ASCII is nothing. */
function folded(code: number): number {
  return code < 128 ? code | 0x20 : 0;
}

function flagOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - FLAG_BITS);
}

/** Says whether the mark, which is in small letters, stands at a place, whatever the case. */
function standsFolded(text: string, at: number, mark: string): boolean {
  for (let index = KEY_CHARS; index < mark.length; index++) {
    if (folded(text.charCodeAt(at + index)) !== folded(mark.charCodeAt(index))) return false;
  }
  return text.slice(at, at + mark.length).toLowerCase() === mark;
}

/** Rows by their marks. Hundreds of marks cost as much as one. */
export class MarkIndex {
  readonly #flags = new Uint8Array(1 << FLAG_BITS);
  readonly #rows = new Map<number, { readonly mark: string; readonly row: Marked }[]>();

  /** Marks have at least three characters, all of ASCII. */
  constructor(rows: readonly Marked[]) {
    for (const row of rows) for (const mark of row.marks) this.#add(mark, row);
  }

  #add(mark: string, row: Marked): void {
    let key = 0;
    for (let index = 0; index < KEY_CHARS; index++) key = (key << 7) | folded(mark.charCodeAt(index));
    this.#flags[flagOf(key)] = 1;
    const rows = this.#rows.get(key);
    if (rows === undefined) this.#rows.set(key, [{ mark, row }]);
    else rows.push({ mark, row });
  }

  /** Tells, in order, where marks stand. Ends when the visitor answers true. */
  some(text: string, visit: (row: Marked, at: number, mark: string) => boolean): boolean {
    const flags = this.#flags;
    let key = 0;
    for (let last = 0; last < text.length; last++) {
      key = ((key << 7) | folded(text.charCodeAt(last))) & KEY_MASK;
      if (flags[flagOf(key)] === 0) continue;
      const rows = this.#rows.get(key);
      if (rows === undefined) continue;
      const at = last + 1 - KEY_CHARS;
      for (const { mark, row } of rows) {
        const stands = row.anyCase ? standsFolded(text, at, mark) : text.startsWith(mark, at);
        if (stands && visit(row, at, mark)) return true;
      }
    }
    return false;
  }
}
