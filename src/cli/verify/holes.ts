/** The holes of one chain: how many records are missing, and what explains it. */
import type { ChainFindings } from './chain-findings.js';
import type { EntryView } from './entry.js';
import type { LooseStart } from './loose-starts.js';
import { type Lost, losersIn } from './losers.js';
import { explain, type Loss, type Range } from './missing.js';
import type { TornLines } from './torn-lines.js';

export interface HoleOptions {
  readonly torn: TornLines;
  /** Receives where records begin that nothing is in front of. */
  readonly onLooseStart: (start: LooseStart) => void;
}

export interface Judged {
  /** Numbers that nothing explains. */
  readonly missing: number;
  /** Numbers that sinks lost, as records of gaps state. */
  readonly lost: Lost;
}

interface Hole extends Range {
  /** The record after it. */
  readonly next: EntryView;
  readonly before: EntryView | undefined;
}

const MAX_HOLES = 10_000;

export class Holes {
  readonly #chainId: string;
  readonly #options: HoleOptions;
  readonly #findings: ChainFindings;
  readonly #holes: Hole[] = [];
  /** Missing numbers of holes that are not kept. */
  #forgotten = 0;

  constructor(chainId: string, options: HoleOptions, findings: ChainFindings) {
    this.#chainId = chainId;
    this.#options = options;
    this.#findings = findings;
  }

  /** @param missing the numbers that are missing in front of a record, without those that were deleted */
  add(missing: readonly Range[], before: EntryView | undefined, next: EntryView): void {
    for (const { first, last } of missing) {
      if (this.#holes.length === MAX_HOLES) this.#forgotten += last - first + 1;
      else this.#holes.push({ first, last, before, next });
    }
  }

  judge(losses: readonly Loss[]): Judged {
    const { lost, left } = explain(this.#holes, losses);
    let missing = this.#forgotten;
    for (const [hole, count] of left) {
      missing += count;
      this.#tell(hole, count);
    }
    if (this.#forgotten > 0) {
      this.#findings.tellOf('incomplete', 'missing', `${this.#forgotten} more records are missing`);
    }
    for (const [sink, count] of losersIn(lost)) {
      if (sink === 'file') continue;
      const which = count === 1 ? '1 missing record was' : `${count} missing records were`;
      const text = `${which} lost by ${sink}, as records of gaps state: a file that has the trail has them`;
      this.#findings.tellOf('reported', sink === 'stderr' ? 'stderr' : 'sink', text);
    }
    return { missing, lost };
  }

  #tell(hole: Hole, count: number): void {
    const { first, last, before, next } = hole;
    const at = this.#findings.where(next);
    this.#options.onLooseStart({ chainId: this.#chainId, number: next.number, at, prev: next.prev });
    const which = first === last ? `record ${first}` : `records ${first} to ${last}`;
    const between = before === undefined ? `before ${at}` : `between ${this.#findings.where(before)} and ${at}`;
    if (this.#options.torn.isOneOf(hole, before, next)) {
      const text = `${which} cannot be read: a line ${between} is broken, and the chain goes on`;
      this.#findings.tell('tampered', 'torn', next, text);
      return;
    }
    const some = last - first + 1 - count;
    const explained = some === 0 ? '' : `, and records of gaps explain ${some} of them only`;
    const text = `${which} ${first === last ? 'is' : 'are'} missing ${between}${explained}`;
    this.#findings.tell('incomplete', 'missing', next, text);
  }
}
