/**
 * The ranges of one chain that were deleted, as proven records state, with the hash of the record before each range and of
 * its last one. Pure.
 */
import { NO_RECORD_HASH } from '../../chain/hash.js';
import type { RetentionDetails } from './details.js';
import { lowest, type Range } from './missing.js';

/** What is left of a range of missing numbers. */
export interface Left {
  /** Those that nothing explains yet. */
  readonly ranges: readonly Range[];
  readonly deleted: number;
  /** Whether all of it was deleted, link by link, and what was there before it and after it fits. */
  readonly linked: boolean;
}

/** Whether the records around a range fit what is stated about it. */
export interface Fits {
  readonly start: boolean;
  readonly end: boolean;
}

/** Records that were deleted, and the time of the newest of them. */
interface Part extends Range {
  last: number;
  newest: number;
}

export class DeletedRanges {
  /** What the hash of a record was. */
  readonly #hashes = new Map<number, string>([[0, NO_RECORD_HASH]]);
  /** Numbers of records that have several hashes. */
  readonly contradictions = new Set<number>();
  /** Disjoint, in order, as long as possible. */
  readonly #parts: Part[] = [];

  constructor(stated: readonly RetentionDetails[]) {
    for (const { first, last, prevHash, headHash } of stated) {
      this.#state(first - 1, prevHash);
      this.#state(last, headHash);
    }
    const ordered = stated.toSorted((a, b) => a.first - b.first || a.last - b.last);
    for (const { first, last, newest } of ordered) {
      const before = this.#parts.at(-1);
      if (before === undefined || !this.#continues(before.last, first)) this.#parts.push({ first, last, newest });
      else {
        before.last = Math.max(before.last, last);
        before.newest = Math.max(before.newest, newest);
      }
    }
  }

  /** The hash of a record as it is stated; undefined if it is not, or not in one way. */
  hashOf(number: number): string | undefined {
    return this.contradictions.has(number) ? undefined : this.#hashes.get(number);
  }

  /** The latest time that a deleted record can have, in milliseconds since 1970; undefined for one that was not deleted. */
  newestAt(number: number): number | undefined {
    const part = this.#parts[lowest(this.#parts.length, (at) => (this.#parts[at] as Part).last >= number)];
    return part !== undefined && part.first <= number ? part.newest : undefined;
  }

  /** What is left of missing numbers. A part that touches an end which does not fit explains nothing. */
  left({ first, last }: Range, { start, end }: Fits): Left {
    const parts = this.#parts;
    const ranges: Range[] = [];
    let deleted = 0;
    let used = 0;
    let next = first;
    const from = lowest(parts.length, (at) => (parts[at] as Range).last >= first);
    for (const part of parts.slice(from, this.#after(last))) {
      const [begin, until] = [Math.max(part.first, first), Math.min(part.last, last)];
      if ((begin === first && !start) || (until === last && !end)) continue;
      if (begin > next) ranges.push({ first: next, last: begin - 1 });
      deleted += until - begin + 1;
      used += 1;
      next = until + 1;
    }
    if (next <= last) ranges.push({ first: next, last });
    return { ranges, deleted, linked: ranges.length === 0 && used === 1 };
  }

  #state(number: number, hash: string): void {
    const known = this.#hashes.get(number);
    if (known === undefined) this.#hashes.set(number, hash);
    else if (known !== hash) this.contradictions.add(number);
  }

  /** Whether a range that begins with a number goes on with one that ends with another. */
  #continues(last: number, first: number): boolean {
    return first <= last || (first === last + 1 && !this.contradictions.has(last));
  }

  /** Where parts begin that are wholly after a number. */
  #after(number: number): number {
    return lowest(this.#parts.length, (at) => (this.#parts[at] as Range).first > number);
  }
}
