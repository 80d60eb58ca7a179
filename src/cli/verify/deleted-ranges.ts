/**
 * The ranges of one chain that were deleted, as proven records state, with the hash of the record before each range and of
 * its last one. Pure.
 *
 * An attacker who plants a file, to have its deletion recorded, chooses everything in it: how far it reaches, and what it follows. But
 * its last record cannot have the hash that a record behind it names, unless it is that record, and so are all in front of it.
 * So ranges count from the end to the beginning, each if the hash of its last record is known.
 */
import { NO_RECORD_HASH } from '../../chain/hash.js';
import type { RetentionDetails } from './details.js';
import { lowest, type Range } from './missing.js';

/** What is left of a range of missing numbers. */
export interface Left {
  /** Those that nothing explains yet, in order. */
  readonly ranges: readonly Range[];
  readonly deleted: number;
  /** Whether the first of them was deleted, and follows the record in front. */
  readonly follows: boolean;
  /** Whether something that is left names the last of those that were deleted. */
  readonly isKnown: boolean;
}

/** The record in front of missing ones. */
interface Front {
  readonly number: number;
  readonly hash: string;
}

/** Records that were deleted, and the time of the newest of them. */
interface Part extends Range {
  last: number;
  newest: number;
}

export class DeletedRanges {
  /** What the hash of a record was, as it is stated. */
  readonly #hashes = new Map<number, string>([[0, NO_RECORD_HASH]]);
  /** Numbers of records that have several hashes. */
  readonly contradictions = new Set<number>();
  /** In the order of their ends, and of the hashes of those. */
  readonly #ranges: readonly RetentionDetails[];
  /** Ranges that overlap as one: disjoint, in order. */
  readonly #parts: Part[] = [];
  /** The hashes of records with which ranges end, as others show that were not deleted. */
  readonly #known = new Map<number, string>();

  constructor(stated: readonly RetentionDetails[]) {
    for (const { first, last, prevHash, headHash } of stated) {
      this.#state(first - 1, prevHash);
      this.#state(last, headHash);
    }
    this.#ranges = stated.toSorted(
      (a, b) => a.last - b.last || (a.headHash < b.headHash ? -1 : Number(a.headHash > b.headHash)),
    );
    for (const { first, last, newest } of stated.toSorted((a, b) => a.first - b.first)) {
      const before = this.#parts.at(-1);
      if (before === undefined || first > before.last) this.#parts.push({ first, last, newest });
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
    const part = this.#parts[this.#partAt(number)];
    return part !== undefined && part.first <= number ? part.newest : undefined;
  }

  /** How many numbers of a range are in any that is stated, whether or not that counts. */
  statedOf({ first, last }: Range): number {
    let count = 0;
    for (let at = this.#partAt(first); (this.#parts[at]?.first ?? Number.POSITIVE_INFINITY) <= last; at++) {
      const part = this.#parts[at] as Part;
      count += Math.min(part.last, last) - Math.max(part.first, first) + 1;
    }
    return count;
  }

  /** Something that was not deleted shows what the hash of a record was. Returns whether a range ends with that record. */
  know(number: number, hash: string): boolean {
    const end = this.#ranges[this.#endAt(number, hash)];
    if (end?.last !== number || end.headHash !== hash) return false;
    // Of two, a finding tells.
    if (!this.#known.has(number)) this.#known.set(number, hash);
    return true;
  }

  /**
   * What is left of missing numbers.
   *
   * @param front undefined if nothing is in front of them
   * @param isEnd whether nothing is known to be behind them: then a range may go on behind them
   */
  left({ first, last }: Range, front: Front | undefined, isEnd = false): Left {
    const ranges: Range[] = [];
    const isOpen = isEnd && !this.#known.has(last);
    let next = last;
    let isKnown = true;
    for (let at = isOpen ? this.#ranges.length : this.#endAt(last + 1); at > 0; at--) {
      const each = this.#ranges[at - 1] as RetentionDetails;
      if (each.last < first) break;
      if (each.last <= last && this.#known.get(each.last) !== each.headHash) continue;
      if (!fits(each, front)) continue;
      if (each.last > last) isKnown = false;
      this.know(each.first - 1, each.prevHash);
      if (each.last < next) ranges.push({ first: each.last + 1, last: next });
      next = Math.min(next, each.first - 1);
    }
    if (next >= first) ranges.push({ first, last: next });
    const missing = ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0);
    return { ranges: ranges.reverse(), deleted: last - first + 1 - missing, follows: next < first, isKnown };
  }

  #state(number: number, hash: string): void {
    const known = this.#hashes.get(number);
    if (known === undefined) this.#hashes.set(number, hash);
    else if (known !== hash) this.contradictions.add(number);
  }

  /** The first of the ranges that end with such a record, or behind it. */
  #endAt(number: number, hash = ''): number {
    return lowest(this.#ranges.length, (at) => {
      const { last, headHash } = this.#ranges[at] as RetentionDetails;
      return last > number || (last === number && headHash >= hash);
    });
  }

  #partAt(number: number): number {
    return lowest(this.#parts.length, (at) => (this.#parts[at] as Part).last >= number);
  }
}

/** Whether a range begins behind the record in front, and follows it if it is the next. */
function fits({ first, prevHash }: RetentionDetails, front: Front | undefined): boolean {
  if (front === undefined) return first > 1 || prevHash === NO_RECORD_HASH;
  return first - 1 === front.number ? prevHash === front.hash : first > front.number;
}
