/** Reads lines, and puts what is in them where it can be sorted. */
import { hashOf, NO_RECORD_HASH } from '../../chain/hash.js';
import { readNote } from '../../chain/note.js';
import type { FoundRecord } from '../exports/copies.js';
import type { Damage } from '../exports/damage.js';
import { provable } from '../exports/found.js';
import { type RawLine, rawLines } from '../read-lines.js';
import type { ReadRecord } from '../read-records.js';
import { visible } from '../text.js';
import { parseTime } from '../time.js';
import { Unreadable } from '../unpack.js';
import { CHAIN_ID, checkpointDetails, type DetailsStore, gapDetails, retentionDetails } from './details.js';
import { FLAG } from './entry.js';
import { type Finding, Findings } from './findings.js';
import type { Sorter } from './sorter.js';
import { prevIn, TornLines } from './torn-lines.js';
import type { Trust } from './trust.js';

/** In every record, several times. */
const MARK = 'mcp_audit.';
const CHAIN = 'mcp_audit.chain.id';
const REPLACEMENT = '\ufffd';
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const HASH = /^[0-9a-f]{64}$/;
/** Attributes that are named in a finding. */
const MAX_NAMED = 5;
const MAX_WORD = 0xffff_ffff;
/** Chains with retention records. Each run that deletes something makes one: every hour, for eleven years. */
const MAX_RETENTION_CHAINS = 100_000;

export interface ReadOptions {
  readonly trust: Trust;
  readonly sorter: Sorter;
  readonly details: DetailsStore;
  /** Milliseconds since 1970, both included. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly maxLineBytes: number;
}

/** The place of a record in its chain. */
export interface Place {
  readonly chainId: string;
  readonly number: number;
  readonly prev: string;
}

/** An input while it is read. */
interface Source {
  readonly file: number;
  readonly name: string;
  readonly pin: boolean;
  broken: number;
  /** Whether there was a line, and whether one had a record or a part of one. */
  lines: boolean;
  any: boolean;
}

export class TrailReader {
  /** What is wrong with single lines. */
  readonly findings = new Findings();
  /** Records with a place in a chain, copies included. */
  records = 0;
  /** Records of versions that had no chains, and where the first of them is. */
  unchained = 0;
  firstUnchained: string | undefined;
  /** Records that an export has without their text. */
  bodiless = 0;
  firstBodiless: string | undefined;
  /** Inputs with something in them that is no record. */
  withoutRecords = 0;
  /** Checkpoints of the second place. */
  pins = 0;
  /** Chains with records that state which others were deleted, and such records of too many chains. */
  readonly retentionChains = new Set<string>();
  forgottenRetentions = 0;
  readonly torn = new TornLines();
  readonly #names: string[] = [];
  readonly #options: ReadOptions;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  nameOf = (file: number): string => this.#names[file] as string;

  /**
   * Reads one input.
   *
   * @param name for people, with nothing invisible in it
   * @param pin whether it comes from the second place: then nothing but its checkpoints counts
   * @throws Unreadable for a line that is too long and has records; errors of the input
   */
  async read(name: string, chunks: AsyncIterable<Uint8Array>, pin: boolean): Promise<void> {
    const source: Source = { file: this.#names.length, name, pin, broken: 0, lines: false, any: false };
    this.#names.push(name);
    const { maxLineBytes } = this.#options;
    let tooLong: number | undefined;
    for await (const batch of rawLines(chunks, maxLineBytes, MARK)) {
      source.lines ||= batch.length > 0;
      for (const line of batch) {
        if (line.bytes !== undefined) this.#line(source, line, line.bytes);
        else if (line.marked) tooLong ??= line.number;
      }
    }
    if (tooLong !== undefined) {
      throw new Unreadable(
        `line ${tooLong} has records, and is longer than ${maxLineBytes / 1024 / 1024} MiB (see --max-line)`,
      );
    }
    if (source.lines && !source.any && !pin) this.withoutRecords += 1;
  }

  #line(source: Source, { number }: RawLine, raw: Buffer): void {
    const bytes = trimmed(raw, number === 1);
    const line = bytes.toString('utf8');
    const { records, damaged } = provable(line);
    source.any ||= records.length + damaged.length > 0;
    // Where bytes are not UTF-8, different ones become the same text.
    const isGarbled = line.includes(REPLACEMENT) && !Buffer.from(line).equals(bytes);
    for (const found of records) {
      const { text } = found;
      if (text === undefined) this.#bodiless(source, number);
      else if (text === line) this.#record(source, number, found, hashOf(bytes));
      else if (isGarbled && text.includes(REPLACEMENT)) this.#damage(source, number, garbled(found), line);
      else this.#record(source, number, found, hashOf(text));
    }
    for (const damage of damaged) this.#damage(source, number, damage, line);
  }

