/** Checks one chain, whose records come in the order of their numbers: how they are linked, and that nothing else differs. */
import { NO_RECORD_HASH } from '../../chain/hash.js';
import { ChainFindings } from './chain-findings.js';
import { CheckpointCheck, type CheckpointOptions, type KeyUse } from './checkpoint-check.js';
import { Cover, type Coverage } from './cover.js';
import type { DeletedRanges, Left } from './deleted-ranges.js';
import type { Deletions } from './deletions.js';
import { type EntryView, FLAG } from './entry.js';
import type { Findings } from './findings.js';
import { type HoleOptions, Holes } from './holes.js';
import { type Lost, losersIn } from './losers.js';
import type { Range } from './missing.js';
import { type Pinned, Pins } from './pins.js';

/** What the checks of all chains have in common. */
export interface CheckOptions extends CheckpointOptions, HoleOptions {
  /** The names of inputs, for people. */
  readonly nameOf: (file: number) => string;
  /** Milliseconds since 1970: of chains that are older, only a part is expected. */
  readonly from: number | undefined;
  /** Whether pins without a signature of a trusted key count. */
  readonly anyPin: boolean;
  /** What retention records state; undefined while that is found out, with all records, whenever they were made. */
  readonly deletions: Deletions | undefined;
  /** Receives records that state what was deleted of other chains. */
  readonly onRetention: (entry: EntryView) => void;
}

export interface ChainReport {
  readonly id: string;
  /** Undefined for a chain that only a pin knows. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Distinct numbers that there are. */
  readonly records: number;
  readonly copies: number;
  /** Numbers that are missing, without and with a record that explains it. */
  readonly missing: number;
  readonly explained: number;
  /** Numbers that are missing since they were deleted, as retention records state. */
  readonly deleted: number;
  /** Those with one, by the sinks that lost them. */
  readonly lost: Lost;
  /** The last record that a valid checkpoint covers. */
  readonly proven: number;
  /** Records after it; 0 where nothing is proven, or nothing but the checkpoint is after it. */
  readonly tail: number;
  /** Other records that are not linked to a valid checkpoint. */
  readonly unlinked: number;
  readonly keys: readonly KeyUse[];
  readonly findings: Findings;
}

/** Variants of a record, and pins of one number, that are told apart. */
const MAX_VARIANTS = 8;
const MAX_EQUAL_PINS = 4;
const MAX_CLOCK_STEP_MS = 1000;
/** A writer makes a checkpoint every 100 records. That many without one were not left by a crash. */
const MAX_UNCOVERED = 1000;

/** Everything that there is of one number. */
interface Group {
  readonly number: number;
  /** Records that differ. */
  readonly records: EntryView[];
  /** From the second place. */
  readonly pins: EntryView[];
  readonly heads: EntryView[];
  /** Whether any of them is in the asked time. */
  inside: boolean;
}

export class ChainCheck {
  readonly #options: CheckOptions;
  readonly #findings: ChainFindings;
  readonly #checkpoints: CheckpointCheck;
  readonly #cover = new Cover();
  readonly #holes: Holes;
  readonly #pins: Pins;
  readonly #stated: DeletedRanges | undefined;
  readonly #chain: EntryView;
  #group: Group;
  /** The last group with a record. */
  #last: Group | undefined;
  /** In the asked time. */
  #first: number | undefined;
  #lastInside: number | undefined;
  #records = 0;
  #copies = 0;
  /** Two records that are not linked. Which of them was changed, the next one may show. */
  #break: { readonly before: EntryView; readonly record: EntryView } | undefined;
  #clockSteps = 0;
  #deleted = 0;

  /** @param first any entry of the chain */
  constructor(first: EntryView, options: CheckOptions) {
    this.#options = options;
    this.#chain = first.copy();
    this.#group = newGroup(first.number);
    const id = first.chainId;
    this.#findings = new ChainFindings(options.nameOf);
    this.#checkpoints = new CheckpointCheck(id, options, this.#findings);
    this.#stated = options.deletions?.of(id);
    this.#holes = new Holes(id, options, this.#findings, this.#stated);
    this.#pins = new Pins(this.#findings, (pin) => options.anyPin || this.#checkpoints.acceptsPin(pin));
  }

