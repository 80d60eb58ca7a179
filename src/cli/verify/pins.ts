/** Compares one chain with what the second place has of it. */
import type { ChainFindings } from './chain-findings.js';
import type { EntryView } from './entry.js';
import type { Range } from './missing.js';

/** Of the second place, about one number. */
export interface Pinned {
  /** Its own records: checkpoints. */
  readonly pins: readonly EntryView[];
  /** Records that its checkpoints name as the last before them. */
  readonly heads: readonly EntryView[];
}

export class Pins {
  readonly #findings: ChainFindings;
  /** Whether one counts at all. */
  readonly #counts: (pin: EntryView) => boolean;
  /** The last number that there must be. */
  #last = 0;
  #unproven = 0;
  #firstUnproven: EntryView | undefined;
  /** What is pinned of the last number, if no record has it. */
  #missing: readonly EntryView[] = [];
  /** The first pinned checkpoint since the last record. */
  #firstMissing: number | undefined;

  constructor(findings: ChainFindings, counts: (pin: EntryView) => boolean) {
    this.#findings = findings;
    this.#counts = counts;
  }

  /** The number that the chain must reach; 0 if no pin counts. */
  get last(): number {
    return this.#last;
  }

  /** The first pinned checkpoint since the last record. */
  get firstMissing(): number | undefined {
    return this.#firstMissing;
  }

  /** The pins of a number that count. */
  counting({ pins, heads }: Pinned): Pinned {
    for (const head of heads) {
      if (this.#counts(head)) continue;
      this.#unproven += 1;
      this.#firstUnproven ??= head;
    }
    return { pins: pins.filter(this.#counts), heads: heads.filter(this.#counts) };
  }

  /** Those of a number that no record has. */
  without(number: number, { pins, heads }: Pinned): void {
    this.#missing = [...heads, ...pins];
    if (this.#missing.length === 0) return;
    this.#last = Math.max(this.#last, number);
    if (pins.length > 0) this.#firstMissing ??= number;
  }

  /** Those of a number that records have. */
  compare(records: readonly EntryView[], { pins, heads }: Pinned): void {
    const record = records[0] as EntryView;
    for (const pin of [...heads, ...pins]) {
      if (records.some((each) => each.sameHash(pin))) continue;
      const text = `${this.#findings.record(record)} is not the pinned one (${this.#findings.where(pin)})`;
      this.#findings.tell('tampered', 'pin', record, text);
    }
    for (const pin of this.#missing) {
      if (pin.number !== record.number - 1 || records.some((each) => each.follows(pin))) continue;
      const text = `${this.#findings.record(record)} does not follow the pinned record ${pin.number} (${this.#findings.where(pin)})`;
      this.#findings.tell('tampered', 'pin', record, text);
    }
    this.#missing = [];
    this.#firstMissing = undefined;
  }

  /**
   * Returns how many are missing at the end.
   *
   * @param last the last record, if there is any
   * @param deleted how many of a range were deleted
   */
  end(last: number | undefined, deleted: (range: Range) => number): number {
    if (this.#firstUnproven !== undefined) {
      const where = this.#findings.where(this.#firstUnproven);
      const which = this.#unproven === 1 ? `a pin (${where}) is` : `${this.#unproven} pins (first: ${where}) are`;
      const text = `${which} not signed by a trusted key: nothing is compared with what proves nothing`;
      this.#findings.tellOf('unproven', 'pin', text);
    }
    const range = { first: (last ?? 0) + 1, last: this.#last };
    const after = Math.max(0, range.last - range.first + 1);
    const explained = after === 0 ? 0 : deleted(range);
    const truncated = after - explained;
    if (truncated > 0) {
      const known =
        last === undefined
          ? `the chain is missing: a pin knows ${this.#last} records`
          : `ends at record ${last}, and a pin knows ${this.#last}`;
      const text = explained === 0 ? known : `${known}; retention records explain ${explained} of them only`;
      this.#findings.add({ severity: 'incomplete', kind: 'truncated', text, number: last });
    }
    return truncated;
  }
}