  #damage(source: Source, line: number, { how, chain, number }: Damage, text: string): void {
    source.broken += 1;
    if (source.pin) return;
    const at = `${source.name}:${line}`;
    const which =
      number === undefined ? 'a record' : `record ${number}${chain === undefined ? '' : ` of chain ${visible(chain)}`}`;
    const torn = { file: source.file, chain, number, prev: prevIn(text) };
    if (how === 'cut') {
      const finding: Finding = { severity: 'reported', kind: 'cut', number, at, text: `${at}: ${which} is cut off` };
      if (!this.torn.add({ ...torn, finding })) this.findings.add(finding);
      return;
    }
    this.torn.add(torn);
    const changed = `${at}: ${which} cannot be read, and is complete: bytes of it were changed`;
    this.findings.add({ severity: 'tampered', kind: 'changed', number, at, text: changed });
  }

  #bodiless({ name, pin }: Source, line: number): void {
    if (pin) return;
    this.bodiless += 1;
    this.firstBodiless ??= `${name}:${line}`;
  }

  #record(source: Source, line: number, { record, differ }: FoundRecord, hash: string): void {
    const at = `${source.name}:${line}`;
    const place = placeOf(record);
    if (place === undefined) {
      this.#unchained(source, at);
      return;
    }
    if (place === 'malformed') {
      const text = `${at}: a record whose place in a chain is not valid`;
      this.findings.add({ severity: 'tampered', kind: 'malformed', at, text });
      return;
    }
    if (source.pin) {
      this.#pin(source, line, record, place, hash);
      return;
    }
    this.records += 1;
    if (differ.length > 0) this.#tellDiffering(at, place, differ);
    const entry = { ...place, hash, file: source.file, line: Math.min(line, MAX_WORD), broken: source.broken };
    this.#options.sorter.add({ ...entry, time: timeOf(record), ...this.#kindOf(record, place.chainId) });
  }

  #unchained({ pin }: Source, at: string): void {
    if (pin) return;
    this.unchained += 1;
    this.firstUnchained ??= at;
  }

  #tellDiffering(at: string, { chainId, number }: Place, differ: readonly string[]): void {
    const named = differ.slice(0, MAX_NAMED).map((name) => visible(name));
    const more = differ.length > named.length ? ` and ${differ.length - named.length} more` : '';
    const text = `${at}: record ${number} of chain ${chainId} has attributes that differ from its text: ${named.join(', ')}${more}`;
    this.findings.add({ severity: 'tampered', kind: 'attributes', at, number, text });
  }

  #kindOf(record: ReadRecord, chainId: string): { readonly flags: number; readonly details: number } {
    const { details, trust } = this.#options;
    const outside = this.#isOutside(parseTime(textIn(record, 'time'))) ? FLAG.OUTSIDE : 0;
    const event = record['event_name'];
    if (event === 'mcp_audit.checkpoint' || event === 'mcp_audit.key.rotated') {
      const checkpoint = checkpointDetails(record);
      // Its record can be moved out of the asked time, and its note cannot.
      const isInside = outside === 0 || !this.#isOutside(parseTime(readNote(checkpoint.note ?? '')?.time));
      const at = details.put(checkpoint);
      if (event === 'mcp_audit.key.rotated' && checkpoint.note !== null) trust.remember(checkpoint.note, at);
      return { flags: FLAG.CHECKPOINT | (isInside ? 0 : FLAG.OUTSIDE), details: at };
    }
    if (event === 'mcp_audit.retention') return this.#retention(record, chainId, outside);
    const gap = event === 'mcp_audit.gap' ? gapDetails(record) : undefined;
    return gap === undefined
      ? { flags: outside, details: 0 }
      : { flags: outside | FLAG.GAP, details: details.put(gap) };
  }

  #retention(
    record: ReadRecord,
    chainId: string,
    outside: number,
  ): { readonly flags: number; readonly details: number } {
    const retention = retentionDetails(record);
    if (retention === undefined) return { flags: outside, details: 0 };
    if (this.retentionChains.size >= MAX_RETENTION_CHAINS && !this.retentionChains.has(chainId)) {
      this.forgottenRetentions += 1;
      return { flags: outside, details: 0 };
    }
    this.retentionChains.add(chainId);
    return { flags: outside | FLAG.RETENTION, details: this.#options.details.put(retention) };
  }

  #isOutside(time: number | undefined): boolean {
    const { from, to } = this.#options;
    return time !== undefined && ((from !== undefined && time < from) || (to !== undefined && time > to));
  }

  /** A checkpoint of the second place: its own record, and the one that it names. */
  #pin({ file, name }: Source, line: number, record: ReadRecord, place: Place, hash: string): void {
    const event = record['event_name'];
    if (event !== 'mcp_audit.checkpoint' && event !== 'mcp_audit.key.rotated') return;
    this.pins += 1;
    const checkpoint = checkpointDetails(record);
    const note = readNote(checkpoint.note ?? '');
    if (
      note === undefined ||
      note.chainId !== place.chainId ||
      note.size !== place.number - 1 ||
      note.head !== place.prev
    ) {
      const at = `${name}:${line}`;
      this.findings.add({
        severity: 'tampered',
        kind: 'pin',
        at,
        text: `${at}: a pin whose note does not fit its record`,
      });
      return;
    }
    const { sorter, details, trust } = this.#options;
    const at = details.put(checkpoint);
    if (note.nextKey !== undefined) trust.remember(checkpoint.note as string, at);
    const time = parseTime(note.time);
    if (this.#isOutside(time)) return;
    const entry = { ...place, file, line: Math.min(line, MAX_WORD), broken: 0, time: Number.NaN };
    const known = { ...entry, details: at };
    sorter.add({ ...known, time: time ?? Number.NaN, hash, flags: FLAG.PIN });
    sorter.add({ ...known, number: note.size, hash: note.head, flags: FLAG.PIN | FLAG.PINNED_HEAD });
  }
}

