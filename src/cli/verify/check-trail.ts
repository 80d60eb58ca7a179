/** The steps of a verification: read, sort, check, report. */
import type { PublicKey } from '../../chain/keys.js';
import { Archives } from '../archives.js';
import { EXIT, type World } from '../command.js';
import { filesOf, inputBytes, reasonOf } from '../inputs.js';
import { visible } from '../text.js';
import { ChainCheck, type ChainReport, type CheckOptions } from './chain-check.js';
import { Deletions } from './deletions.js';
import { DetailsStore } from './details.js';
import { type EntryView, FLAG } from './entry.js';
import { type Finding, Findings, SEVERITIES, type Severity } from './findings.js';
import { LooseStarts } from './loose-starts.js';
import { addLost, losersIn, lostByNone } from './losers.js';
import { TrailReader } from './read-trail.js';
import { jsonReport, type Report, type Result, type Totals, textReport } from './report.js';
import { Sorter } from './sorter.js';
import { Trust } from './trust.js';
import { appendLine, verifiedRecord } from './verified-record.js';

export interface Request {
  readonly paths: readonly string[];
  /** Files of age identities, for encrypted archives. */
  readonly identities: readonly string[];
  /** Files of the second place. */
  readonly pins: readonly string[];
  /** Milliseconds since 1970, both included. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly unsigned: boolean;
  readonly strict: boolean;
  readonly json: boolean;
  /** The file that gets a record of the result. */
  readonly record: string | undefined;
  readonly maxLineBytes: number;
}

/** Problems that are told one by one. */
const MAX_COMPLAINTS = 100;
const PROGRESS_MS = 500;
const MAX_SUM = Number.MAX_SAFE_INTEGER;

/** Resolves to the exit code. */
export async function checkTrail(asked: Request, keys: readonly PublicKey[], world: World): Promise<number> {
  const check = new TrailCheck(asked, keys, world);
  try {
    return await check.run();
  } finally {
    check.close();
  }
}

class TrailCheck {
  readonly #asked: Request;
  readonly #world: World;
  readonly #archives: Archives;
  readonly #trust: Trust;
  readonly #sorter = new Sorter();
  readonly #details = new DetailsStore();
  readonly #reader: TrailReader;
  readonly #report: Report;
  /** Without trusted keys nothing is proven, and everything is compared. */
  readonly #anyPin: boolean;
  readonly #counts: Record<Severity, number> = { ...new Findings().counts };
  #inputs = 0;
  #unreadable = 0;
  #bytes = 0;
  #nextProgress = 0;

