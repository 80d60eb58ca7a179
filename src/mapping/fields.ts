/**
 * A record as the mappings read it: a copy of its plain values, so that nothing after this can throw.
 */
import type { AuditKey, AuditRecord } from '../semconv/audit-record.js';

/** A value that JSON can hold, made by a mapping. */
export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonObject;

/** What a mapping returns: plain data of its own, which shares nothing with the record. */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A value of a record. */
export type FieldValue = string | number | boolean | readonly string[];

/** The fields of one record. Keys that this version does not know are kept: a newer version may have written them. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** Elements of a list that are read: records have far fewer. */
const MAX_ELEMENTS = 1024;

/** Copies the values that a record may have; what is anything else, or throws when it is read, is left out. */
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
    // Copied before they are judged, a getter could answer differently the second time; and by index, an iterator may
    // never end.
    const copy = Array.from({ length: Math.min(value.length, MAX_ELEMENTS) }, (_, index): unknown => value[index]);
    return copy.length > 0 && copy.every(isString) ? copy : undefined;
  } catch {
    return undefined;
  }
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** The text of a field, when it has one that is not empty. */
export function textOf(fields: Fields, key: AuditKey): string | undefined {
  const value = fields.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
