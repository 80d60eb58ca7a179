/** Fills an object from a table with one row per field and place. */
import type { AuditKey } from '../semconv/audit-record.js';
import { type Conversion, text } from './convert.js';
import type { Fields, FieldValue, JsonObject, JsonValue } from './fields.js';

/** The place of a field. Rows apply from top to bottom, and the first to fill a place keeps it. */
export interface MappingRow<Kind extends string = string> {
  readonly from: AuditKey;
  /** The path in the result: members separated by dots, `[0]` for the first element of a list. */
  readonly to: string;
  /** How the value is converted. @defaultValue texts are unchanged */
  readonly as?: Conversion;
  /** Kinds of results that have the place. @defaultValue all */
  readonly in?: readonly Kind[];
  /** The side of the protocol that made the record. @defaultValue either */
  readonly side?: 'client' | 'server';
  /** Applies only if an earlier row has filled one of these places, which the other schema requires beside this one. */
  readonly beside?: readonly string[];
  /** The place does not have the whole value: the field also stays among those without a place. */
  readonly keeps?: true;
}

/** Fills places, and returns the keys of the fields that have one. */
export function fill<K extends string>(
  target: JsonObject,
  rows: readonly MappingRow<K>[],
  fields: Fields,
  kind?: K,
): Set<string> {
  const used = new Set<string>();
  for (const row of rows) {
    const value = fields.get(row.from);
    if (value === undefined || !applies(row, fields, target, kind)) continue;
    const converted = (row.as ?? text).of(value, fields);
    if (converted !== undefined && place(target, row.to, converted) && row.keeps !== true) used.add(row.from);
  }
  return used;
}

function applies<K extends string>(
  row: MappingRow<K>,
  fields: Fields,
  target: JsonObject,
  kind: K | undefined,
): boolean {
  if (row.in !== undefined && (kind === undefined || !row.in.includes(kind))) return false;
  if (row.side !== undefined && (fields.get('mcp_audit.side') === 'client') !== (row.side === 'client')) return false;
  return row.beside === undefined || row.beside.some((path) => at(target, path) !== undefined);
}

/** Puts a value at a path; false if there is a value already. Paths come from tables, never from a record. */
export function place(target: JsonObject, path: string, value: JsonValue): boolean {
  const steps = stepsOf(path);
  const last = steps.pop() as string;
  let holder: JsonObject = target;
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1] ?? last;
    holder[step] ??= next === '0' ? [] : {};
    const below = holder[step];
    if (typeof below !== 'object') return false;
    // A list is walked like an object: its index is a key.
    holder = below as JsonObject;
  }
  const present = holder[last];
  if (present !== undefined) return JSON.stringify(present) === JSON.stringify(value);
  holder[last] = value;
  return true;
}

/** The value at a path. */
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

/** The fields without a place, under the names that `rename` gives them. */
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
    // An assignment would not make a member of `__proto__`.
    Object.defineProperty(kept, name, { value: as(value), enumerable: true, configurable: true, writable: true });
    some = true;
  }
  return some ? kept : undefined;
}

/** A copy of a record's value for the caller. */
export function own(value: FieldValue): JsonValue {
  return typeof value === 'object' ? [...value] : value;
}
