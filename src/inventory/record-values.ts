/** Values of audit records as somebody read them. They are trusted as little as a state file. */
import type { AuditKey } from '../semconv/audit-record.js';
import { MAX_NAME } from './bounds.js';

/** A record as somebody read it. */
export type RecordRead = Readonly<Record<string, unknown>>;

function own(record: RecordRead, key: AuditKey): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export function text(record: RecordRead, key: AuditKey, max = MAX_NAME): string | undefined {
  const value = own(record, key);
  return typeof value === 'string' && value !== '' ? value.slice(0, max) : undefined;
}

export function texts(record: RecordRead, key: AuditKey, max: number): readonly string[] {
  const value = own(record, key);
  if (!Array.isArray(value)) return [];
  return value.slice(0, max).flatMap((each) => (typeof each === 'string' ? [each.slice(0, 2 * MAX_NAME)] : []));
}

/** Some backends keep numbers as text. */
export function count(record: RecordRead, key: AuditKey): number | undefined {
  const value = own(record, key);
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

export function timeIn(record: RecordRead, key: AuditKey): number | undefined {
  const at = Date.parse(text(record, key) ?? '');
  return Number.isNaN(at) ? undefined : at;
}
