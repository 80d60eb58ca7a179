/**
 * Copies the plain values of a record, so that no mapping can throw.
 */
import type { AuditKey, AuditRecord } from '../semconv/audit-record.js';

/** A JSON value made by a mapping. */
export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonObject;

/** The result of a mapping: plain data that shares nothing with the record. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A value of a record. */
export type FieldValue = string | number | boolean | readonly string[];

/** The fields of one record. Unknown keys are kept: a newer version may have written them. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** Elements read of a list: records have far fewer. */
const MAX_ELEMENTS = 1024;

/** Copies the values that a record can have. Other values, and those that throw when read, are left out. */
export function fieldsOf(record: AuditRecord): Fields {
  const fields = new Map<string, FieldValue>();
  for (const key of keysOf(record)) {
    const value = readValue(record, key);
    if (value !== undefined) fields.set(key, value);
  }
  return fields;
}

function keysOf(record: AuditRecord): readonly string[] {
  try {
    return Object.keys(record);
  } catch {
    return [];
  }
}

function readValue(record: AuditRecord, key: string): FieldValue | undefined {
  try {
    const value: unknown = record[key as AuditKey];
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    if (!Array.isArray(value)) return undefined;
    // Copied before they are checked: a getter could return another value the second time. By index: an iterator could be
    // endless.
    const copy = Array.from({ length: Math.min(value.length, MAX_ELEMENTS) }, (_, index): unknown => value[index]);
    return copy.length > 0 && copy.every(isString) ? copy : undefined;
  } catch {
    return undefined;
  }
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** The text of a field, unless it is empty. */
export function textOf(fields: Fields, key: AuditKey): string | undefined {
  const value = fields.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
