/** Reads audit records from lines, and counts the lines without one. */
import type { AuditKey } from '../semconv/audit-record.js';
import { recordsIn } from './exports/found.js';
import type { Members } from './exports/json.js';
import type { Line } from './read-lines.js';

/** A record as read: it has the name of one, and its values are unchecked. */
export type ReadRecord = Members;

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
