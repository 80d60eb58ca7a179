/** What one row of the output stands for: a record, or in a table all records of an operation. Pure. */
import type { ReadRecord } from '../read-records.js';
import { type Entry, entriesOf, operationKey } from '../timeline/entries.js';

/** The most telling record first. */
export type Row = readonly [ReadRecord, ...ReadRecord[]];

/** Records that are told in one row with their operation, the most telling first. */
const PARTS: readonly unknown[] = ['mcp_audit.response', 'mcp_audit.authorization', 'mcp_audit.request'];

/** What the records of a row have in common; undefined for a record that is a row by itself. */
export type Together = (record: ReadRecord) => string | undefined;

/** Each record has a row of its own. */
export const apart: Together = () => undefined;

/** Request, decision and response of one operation are one row. */
export const byOperation: Together = (record) =>
  PARTS.includes(record['event_name']) ? operationKey(record) : undefined;

/** Whether the outcome of the record's operation is, or will be, another record. */
export function isPreliminary(record: ReadRecord): boolean {
  return PARTS.indexOf(record['event_name']) > 0 && operationKey(record) !== undefined;
}

/** Whether a record is a part that the row does not have. Two different records cannot both be the response of an operation. */
export function isNewPart(row: Row, record: ReadRecord): boolean {
  return row.every((each) => each['event_name'] !== record['event_name']);
}

/** A row with another record of the same operation. */
export function joined(row: Row, record: ReadRecord): Row {
  const [first, ...others] = [...row, record].sort((a, b) => rankOf(a) - rankOf(b));
  return [first as ReadRecord, ...others];
}

function rankOf(record: ReadRecord): number {
  return PARTS.indexOf(record['event_name']);
}

/** A row as the timeline tells it. */
export function entryOf(row: Row): Entry {
  return entriesOf(row)[0] as Entry;
}
