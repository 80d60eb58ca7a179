/**
 * Which records of a chain are proven. A checkpoint proves the records that are linked to it: those in front of it, up to the
 * first hole. A hole is bridged by the record of a gap that is proven itself, since it has the hash of the record in front of
 * the hole.
 */
import type { GapDetails } from './details.js';
import type { EntryView } from './entry.js';
import { type Loss, lowest } from './missing.js';

/** Linked records. */
interface Run {
  readonly first: number;
  last: number;
  /** The records of its last number: copies may differ. */
  end: readonly EntryView[];
  /** The last number that is proven; 0 if none is. */
  proven: number;
  /** Records in the asked time that are not proven. */
  open: number;
}

interface Gap extends GapDetails {
  readonly entry: EntryView;
  readonly run: Run;
}

/** A record in front of a gap that is not the one which the record of the gap names. */
export interface Denied {
  readonly gap: EntryView;
  readonly record: EntryView;
}

/** Numbers of records in the asked time. */
export interface Coverage {
  /** After the last checkpoint, its own record included. */
  readonly tail: number;
  /** Between records that one sink lost, as the record of a gap states. */
  readonly between: number;
  /** In front of other holes. */
  readonly cutOff: number;
  readonly losses: readonly Loss[];
  readonly denied: readonly Denied[];
}

const MAX_RUNS = 10_000;
const MAX_GAPS = 10_000;

export class Cover {
  readonly #runs: Run[] = [];
  #run: Run | undefined;
  readonly #gaps: Gap[] = [];
  #reach = 0;
  /** Records that are not proven, of runs that are not kept. */
  #forgotten = 0;

  /** The last record that a checkpoint proves which counts. */
  get reach(): number {
    return this.#reach;
  }

  /** Whether records in the asked time wait for a checkpoint. */
  get isOpen(): boolean {
    return this.#run !== undefined && this.#run.open > 0;
  }

  /**
   * The next number.
   *
   * @param linked whether it is linked to the one before
   * @param inside whether it is in the asked time
   */
  add(number: number, records: readonly EntryView[], linked: boolean, inside: boolean): void {
    if (!linked || this.#run === undefined) {
      this.#endRun();
      this.#run = { first: number, last: number, end: records, proven: 0, open: 0 };
    }
    const run = this.#run;
    run.last = number;
    run.end = records;
    if (inside) run.open += 1;
  }

  /**
   * A checkpoint that counts proves a number.
   *
   * @param inside whether the record after that, which is the last one so far, is in the asked time
   */
  prove(number: number, inside: boolean): void {
    this.#reach = Math.max(this.#reach, number);
    const run = this.#run;
    if (run === undefined || number < run.first || number > run.last) return;
    run.proven = number;
    run.open = number < run.last && inside ? 1 : 0;
  }

  /** All that is missing at the end was deleted, and linked to the last record: what proves it proves that one, too. */
  bridgeTo(last: number): void {
    if (this.#run === undefined) return;
    this.#run.last = last;
    this.prove(this.#reach, false);
  }

  /** The last one is the record of a gap. */
  gap(entry: EntryView, details: GapDetails): void {
    if (this.#run === undefined || this.#gaps.length === MAX_GAPS) return;
    this.#gaps.push({ ...details, entry, run: this.#run });
  }

  end(): Coverage {
    this.#endRun();
    this.#run = undefined;
    const denied = this.#bridge();
    const losses = this.#gaps.map((gap) => ({ ...gap, after: isProven(gap) ? 0 : this.#reach }));
    return { ...this.#count(), losses, denied };
  }

  /** Whether a checkpoint proves a record; after the end. */
  isProven(number: number): boolean {
    const runs = this.#runs;
    const run = runs[lowest(runs.length, (at) => (runs[at] as Run).last >= number)];
    return run !== undefined && number >= run.first && number <= run.proven;
  }

  #endRun(): void {
    if (this.#run === undefined) return;
    if (this.#runs.length < MAX_RUNS) this.#runs.push(this.#run);
    else this.#forgotten += this.#run.open;
  }

  /** From the last gap to the first: a run that one bridges may prove others. */
  #bridge(): Denied[] {
    const denied: Denied[] = [];
    const endingAt = new Map(this.#runs.map((run) => [run.last, run]));
    for (const gap of this.#gaps.toReversed()) {
      const run = endingAt.get(gap.first - 1);
      if (run === undefined || gap.prevHash === undefined || !isProven(gap)) continue;
      if (run.end.some(({ hash }) => hash === gap.prevHash)) {
        run.proven = run.last;
        run.open = 0;
      } else denied.push({ gap: gap.entry, record: run.end[0] as EntryView });
    }
    return denied;
  }

  #count(): Pick<Coverage, 'tail' | 'between' | 'cutOff'> {
    const sparse = this.#gaps.filter((gap) => isProven(gap) && gap.records < gap.last - gap.first + 1);
    sparse.sort((a, b) => a.first - b.first);
    const sums = { tail: 0, between: 0, cutOff: this.#forgotten };
    let next = 0;
    let until = 0;
    const end = this.#runs.at(-1)?.last;
    for (const { first, last, open } of this.#runs) {
      for (; next < sparse.length && (sparse[next] as Gap).first <= first; next++) {
        until = Math.max(until, (sparse[next] as Gap).last);
      }
      // A pin may know of later ones, which are cut off.
      if (last > this.#reach || last === end) sums.tail += open;
      else if (last <= until) sums.between += open;
      else sums.cutOff += open;
    }
    return sums;
  }
}

function isProven({ entry, run }: Gap): boolean {
  return entry.number <= run.proven;
}
