/**
 * Which records of a chain are proven. A checkpoint proves the records that are linked to it: those in front of it, up to the
 * first hole. A hole is bridged by the record of a gap that is proven itself, since it has the hash of the record in front of
 * the gap: of the one in front of the hole, or of a deleted one that follows that.
 */
import type { DeletedRanges } from './deleted-ranges.js';
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
  /** Numbers that were deleted in front of those, if they tell the truth. */
  gone: number;
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

/** Where a record is. */
interface Place {
  readonly linked: boolean;
  readonly inside: boolean;
  readonly gone: number;
}

/** What the record of a gap says is lost. */
interface Told extends Loss {
  readonly entry: EntryView;
  readonly isProven: boolean;
}

/** Numbers of records in the asked time. */
export interface Coverage {
  /** After the last checkpoint, its own record included. */
  readonly tail: number;
  /** Between records that one sink lost, as the record of a gap states. */
  readonly between: number;
  /** In front of other holes. */
  readonly cutOff: number;
  /** Numbers that count as deleted, in front of such records. */
  readonly gone: number;
  readonly losses: readonly Told[];
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
   * @param gone how many numbers in front of it were deleted, as it goes on from them
   */
  add(number: number, records: readonly EntryView[], { linked, inside, gone }: Place): void {
    if (!linked || this.#run === undefined) {
      this.#endRun();
      this.#run = { first: number, last: number, end: records, proven: 0, open: 0, gone: 0 };
    }
    const run = this.#run;
    run.gone += gone;
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
    run.gone = 0;
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

  /** @param stated what was deleted */
  end(stated: DeletedRanges | undefined): Coverage {
    this.#endRun();
    this.#run = undefined;
    const denied = this.#bridge(stated);
    const losses = this.#gaps.map((gap) => {
      const proven = isProven(gap);
      return { ...gap, isProven: proven, after: proven ? 0 : this.#reach };
    });
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

  /** From the last run to the first: one that is bridged may prove others. */
  #bridge(stated: DeletedRanges | undefined): Denied[] {
    const denied: Denied[] = [];
    const gaps = this.#gaps.toSorted((a, b) => b.first - a.first);
    let at = 0;
    let behind: Run | undefined;
    for (const run of this.#runs.toReversed()) {
      const hole = { first: run.last + 1, last: (behind?.first ?? 0) - 1 };
      behind = run;
      let follows = false;
      for (let gap = gaps[at]; gap !== undefined && gap.first > run.last; gap = gaps[++at]) {
        const { first, prevHash, entry } = gap;
        if (prevHash === undefined || !isProven(gap)) continue;
        if (first > hole.first) stated?.know(first - 1, prevHash);
        else if (run.end.some(({ hash }) => hash === prevHash)) follows = true;
        else denied.push({ gap: entry, record: run.end[0] as EntryView });
      }
      if (hole.first <= hole.last) follows ||= stated?.left(hole, run.end[0]).follows === true;
      if (!follows) continue;
      run.proven = run.last;
      run.open = 0;
      run.gone = 0;
    }
    return denied;
  }

  #count(): Pick<Coverage, 'tail' | 'between' | 'cutOff' | 'gone'> {
    const sparse = this.#gaps.filter((gap) => isProven(gap) && gap.records < gap.last - gap.first + 1);
    sparse.sort((a, b) => a.first - b.first);
    const sums = { tail: 0, between: 0, cutOff: this.#forgotten, gone: 0 };
    let next = 0;
    let until = 0;
    const end = this.#runs.at(-1)?.last;
    for (const { first, last, open, gone } of this.#runs) {
      for (; next < sparse.length && (sparse[next] as Gap).first <= first; next++) {
        until = Math.max(until, (sparse[next] as Gap).last);
      }
      // A pin may know of later ones, which are cut off.
      if (last > this.#reach || last === end) {
        sums.tail += open;
        continue;
      }
      sums.gone += gone;
      if (last <= until) sums.between += open;
      else sums.cutOff += open;
    }
    return sums;
  }
}

function isProven({ entry, run }: Gap): boolean {
  return entry.number <= run.proven;
}
