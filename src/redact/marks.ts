/** Finds, in one pass over a text, where any of many literal marks may stand. */

import type { Span } from './span.js';

/** A stretch of text to be hidden, and by which row. */
export interface Finding extends Span {
  readonly id: string;
}

/** What can be found by its marks. Like a pattern: it fails within a constant number of steps, or reads what it finds. */
export interface Marked {
  readonly id: string;
  readonly marks: readonly string[];
  /** The secret, if its mark stands at `at`: so far, the first three characters do, in capitals or small letters. */
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

/** Rows by their marks. Hundreds of marks cost as much as one. */
export class MarkIndex<Row> {
  readonly #flags = new Uint8Array(1 << FLAG_BITS);
  readonly #rows = new Map<number, { readonly mark: string; readonly row: Row }[]>();

  /** Marks have at least three characters, all of ASCII. */
  add(mark: string, row: Row): void {
    let key = 0;
    for (let index = 0; index < KEY_CHARS; index++) key = (key << 7) | folded(mark.charCodeAt(index));
    this.#flags[flagOf(key)] = 1;
    const rows = this.#rows.get(key);
    if (rows === undefined) this.#rows.set(key, [{ mark, row }]);
    else rows.push({ mark, row });
  }

  /** Tells, in order, where a mark may begin: its first three characters do. Ends when the visitor answers true. */
  some(text: string, visit: (row: Row, at: number, mark: string) => boolean): boolean {
    let key = 0;
    for (let last = 0; last < text.length; last++) {
      key = ((key << 7) | folded(text.charCodeAt(last))) & KEY_MASK;
      if (this.#flags[flagOf(key)] === 0) continue;
      const rows = this.#rows.get(key);
      if (rows === undefined) continue;
      for (const { mark, row } of rows) if (visit(row, last + 1 - KEY_CHARS, mark)) return true;
    }
    return false;
  }
}
