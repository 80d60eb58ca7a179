/** Puts the pages of a list together. Lists of several clients of one server may be under way at the same time. */
import { sha256 } from './hash.js';
import type { Page } from './types.js';

/** Lists that wait for their next page; the oldest makes room. */
const MAX_OPEN = 16;

export class Pages<T> {
  readonly #open = new Map<string, T>();

  /**
   * The list that a page begins or goes on with, and whether that was its last one; undefined for a page in the middle of
   * a list whose beginning was not seen. An empty cursor is none: some servers end their lists with one.
   */
  add(list: string, { cursor, nextCursor }: Page, begin: () => T, read: (value: T) => void): T | undefined {
    const value = isCursor(cursor) ? this.#take(key(list, cursor)) : begin();
    if (value === undefined) return undefined;
    read(value);
    if (!isCursor(nextCursor)) return value;
    this.#keep(key(list, nextCursor), value);
    return undefined;
  }

  #take(name: string): T | undefined {
    const value = this.#open.get(name);
    this.#open.delete(name);
    return value;
  }

  #keep(name: string, value: T): void {
    this.#open.delete(name);
    this.#open.set(name, value);
    if (this.#open.size <= MAX_OPEN) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      return;
    }
  }
}

function isCursor(cursor: unknown): cursor is string {
  return typeof cursor === 'string' && cursor !== '';
}

function key(list: string, cursor: string): string {
  return `${list}:${sha256(cursor)}`;
}
