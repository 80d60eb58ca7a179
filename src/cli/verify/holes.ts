/** The holes of one chain: how many records are missing, and what explains it. */
import type { ChainFindings } from './chain-findings.js';
import type { DeletedRanges } from './deleted-ranges.js';
import type { EntryView } from './entry.js';
import type { LooseStart } from './loose-starts.js';
import { type Lost, losersIn } from './losers.js';
import { explain, type Loss, lowest, type Range } from './missing.js';
import type { TornLines } from './torn-lines.js';

export interface HoleOptions {
  readonly torn: TornLines;
  /** Receives where records begin that nothing is in front of. */
  readonly onLooseStart: (start: LooseStart) => void;
}

export interface Judged {
  /** Numbers that nothing explains. */
  readonly missing: number;
  /** Numbers that were deleted in front of others that sinks lost. */
  readonly deleted: number;
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
  readonly #stated: DeletedRanges | undefined;
  #holes: Hole[] = [];
  /** Missing numbers of holes that are not kept. */
  #forgotten = 0;

  /** @param stated what was deleted */
  constructor(chainId: string, options: HoleOptions, findings: ChainFindings, stated: DeletedRanges | undefined) {
    this.#chainId = chainId;
    this.#options = options;
    this.#findings = findings;
    this.#stated = stated;
  }

  /** @param missing the numbers that are missing in front of a record, without those that were deleted */
  add(missing: readonly Range[], before: EntryView | undefined, next: EntryView): void {
    for (const { first, last } of missing) {
      if (this.#holes.length === MAX_HOLES) this.#forgotten += last - first + 1;
      else this.#holes.push({ first, last, before, next });
    }
  }

  judge(losses: readonly Loss[]): Judged {
    const deleted = this.#stated === undefined ? 0 : this.#without(this.#stated, losses);
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
    return { missing, deleted, lost };
  }

  /** Takes out what was deleted in front of gaps: their records, and none behind the holes, name the last of it. Returns how much. */
  #without(stated: DeletedRanges, losses: readonly Loss[]): number {
    for (const { first, prevHash, after } of losses) {
      const hole = this.#holes[lowest(this.#holes.length, (at) => (this.#holes[at] as Hole).last >= first - 1)];
      if (prevHash === undefined || hole === undefined || hole.first >= first || hole.first <= after) continue;
      stated.know(first - 1, prevHash);
    }
    let sum = 0;
    this.#holes = this.#holes.flatMap((hole) => {
      const { ranges, deleted } = stated.left(hole, hole.before);
      sum += deleted;
      return ranges.map((range) => ({ ...hole, ...range }));
    });
    return sum;
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
    const stated = this.#stated?.statedOf(hole) ?? 0;
    const unproven =
      stated === 0 ? '' : `; retention records name ${stated} of them, and nothing shows that it was those`;
    const text = `${which} ${first === last ? 'is' : 'are'} missing ${between}${explained}${unproven}`;
    this.#findings.tell('incomplete', 'missing', next, text);
  }
}