  /** @param entry in the order of numbers */
  push(entry: EntryView): void {
    if (entry.number !== this.#group.number) {
      this.#close();
      this.#group = newGroup(entry.number);
    }
    const { records, pins, heads } = this.#group;
    const isPin = entry.has(FLAG.PIN);
    if (!isPin) this.#group.inside ||= this.#options.deletions === undefined || !entry.has(FLAG.OUTSIDE);
    const list = !isPin ? records : entry.has(FLAG.PINNED_HEAD) ? heads : pins;
    const known = list.some((each) => each.sameHash(entry));
    if (known && list === records) this.#copies += 1;
    // Of equal pins, one with a valid signature may come after one without.
    const most = !known ? MAX_VARIANTS : isPin ? MAX_EQUAL_PINS : 0;
    if (list.length < most) list.push(entry.copy());
  }

  /** The report; undefined for a chain without anything in the asked time. */
  end(): ChainReport | undefined {
    this.#close();
    this.#tellBreak(false);
    const truncated = this.#pins.end(this.#last?.number, (range) => {
      const { ranges, deleted, isKnown } = this.#without(range, this.#last, undefined);
      // Made-up records could follow others that are made up.
      if (ranges.length === 0 && isKnown) this.#cover.bridgeTo(range.last);
      return deleted;
    });
    this.#tellContradictions();
    const coverage = this.#cover.end(this.#stated);
    for (const { gap, record } of coverage.denied) {
      const text = `${this.#findings.record(record)} is not the one in front of the gap of which ${this.#findings.record(gap)} tells`;
      this.#findings.tell('tampered', 'link', record, text);
    }
    this.#compareGaps(coverage);
    const { missing, deleted, lost } = this.#holes.judge(coverage.losses);
    this.#deleted += deleted - coverage.gone;
    if (coverage.gone > 0) {
      const text = `${coverage.gone} records are missing in front of others that no checkpoint proves: nothing shows that it was those that were deleted`;
      this.#findings.tellOf('incomplete', 'missing', text);
    }
    const tail = this.#tailOf(coverage);
    if (this.#records > 0) this.#judgeCover(coverage, tail);
    if (this.#clockSteps > 1) {
      this.#findings.tellOf('reported', 'clock', `the clock went backwards ${this.#clockSteps} times`);
    }
    if (this.#records === 0 && this.#findings.total === 0 && this.#deleted === 0) return undefined;
    return {
      id: this.#chain.chainId,
      first: this.#first,
      last: this.#lastInside,
      records: this.#records,
      copies: this.#copies,
      missing: missing + truncated + coverage.gone,
      explained: losersIn(lost).reduce((sum, [, count]) => sum + count, 0),
      deleted: this.#deleted,
      lost,
      proven: this.#cover.reach,
      tail,
      unlinked: coverage.between + coverage.cutOff,
      keys: this.#checkpoints.keys,
      findings: this.#findings,
    };
  }

  /** Whether a valid checkpoint proves a record, and nothing in the chain was changed; after the end. */
  proves(number: number): boolean {
    return this.#findings.counts.tampered === 0 && this.#cover.isProven(number);
  }

  #close(): void {
    const group = this.#group;
    const { number, records } = group;
    const pinned = this.#pins.counting(group);
    // The second place has a time of its own, which nobody moves out of the asked one.
    group.inside ||= pinned.pins.length > 0;
    const [record] = records;
    if (record === undefined) this.#closePins(number, pinned);
    else this.#closeRecords(group, record, pinned);
    this.#proveByPin(group, pinned);
  }

  #closePins(number: number, pinned: Pinned): void {
    this.#pins.without(number, pinned);
    for (const pin of [...pinned.heads, ...pinned.pins]) {
      if (this.#checkpoints.acceptsPin(pin)) this.#stated?.know(number, pin.hash);
    }
    const newest = this.#stated?.newestAt(number) ?? Number.POSITIVE_INFINITY;
    for (const pin of pinned.pins) {
      if (!(pin.time > newest)) continue;
      const text = `record ${number} is missing, and newer (${this.#findings.where(pin)}) than all that was deleted, as a retention record states`;
      this.#findings.tell('tampered', 'retention', pin, text);
    }
    const hash = this.#stated?.hashOf(number);
    if (hash === undefined) return;
    for (const pin of [...pinned.heads, ...pinned.pins]) {
      if (pin.hash === hash) continue;
      const text = `record ${number} was deleted, and is not the pinned one (${this.#findings.where(pin)}), as a retention record states`;
      this.#findings.tell('tampered', 'retention', pin, text);
    }
  }

  #closeRecords(group: Group, record: EntryView, pinned: Pinned): void {
    const { number, records, inside } = group;
    if (records.length > 1 && inside) this.#tellCopies(group);
    if (this.#stated !== undefined && inside) this.#judgeStated(this.#stated, group, record);
    const before = this.#deleted;
    const linked = this.#judgePlace(this.#last, group, record);
    this.#cover.add(number, records, { linked, inside, gone: this.#deleted - before });
    if (inside) {
      this.#first ??= number;
      this.#lastInside = number;
      this.#records += 1;
    }
    this.#judgeClock(this.#last?.records[0], record);
    for (const each of records) {
      const proven = each.has(FLAG.CHECKPOINT) ? this.#checkpoints.provenBy(each, inside) : undefined;
      if (proven !== undefined) this.#cover.prove(proven, inside);
      if (each.has(FLAG.RETENTION)) this.#options.onRetention(each);
      if (each.has(FLAG.GAP)) this.#cover.gap(each, this.#options.details.gap(each.details));
    }
    this.#pins.compare(records, pinned);
    this.#last = group;
  }

  /** A pin proves what its checkpoint would, wherever that is. */
  #proveByPin({ number, records, inside }: Group, { heads }: Pinned): void {
    const fits = (head: EntryView) => records.length === 0 || records.some((record) => record.sameHash(head));
    if (heads.some((head) => fits(head) && this.#checkpoints.acceptsPin(head))) this.#cover.prove(number, inside);
  }

  /** Whether a record is linked to the last one, or there is a finding that it is not. */
  #judgePlace(last: Group | undefined, group: Group, record: EntryView): boolean {
    if (last?.number === group.number - 1) return this.#judgeLink(last, group);
    if (last !== undefined || group.number !== 1) return this.#judgeHole(last, group, record);
    this.#judgeStart(record);
    return false;
  }

  /** Compares a record that is there with what is stated about those that are not. */
  #judgeStated(stated: DeletedRanges, { number, records }: Group, record: EntryView): void {
    const hash = stated.hashOf(number);
    if (hash !== undefined && !records.some((each) => each.hash === hash)) {
      const text = `${this.#findings.record(record)} is not the one that a retention record names`;
      this.#findings.tell('tampered', 'retention', record, text);
    }
    const before = number === 1 || this.#last?.number === number - 1 ? undefined : stated.hashOf(number - 1);
    if (before !== undefined && !records.some((each) => each.prev === before)) {
      const text = `${this.#findings.record(record)} does not follow record ${number - 1}, as it was deleted`;
      this.#findings.tell('tampered', 'retention', record, text);
    }
  }

  /** What is left of missing numbers without those that were deleted, which are counted. */
  #without(range: Range, before: Group | undefined, next: Group | undefined): Left {
    const stated = this.#stated;
    if (stated === undefined || range.last < range.first)
      return { ranges: [range], deleted: 0, follows: false, isKnown: true };
    const behind = next?.records[0];
    if (behind !== undefined) stated.know(range.last, behind.prev);
    const left = stated.left(range, before?.records[0], behind === undefined);
    this.#deleted += left.deleted;
    return left;
  }

  /** Compares what the records of gaps name with what is stated about it. */
  #compareGaps({ losses }: Coverage): void {
    for (const { entry, first, prevHash, isProven } of losses) {
      const hash = this.#stated?.hashOf(first - 1);
      if (hash === undefined || prevHash === undefined || hash === prevHash || !isProven) continue;
      const text = `record ${first - 1} was deleted, and is not the one that ${this.#findings.record(entry)} names, as a retention record states`;
      this.#findings.tell('tampered', 'retention', entry, text);
    }
  }

  #tellContradictions(): void {
    for (const number of this.#stated?.contradictions ?? []) {
      const text = `retention records name two different records ${number}`;
      this.#findings.add({ severity: 'tampered', kind: 'retention', text, number });
    }
  }

  #judgeStart(record: EntryView): void {
    if (record.prev === NO_RECORD_HASH) return;
    this.#findings.tell('tampered', 'link', record, 'the first record of a chain names one before it');
  }

  #judgeLink(last: Group, group: Group): boolean {
    const unlinked = group.records.filter((record) => !last.records.some((before) => record.follows(before)));
    this.#tellBreak(unlinked.length === 0);
    // Outside of the asked time, what matters is that it proves what is inside.
    if (!last.inside && !group.inside && !this.#cover.isOpen) return unlinked.length === 0;
    for (const record of unlinked) {
      this.#tellBreak(false);
      this.#break = { before: last.records[0] as EntryView, record };
    }
    return true;
  }

  /** @param confirmed whether the next record shows that the later of the two is as it was written */
  #tellBreak(confirmed: boolean): void {
    if (this.#break === undefined) return;
    const { before, record } = this.#break;
    this.#break = undefined;
    const [one, two] = [before, record].map((each) => this.#findings.record(each));
    const text = confirmed ? `${one} was changed: ${two} has another hash of it` : `${one} or ${two} was changed`;
    this.#findings.tell('tampered', 'link', before, text);
  }

  #tellCopies({ number, records }: Group): void {
    const places = records.map((each) => this.#findings.where(each)).join(', ');
    const text = `copies of record ${number} differ: ${places}`;
    this.#findings.tell('tampered', 'copies', records[0] as EntryView, text);
  }

  /** Whether what is missing was deleted, and the record is linked to the last one over it. */
  #judgeHole(last: Group | undefined, group: Group, record: EntryView): boolean {
    const { inside, number } = group;
    this.#tellBreak(false);
    const pinned = this.#pins.firstMissing;
    if (last === undefined && this.#isOlder()) {
      if (pinned !== undefined) this.#addHole({ first: pinned, last: number - 1 }, undefined, group, record);
      else if (inside && !this.#isDeletedBefore(number, record.prev)) {
        const text = `begins at ${this.#findings.record(record)}: nothing shows what was before it in the asked time`;
        this.#findings.tell('reported', 'begin', record, text);
      }
      return false;
    }
    if (!inside && last?.inside !== true && pinned === undefined && !this.#cover.isOpen) return false;
    return this.#addHole({ first: (last?.number ?? 0) + 1, last: number - 1 }, last, group, record);
  }

  #addHole(range: Range, last: Group | undefined, next: Group, record: EntryView): boolean {
    const { ranges } = this.#without(range, last, next);
    this.#holes.add(ranges, last?.records[0], record);
    return ranges.length === 0;
  }

  /** Whether what is missing in front of a record was deleted, as far as the asked time goes. */
  #isDeletedBefore(number: number, prev: string): boolean {
    const stated = this.#stated;
    if (stated?.know(number - 1, prev) !== true) return false;
    const rest = stated.left({ first: 1, last: number - 1 }, undefined).ranges.at(-1);
    if (rest === undefined) return true;
    const { from = Number.NEGATIVE_INFINITY } = this.#options;
    return (stated.newestAt(rest.last + 1) ?? from) < from;
  }

  /** Whether a part of the chain may be before the asked time: the id of a chain begins with the time of its start. */
  #isOlder(): boolean {
    const { from } = this.#options;
    return from !== undefined && timeOfUuid(this.#chain.chainId) < from;
  }

  #judgeClock(before: EntryView | undefined, record: EntryView): void {
    if (before === undefined || !this.#group.inside) return;
    const step = before.time - record.time;
    if (!(step > MAX_CLOCK_STEP_MS)) return;
    this.#clockSteps += 1;
    if (this.#clockSteps > 1) return;
    const text = `the clock went backwards by ${(step / 1000).toFixed(1)} s before ${this.#findings.record(record)}`;
    this.#findings.tell('reported', 'clock', record, text);
  }

  /** The last checkpoint is proven by none: a chain that ends with it has no tail. */
  #tailOf({ tail }: Coverage): number {
    const { reach } = this.#cover;
    return reach === 0 || (tail === 1 && this.#lastInside === reach + 1) ? 0 : tail;
  }

  #judgeCover({ tail: after, between, cutOff }: Coverage, tail: number): void {
    const { unsigned } = this.#options;
    if (this.#cover.reach === 0) {
      if (this.#checkpoints.keys.length === 0 && !unsigned) {
        this.#findings.tellOf('unproven', 'unsigned', 'no checkpoint proves it');
      }
      return;
    }
    if (cutOff + after > MAX_UNCOVERED && !unsigned) {
      this.#findings.tellOf('unproven', 'uncovered', `no valid checkpoint covers ${cutOff + after} records`);
    }
    if (between + cutOff > 0) {
      const which = between + cutOff === 1 ? '1 record is' : `${between + cutOff} records are`;
      const text = `${which} in front of missing ones, and not linked to a valid checkpoint`;
      this.#findings.tellOf('reported', 'unlinked', text);
    }
    if (tail > 0) {
      const which = tail === 1 ? 'the last record is' : `the last ${tail} records are`;
      this.#findings.tellOf('reported', 'tail', `${which} not proven: the last valid checkpoint, and what is after it`);
    }
  }
}

function newGroup(number: number): Group {
  return { number, records: [], pins: [], heads: [], inside: false };
}

/** Milliseconds since 1970, at which a UUID of version 7 was made. */
function timeOfUuid(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
