/** What is kept of checkpoints, changes of keys, gaps and deletions beyond their entries: in memory, or in a temporary file. */
import { MAX_NOTE_LENGTH } from '../../chain/note.js';
import { attempt } from '../../lib/attempt.js';
import type { ReadRecord } from '../read-records.js';
import { parseTime } from '../time.js';
import { TemporaryFile } from './temporary-file.js';

/** A checkpoint or a change of keys, as it says; null for what has another type, or is too long. */
export interface CheckpointDetails {
  readonly size: number | null;
  readonly note: string | null;
  readonly keyId: string | null;
  readonly time: string | null;
}

export interface GapDetails {
  readonly first: number;
  readonly last: number;
  readonly records: number;
  readonly sink: string;
  /** The hash of the record before the first; undefined if it is not known. */
  readonly prevHash?: string | undefined;
}

/** Records of another chain that were deleted, all between the first and the last. */
export interface RetentionDetails {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  /** The hash of the record before the first, and of the last. */
  readonly prevHash: string;
  readonly headHash: string;
  /** The time of the newest record that was deleted with them, in milliseconds since 1970. */
  readonly newest: number;
}

type Details = CheckpointDetails | GapDetails | RetentionDetails;

const MAX_KEY_ID_LENGTH = 128;
const MAX_TIME_LENGTH = 64;
const HASH = /^[0-9a-f]{64}$/;
export const CHAIN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** As the trail names its own sinks and those of applications. */
const SINK = /^[a-z][a-z0-9_.-]{0,31}$/;
/** Longer than any details. */
const BLOCK_BYTES = 256 * 1024;
const LENGTH_BYTES = 4;

export function checkpointDetails(record: ReadRecord): CheckpointDetails {
  const note = record['mcp_audit.checkpoint.note'];
  const keyId = record['mcp_audit.key.id'];
  const time = record['time'];
  return {
    size: numberIn(record, 'mcp_audit.checkpoint.size') ?? null,
    note: typeof note === 'string' && note.length <= MAX_NOTE_LENGTH ? note : null,
    keyId: typeof keyId === 'string' ? keyId.slice(0, MAX_KEY_ID_LENGTH) : null,
    time: typeof time === 'string' ? time.slice(0, MAX_TIME_LENGTH) : null,
  };
}

/** Undefined if the record does not say which records are missing, and where: then it explains nothing. */
export function gapDetails(record: ReadRecord): GapDetails | undefined {
  const first = numberIn(record, 'mcp_audit.gap.first');
  const last = numberIn(record, 'mcp_audit.gap.last');
  const records = numberIn(record, 'mcp_audit.gap.records');
  const sink = record['mcp_audit.gap.sink'];
  if (first === undefined || last === undefined || records === undefined) return undefined;
  if (typeof sink !== 'string' || !SINK.test(sink)) return undefined;
  const prevHash = record['mcp_audit.gap.prev_hash'];
  return { first, last, records, sink, ...(isHash(prevHash) && { prevHash }) };
}

/** Undefined if the record does not say which records were deleted because of their age: then it explains nothing. */
export function retentionDetails(record: ReadRecord): RetentionDetails | undefined {
  const first = numberIn(record, 'mcp_audit.retention.first');
  const last = numberIn(record, 'mcp_audit.retention.last');
  if (record['mcp_audit.retention.reason'] !== 'age') return undefined;
  if (first === undefined || last === undefined || first < 1 || last < first) return undefined;
  const chain = record['mcp_audit.retention.chain.id'];
  const prevHash = record['mcp_audit.retention.prev_hash'];
  const headHash = record['mcp_audit.retention.head_hash'];
  if (typeof chain !== 'string' || !CHAIN_ID.test(chain)) return undefined;
  const time = record['mcp_audit.retention.newest'];
  const newest = typeof time === 'string' ? parseTime(time) : undefined;
  if (!isHash(prevHash) || !isHash(headHash) || newest === undefined) return undefined;
  return { chain, first, last, prevHash, headHash, newest };
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

function numberIn(record: ReadRecord, name: string): number | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Details, each by the place that it was given. */
export class DetailsStore {
  #file: TemporaryFile | undefined;
  /** What is not in the file yet. */
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #used = 0;
  #inFile = 0;

  /** @throws Problem if there is no room */
  put(details: Details): number {
    const text = Buffer.from(JSON.stringify(details));
    if (this.#used + LENGTH_BYTES + text.length > this.#block.length) this.#flush();
    const at = this.#inFile + this.#used;
    this.#used = this.#block.writeUInt32LE(text.length, this.#used);
    this.#used += text.copy(this.#block, this.#used);
    return at;
  }

  /** @throws Problem if there is no room */
  checkpoint(at: number): CheckpointDetails {
    return this.#get(at) as CheckpointDetails;
  }

  /** @throws Problem if there is no room */
  gap(at: number): GapDetails {
    return this.#get(at) as GapDetails;
  }

  /** @throws Problem if there is no room */
  retention(at: number): RetentionDetails {
    return this.#get(at) as RetentionDetails;
  }

  close(): void {
    this.#file?.close();
  }

  #get(at: number): unknown {
    const length = this.#bytes(at, LENGTH_BYTES).readUInt32LE();
    return attempt(() => JSON.parse(this.#bytes(at + LENGTH_BYTES, length).toString('utf8')));
  }

  #bytes(at: number, length: number): Buffer {
    if (at >= this.#inFile) return this.#block.subarray(at - this.#inFile, at - this.#inFile + length);
    const bytes = Buffer.alloc(length);
    this.#file?.read(bytes, at);
    return bytes;
  }

  #flush(): void {
    this.#file ??= new TemporaryFile();
    this.#file.append(this.#block.subarray(0, this.#used));
    this.#inFile += this.#used;
    this.#used = 0;
  }
}
