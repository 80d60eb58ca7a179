/** One row per field and place: the machinery that fills an object from a table of them. */
import type { AuditKey } from '../semconv/audit-record.js';
import { type Conversion, text } from './convert.js';
import type { Fields, FieldValue, JsonObject, JsonValue } from './fields.js';

/** Where a field goes. Rows are tried from top to bottom, and the first that fills a place keeps it. */
export interface Row<Kind extends string = string> {
  readonly from: AuditKey;
  /** Path in the result: members with dots between them, `[0]` for the first element of a list. */
  readonly to: string;
  /** How the value changes; a text passes as it is when absent. */
  readonly as?: Conversion;
  /** Kinds of result that have the place; all of them when absent. */
  readonly in?: readonly Kind[];
  /** On which side of the protocol the record was made; either one when absent. */
  readonly side?: 'client' | 'server';
  /** Only where one of these places, filled further up, has a value: what the other schema wants beside this one. */
  readonly beside?: readonly string[];
}

/** Fills the places that have a value, and returns the keys that got one: what they said is not lost. */
export function fill<K extends string>(
  target: JsonObject,
  rows: readonly Row<K>[],
  fields: Fields,
  kind?: K,
): Set<string> {
  const used = new Set<string>();
  for (const row of rows) {
    const value = fields.get(row.from);
    if (value === undefined || !applies(row, fields, target, kind)) continue;
    const converted = (row.as ?? text).of(value, fields);
    if (converted !== undefined && place(target, row.to, converted)) used.add(row.from);
  }
  return used;
}

function applies<K extends string>(row: Row<K>, fields: Fields, target: JsonObject, kind: K | undefined): boolean {
  if (row.in !== undefined && (kind === undefined || !row.in.includes(kind))) return false;
  if (row.side !== undefined && (fields.get('mcp_audit.side') === 'client') !== (row.side === 'client')) return false;
  return row.beside === undefined || row.beside.some((path) => at(target, path) !== undefined);
}

/** Puts a value at a path; false where another value is. Paths come from tables, never from a record. */
export function place(target: JsonObject, path: string, value: JsonValue): boolean {
  const steps = stepsOf(path);
  const last = steps.pop() as string;
  let holder: JsonObject = target;
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1] ?? last;
    holder[step] ??= next === '0' ? [] : {};
    const below = holder[step];
    if (typeof below !== 'object') return false;
    // A list is walked like an object: its one index is a key as any other.
    holder = below as JsonObject;
  }
  const present = holder[last];
  if (present !== undefined) return JSON.stringify(present) === JSON.stringify(value);
  holder[last] = value;
  return true;
}

/** What is at a path. */
export function at(target: JsonObject, path: string): JsonValue | undefined {
  let found: JsonValue | undefined = target;
  for (const step of stepsOf(path)) {
    if (typeof found !== 'object') return undefined;
    found = (found as JsonObject)[step];
  }
  return found;
}

function stepsOf(path: string): string[] {
  return path.replaceAll('[0]', '.0').split('.');
}

/** The fields that no row had a place for, under names that `rename` gives them. */
export function leftOver(
  fields: Fields,
  used: ReadonlySet<string>,
  rename: (key: string) => string,
  as: (value: FieldValue) => JsonValue,
): JsonObject | undefined {
  const kept: JsonObject = {};
  let some = false;
  for (const [key, value] of fields) {
    const name = rename(key);
    if (used.has(key) || Object.hasOwn(kept, name)) continue;
    // Not an assignment: the name may be `__proto__`.
    Object.defineProperty(kept, name, { value: as(value), enumerable: true, configurable: true, writable: true });
    some = true;
  }
  return some ? kept : undefined;
}

/** A value of a record as one that belongs to the caller. */
export function own(value: FieldValue): JsonValue {
  return typeof value === 'object' ? [...value] : value;
}