  constructor(asked: Request, keys: readonly PublicKey[], world: World) {
    const { json, strict, from, to, maxLineBytes } = asked;
    this.#asked = asked;
    this.#world = world;
    this.#archives = new Archives(asked.identities, world.complain);
    this.#trust = new Trust(keys, (at) => this.#details.checkpoint(at).note);
    this.#anyPin = asked.unsigned || keys.length === 0;
    this.#reader = new TrailReader({
      trust: this.#trust,
      sorter: this.#sorter,
      details: this.#details,
      from,
      to,
      maxLineBytes,
    });
    this.#report = json ? jsonReport(world) : textReport(world, strict);
  }

  close(): void {
    this.#world.progress?.('');
    this.#sorter.close();
    this.#details.close();
  }

  async run(): Promise<number> {
    // Before the trail, which may grow meanwhile: it must reach as far as they say.
    for (const path of this.#asked.pins) await this.#readPins(path);
    const complain = (path: string, reason: string) => this.#complain(`cannot read ${visible(path)}: ${reason}`);
    for (const { path, named } of filesOf(this.#asked.paths, complain)) await this.#read(path, named, false);
    this.#trust.learn();
    this.#tellLines();
    const totals = this.#checkChains();
    if (totals.records === 0) this.#complain(`no audit records with a place in a chain, in ${this.#inputs} files`);
    return this.#end({ ...totals, unreadable: this.#unreadable });
  }

  async #readPins(path: string): Promise<void> {
    const before = this.#reader.pins;
    const read = await this.#read(path, true, true);
    if (read && this.#reader.pins === before) this.#complain(`there are no checkpoints in ${nameOf(path)}`);
  }

  async #read(path: string, named: boolean, pin: boolean): Promise<boolean> {
    if (!pin) this.#inputs += 1;
    try {
      const chunks = inputBytes(path, this.#world.input, this.#archives.decrypt);
      await this.#reader.read(nameOf(path), this.#watched(chunks), pin);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      // A file that was rotated has another name, and one that was deleted is missed if it should be there.
      if (named || reason !== 'ENOENT') this.#complain(`cannot read ${nameOf(path)}: ${reason}`);
      return false;
    }
  }

  async *#watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      this.#progress(() => `read ${(this.#bytes / 1e6).toFixed(0)} MB, ${this.#reader.records} records`);
      yield chunk;
    }
  }

  #progress(text: () => string): void {
    const { progress } = this.#world;
    if (progress === undefined || performance.now() < this.#nextProgress) return;
    this.#nextProgress = performance.now() + PROGRESS_MS;
    progress(text());
  }

  #complain(text: string): void {
    this.#unreadable += 1;
    if (this.#unreadable <= MAX_COMPLAINTS) this.#world.complain(text);
  }

  #tell(finding: Finding): void {
    this.#counts[finding.severity] += 1;
    this.#report.finding(finding);
  }

  /** What is wrong with single lines, and with all of them. */
  #tellLines(): void {
    const { findings, unchained, firstUnchained, bodiless, firstBodiless } = this.#reader;
    for (const finding of findings.kept) this.#report.finding(finding);
    for (const severity of SEVERITIES) this.#counts[severity] += findings.counts[severity];
    const more = findings.total - findings.kept.length;
    if (more > 0) this.#report.note(`${more} more findings about lines`);
    if (unchained > 0) {
      const text = `${unchained} records are of versions without chains: nothing proves them (first: ${firstUnchained})`;
      this.#tell({ severity: 'incomplete', kind: 'unchained', at: firstUnchained, text });
    }
    if (bodiless > 0) {
      const text = `the export has ${bodiless} records without their bodies: nothing proves them (first: ${firstBodiless})`;
      this.#tell({ severity: 'incomplete', kind: 'bodiless', at: firstBodiless, text });
    }
    const { forgotten } = this.#trust;
    if (forgotten > 0) {
      const text = `${forgotten} changes of keys are not looked at: there are too many`;
      this.#tell({ severity: 'unproven', kind: 'rotations', text });
    }
  }

  #checkChains(): Omit<Totals, 'result' | 'exit'> {
    const starts = new LooseStarts();
    const { unsigned, from } = this.#asked;
    const common = {
      trust: this.#trust,
      details: this.#details,
      nameOf: this.#reader.nameOf,
      torn: this.#reader.torn,
    };
    const options: CheckOptions = {
      ...common,
      unsigned,
      from,
      anyPin: this.#anyPin,
      onLooseStart: starts.add,
      deletions: this.#deletions(common),
      onRetention: () => {},
    };
    const sum = {
      records: 0,
      copies: 0,
      chains: 0,
      withFindings: 0,
      missing: 0,
      explained: 0,
      deleted: 0,
      lost: lostByNone(),
      tail: 0,
      unlinked: 0,
    };
    for (const chain of this.#chains(options)) {
      sum.chains += chain.first === undefined ? 0 : 1;
      sum.records += chain.records;
      sum.copies += chain.copies;
      sum.missing = Math.min(MAX_SUM, sum.missing + chain.missing);
      sum.explained = Math.min(MAX_SUM, sum.explained + chain.explained);
      sum.deleted = Math.min(MAX_SUM, sum.deleted + chain.deleted);
      for (const [sink, count] of losersIn(chain.lost)) addLost(sum.lost, sink, count);
      sum.tail += chain.tail;
      sum.unlinked += chain.unlinked;
      const { counts, total } = chain.findings;
      if (total > counts.reported || (this.#asked.strict && total > 0)) sum.withFindings += 1;
      for (const severity of SEVERITIES) this.#counts[severity] += counts[severity];
      this.#report.chain(chain);
    }
    for (const finding of starts.find(() => this.#sorter.sorted(), this.#reader.nameOf)) this.#tell(finding);
    for (const finding of this.#reader.torn.findings()) this.#tell(finding);
    const { unchained, withoutRecords } = this.#reader;
    const altered = this.#counts.tampered;
    return { inputs: this.#inputs, unreadable: this.#unreadable, ...sum, altered, unchained, withoutRecords };
  }

  /** What is stated to be deleted, by records that are proven without such statements, and by a trusted key. */
  #deletions(common: Pick<CheckOptions, 'trust' | 'details' | 'nameOf' | 'torn'>): Deletions {
    const { retentionChains, forgottenRetentions, nameOf } = this.#reader;
    const deletions = new Deletions(this.#details, retentionChains);
    if (retentionChains.size === 0) return deletions;
    const options: CheckOptions = {
      ...common,
      unsigned: false,
      from: undefined,
      anyPin: false,
      onLooseStart: () => {},
      deletions: undefined,
      onRetention: (entry) => deletions.see(entry, `${nameOf(entry.file)}:${entry.line}`),
    };
    for (const check of this.#checked(options, (first) => retentionChains.has(first.chainId))) {
      check.end();
      deletions.settle((number) => check.proves(number));
    }
    const { ignored, firstIgnored } = deletions;
    if (ignored > 0) {
      const which = ignored === 1 ? '1 retention record explains' : `${ignored} retention records explain`;
      const text = `${which} nothing: no checkpoint of a trusted key proves what was deleted (first: ${firstIgnored})`;
      this.#tell({ severity: 'reported', kind: 'retention', at: firstIgnored, text });
    }
    const forgotten = deletions.forgotten + forgottenRetentions;
    if (forgotten > 0) {
      const text = `${forgotten} retention records are not looked at: there are too many`;
      this.#tell({ severity: 'incomplete', kind: 'retention', text });
    }
    return deletions;
  }

  *#chains(options: CheckOptions): Generator<ChainReport> {
    let checked = 0;
    const seen = (entry: EntryView) => {
      if (!entry.has(FLAG.PIN)) this.#reader.torn.see(entry);
      checked += 1;
      if (checked % 1024 === 0) this.#progress(() => `checked ${checked} of ${this.#reader.records} records`);
    };
    for (const check of this.#checked(options, () => true, seen)) {
      const chain = check.end();
      if (chain !== undefined) yield chain;
    }
  }

  /**
   * The chains, each with all that is in it.
   *
   * @param isWanted by an entry of the chain
   */
  *#checked(
    options: CheckOptions,
    isWanted: (first: EntryView) => boolean,
    seen: (entry: EntryView) => void = () => {},
  ): Generator<ChainCheck> {
    let chain: EntryView | undefined;
    let check: ChainCheck | undefined;
    for (const entry of this.#sorter.sorted()) {
      if (chain === undefined || !chain.sameChain(entry)) {
        if (check !== undefined) yield check;
        chain = entry.copy();
        check = isWanted(entry) ? new ChainCheck(entry, options) : undefined;
      }
      check?.push(entry);
      seen(entry);
    }
    if (check !== undefined) yield check;
  }

  #end(sums: Omit<Totals, 'result' | 'exit'>): number {
    const result = this.#result();
    const exit = this.#unreadable > 0 ? EXIT.USAGE : EXITS[result];
    const totals: Totals = { result, exit, ...sums };
    this.#world.progress?.('');
    this.#report.end(totals);
    return this.#asked.record === undefined ? exit : this.#recorded(totals, this.#asked.record);
  }

  #result(): Result {
    const worst = SEVERITIES.find((severity) => this.#counts[severity] > 0);
    if (worst !== undefined && worst !== 'reported') return worst;
    // What cannot be read may be missing.
    if (this.#unreadable > 0) return 'incomplete';
    return worst === 'reported' && this.#asked.strict ? 'unproven' : 'intact';
  }

  #recorded(totals: Totals, path: string): number {
    try {
      appendLine(path, verifiedRecord(totals, this.#world.env));
      return totals.exit;
    } catch (error) {
      this.#world.complain(`cannot write the result to ${visible(path)}: ${reasonOf(error)}`);
      return EXIT.USAGE;
    }
  }
}

const EXITS: Readonly<Record<Result, number>> = { intact: 0, unproven: 2, incomplete: 2, tampered: 1 };

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : visible(path);
}
