/** Keeps the newest of any number of records, in memory for as many as are shown. */
import { type ReadRecord, textOf } from '../read-records.js';
import { sameContent } from '../timeline/collect.js';
import { timeOf } from './period.js';
import { isNewPart, joined, type Row, type Together } from './rows.js';

interface Kept {
  row: Row;
  time: number;
  /** How many came before it: of two with one time, the later is the newer. */
  order: number;
}

/** Beside the ones that are shown: sorting for each record would cost more than the record. */
const SLACK = 256;

export class Newest {
  readonly #limit: number;
  readonly #together: Together;
  #kept: Kept[] = [];
  #byKey = new Map<string, Kept>();
  #byId = new Map<string, Kept>();
  /** Older ones are not among the newest. */
  #floor = Number.NEGATIVE_INFINITY;
  #count = 0;
  /** Whether there were more rows than are kept. */
  cut = false;

  constructor(limit: number, together: Together) {
    this.#limit = limit;
    this.#together = together;
  }

  /** Copies of a record that is kept are left out. */
  add(record: ReadRecord): void {
    const time = timeOf(record) ?? Number.NEGATIVE_INFINITY;
    this.#count += 1;
    const id = textOf(record, 'audit.record.id');
    const same = id === undefined ? undefined : this.#byId.get(id);
    if (same?.row.some((each) => sameContent(each, record))) return;
    const key = this.#together(record);
    const known = key === undefined ? undefined : this.#byKey.get(key);
    if (known !== undefined && isNewPart(known.row, record)) {
      known.row = joined(known.row, record);
      if (time >= known.time) known.time = time;
      if (id !== undefined) this.#byId.set(id, known);
      return;
    }
    if (time < this.#floor) {
      this.cut = true;
      return;
    }
    const kept = { row: [record] as Row, time, order: this.#count };
    this.#kept.push(kept);
    if (key !== undefined) this.#byKey.set(key, kept);
    if (id !== undefined) this.#byId.set(id, kept);
    if (this.#kept.length >= 2 * this.#limit + SLACK) this.#shorten();
  }

  /** The rows, the newest first. Those without a time are the oldest. */
  rows(): Row[] {
    this.#shorten();
    return this.#kept.map(({ row }) => row);
  }

  #shorten(): void {
    this.#kept.sort((a, b) => (a.time === b.time ? b.order - a.order : b.time - a.time));
    if (this.#kept.length <= this.#limit) return;
    this.cut = true;
    this.#kept.length = this.#limit;
    this.#floor = this.#kept.at(-1)?.time ?? this.#floor;
    const [byKey, byId] = [new Map<string, Kept>(), new Map<string, Kept>()];
    for (const kept of this.#kept) {
      const key = this.#together(kept.row[0]);
      if (key !== undefined) byKey.set(key, kept);
      for (const record of kept.row) {
        const id = textOf(record, 'audit.record.id');
        if (id !== undefined) byId.set(id, kept);
      }
    }
    this.#byKey = byKey;
    this.#byId = byId;
  }
}
