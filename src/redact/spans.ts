/** Stretches of text to hide, and an index that finds many literal marks in one pass. */

/** From `start` up to, but not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Escapes whose last letter or digit does not belong to the word after them: `%3D`, `
 * `.
 */
const ESCAPE_BEFORE = /(?:%[0-9A-Fa-f]{2}|\\[bfnrt])$/;

/** Whether no letter or digit of the same word precedes `start`. */
export function startsAlone(text: string, start: number): boolean {
  if (start === 0 || !/[A-Za-z0-9]/.test(text.charAt(start - 1))) return true;
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, start - 3), start));
}

/** {@link startsAlone}, and not within a longer number or identifier: `0.4111…`, `1234-…`, `…-5678`. */
export function standsAlone(text: string, { start, end }: Span): boolean {
  if (!startsAlone(text, start) || /\d[.-]$/.test(text.slice(Math.max(0, start - 2), start))) return false;
  return !/^(?:[A-Za-z0-9]|[.-]\d)/.test(text.slice(end, end + 2));
}

/** A stretch to hide, and the id of its row. */
export interface Finding extends Span {
  readonly id: string;
}

/** A row with literal marks. Like a pattern, it fails within a constant number of steps or consumes what it reads. */
export interface Marked {
  readonly id: string;
  readonly marks: readonly string[];
  /** Matches marks in any case; `marks` are lower case. */
  readonly anyCase?: true;
  /** The secret that belongs to the mark at `at`, if there is one. */
  readonly locate: (text: string, at: number, mark: string) => Span | undefined;
}

/** The number of characters that the index looks up. */
const KEY_CHARS = 3;
/** Three characters in 7 bits each. */
const KEY_MASK = 0x1f_ffff;
/** Size of a flag table that fits into the processor's first-level cache: nearly all lookups end there. */
const FLAG_BITS = 14;

/** Makes ASCII letters lower case, roughly, and anything else 0. */
function folded(code: number): number {
  return code < 128 ? code | 0x20 : 0;
}

function flagOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - FLAG_BITS);
}

/** Whether a lower-case mark is at `at`, in any case. */
function standsFolded(text: string, at: number, mark: string): boolean {
  for (let index = KEY_CHARS; index < mark.length; index++) {
    if (folded(text.charCodeAt(at + index)) !== folded(mark.charCodeAt(index))) return false;
  }
  return text.slice(at, at + mark.length).toLowerCase() === mark;
}

/** Rows by their marks. Looking for hundreds of marks costs as much as for one. */
export class MarkIndex {
  readonly #flags = new Uint8Array(1 << FLAG_BITS);
  readonly #rows = new Map<number, { readonly mark: string; readonly row: Marked }[]>();

  /** Marks need at least three characters, all ASCII. */
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

  /** Visits marks in order, until a visit returns true. */
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