function trimmed(bytes: Buffer, first: boolean): Buffer {
  const start = first && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  // Of copies that went through Windows.
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, Math.max(start, end));
}

function garbled({ record }: FoundRecord): Damage {
  const number = record['audit.sequence.number'];
  return { how: 'changed', chain: textIn(record, CHAIN), number: typeof number === 'number' ? number : undefined };
}

/** Undefined for a record of a version that had no chains. */
export function placeOf(record: ReadRecord): Place | 'malformed' | undefined {
  const chainId = record[CHAIN];
  const number = record['audit.sequence.number'];
  const prev = record['audit.prev.hash'];
  if (chainId === undefined && number === undefined && prev === undefined) return undefined;
  if (typeof chainId !== 'string' || !CHAIN_ID.test(chainId)) return 'malformed';
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return 'malformed';
  if (typeof prev !== 'string' || !HASH.test(prev)) return 'malformed';
  // Nothing is before the first record only.
  if (number > 1 && prev === NO_RECORD_HASH) return 'malformed';
  return { chainId, number, prev };
}

/** When the record was made: that of the event may be earlier. NaN if unknown. */
function timeOf(record: ReadRecord): number {
  return parseTime(textIn(record, 'observed_time') ?? textIn(record, 'time')) ?? Number.NaN;
}

function textIn(record: ReadRecord, name: string): string | undefined {
  const value = record[name];
  return typeof value === 'string' ? value : undefined;
}
