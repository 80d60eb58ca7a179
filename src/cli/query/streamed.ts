/**
 * Passes records on in the order of the input; what an operation began with waits for its outcome, and is not told again after
 * it: backends give the newest records first.
 */
import type { ReadRecord } from '../read-records.js';
import { sameContent } from '../timeline/collect.js';
import { isNewPart, isPreliminary, joined, type Row, type Together } from './rows.js';

/** Operations that wait. Of more, the oldest are shown as they are. */
const MAX_WAITING = 10_000;
/** Operations that are known to have been shown with their outcomes. */
const MAX_ENDED = 10_000;

interface Waiting {
  row: Row;
  readonly since: number;
}

export class Streamed {
  readonly #together: Together;
  readonly #show: (row: Row) => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ended = new Set<string>();

  constructor(together: Together, show: (row: Row) => void) {
    this.#together = together;
    this.#show = show;
  }

  /** @param now milliseconds of any clock */
  add(record: ReadRecord, now = 0): void {
    const key = this.#together(record);
    if (key === undefined) {
      this.#show([record]);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (isPreliminary(record)) this.#wait(key, record, waiting, now);
    else {
      this.#waiting.delete(key);
      this.#end(key);
      this.#show(waiting === undefined ? [record] : joined(waiting.row, record));
    }
  }

  #wait(key: string, record: ReadRecord, waiting: Waiting | undefined, now: number): void {
    if (this.#ended.has(key)) return;
    if (waiting === undefined) {
      this.#waiting.set(key, { row: [record], since: now });
      if (this.#waiting.size > MAX_WAITING) this.#giveUp();
    } else if (isNewPart(waiting.row, record)) waiting.row = joined(waiting.row, record);
    else if (!waiting.row.some((each) => sameContent(each, record))) this.#show([record]);
  }

  #end(key: string): void {
    this.#ended.add(key);
    if (this.#ended.size <= MAX_ENDED) return;
    const [oldest] = this.#ended;
    this.#ended.delete(oldest as string);
  }

  /** Shows operations that have waited since before that moment. */
  release(before = Number.POSITIVE_INFINITY): void {
    for (const { since } of this.#waiting.values()) {
      if (since >= before) break;
      this.#giveUp();
    }
  }

  #giveUp(): void {
    const [key, { row }] = this.#waiting.entries().next().value as [string, Waiting];
    this.#waiting.delete(key);
    this.#show(row);
  }
}
