/** Extracts audit records from lines, through the wrappers of backends and the Collector. Pure. */
import type { AuditKey } from '../semconv/audit-record.js';
import type { Line } from './read-lines.js';

/** A record as read: it has the name of one, and its values are unchecked. */
export type ReadRecord = Readonly<Record<string, unknown>>;

/** Counts of the lines of one input. */
export interface Reading {
  lines: number;
  records: number;
  /** Lines that are not JSON, or contain a truncated record. */
  broken: Skipped;
  /** Lines longer than the limit. */
  tooLong: Skipped;
}

interface Skipped {
  count: number;
  /** Number of the first such line. */
  first: number | undefined;
}

const EVENT_PREFIX = 'mcp_audit.';

/**
 * Members that can contain a record, in the order in which they are tried: log records of OTLP JSON, and exports of Loki
 * (`logcli`, API), Elasticsearch (documents, hits, whole responses) and Datadog.
 */
const WRAPPERS = [
  'resourceLogs',
  'scopeLogs',
  'logRecords',
  'body',
  'stringValue',
  'message',
  'line',
  'text',
  '_source',
  'hits',
  'data',
  'result',
  'values',
  'attributes',
] as const;

/** OTLP has ten levels from the document to the record, arrays and the text of the body included. */
const MAX_DEPTH = 12;

export function newReading(): Reading {
  const none = () => ({ count: 0, first: undefined });
  return { lines: 0, records: 0, broken: none(), tooLong: none() };
}

/** The records in the lines. Lines without a record are counted in `reading` and never quoted. */
export async function* readRecords(lines: AsyncIterable<Line>, reading: Reading): AsyncGenerator<ReadRecord> {
  for await (const { text, number } of lines) {
    reading.lines += 1;
    if (text === undefined) {
      skip(reading.tooLong, number);
      continue;
    }
    const found = recordsIn(text);
    if (found.broken) skip(reading.broken, number);
    reading.records += found.records.length;
    yield* found.records;
  }
}

function skip(skipped: Skipped, number: number): void {
  skipped.count += 1;
  skipped.first ??= number;
}

/** All records in one line, and whether a part of it was unreadable. */
export function recordsIn(line: string): { readonly records: readonly ReadRecord[]; readonly broken: boolean } {
  const records: ReadRecord[] = [];
  let broken = false;
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      broken = true;
      return undefined;
    }
  };
  const search = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') {
      if (mayHoldRecord(value)) search(parse(value), depth + 1);
    } else if (Array.isArray(value)) {
      for (const item of value) search(item, depth + 1);
    } else if (isObject(value)) {
      if (isRecord(value)) records.push(value);
      else searchBelow(value, depth + 1);
    }
  };
  /** The first member that leads to a record is enough: some exports have it twice, as text and parsed. */
  const searchBelow = (wrapper: ReadRecord, depth: number): void => {
    const before = records.length;
    for (const name of WRAPPERS) {
      if (Object.hasOwn(wrapper, name)) search(wrapper[name], depth);
      if (records.length > before) return;
    }
  };
  search(parse(line), 0);
  return { records, broken };
}

/** Other programs also log text in braces: only text that looks like an audit record is parsed, or counts as broken. */
function mayHoldRecord(text: string): boolean {
  return /^\s*[{[]/.test(text) && text.includes(EVENT_PREFIX);
}

function isRecord(value: ReadRecord): boolean {
  const name = Object.hasOwn(value, 'event_name') ? value['event_name'] : undefined;
  return typeof name === 'string' && name.startsWith(EVENT_PREFIX);
}

function isObject(value: unknown): value is ReadRecord {
  return typeof value === 'object' && value !== null;
}

/** A field as text: lists are joined; undefined for a value that records cannot have. */
export function textOf(record: ReadRecord, key: AuditKey): string | undefined {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string').join(',') || undefined;
  return undefined;
}

/** A field as a non-negative number; some backends keep all values as text. */
export function numberOf(record: ReadRecord, key: AuditKey): number | undefined {
  const text = textOf(record, key);
  return text !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}
