/**
 * The size of a value as JSON, without making the JSON. Walks on its own, because there is no limit of levels: only what an
 * object is read as comes from `json-reader.ts`.
 */
import { kindOf } from './json-reader.js';

const DEFAULT_MAX_NODES = 10_000;
/** The longest string in Node.js. */
const MAX_BYTES = 2 ** 29 - 24;

/** Characters that JSON escapes: quotes, backslashes, control characters, and lone surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are escaped
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;
const SHORT_ESCAPES: ReadonlySet<number> = new Set([...'\b\t\n\f\r'].map((char) => char.charCodeAt(0)));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const UNICODE_ESCAPE_BYTES = 6;
/** Up to this length, counting is faster than `Buffer.byteLength`. */
const SHORT_CHARS = 32;

const NULL_BYTES = 'null'.length;
const DATE_TO_JSON: unknown = Date.prototype.toJSON;
const DATE_TO_ISO_STRING = Date.prototype.toISOString;

/** An object or array being measured. */
interface Level {
  readonly source: object;
  /** Undefined for an array. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  next: number;
  /** Members with JSON so far: commas stand between them. */
  members: number;
}

/** Nodes left to visit, and bytes found so far. */
interface Measure {
  nodes: number;
  bytes: number;
  readonly levels: Level[];
  /** The sources of the levels, to find cycles. */
  readonly open: Set<object>;
}

/** The value cannot be measured. */
const UNKNOWN = Symbol('unknown');
type Unknown = typeof UNKNOWN;

/** Sizes of what values stand for that were shortened when they were read. */
const known = new WeakMap<object, number>();

/** Has a value count as one of so many bytes. */
export function countAs(value: object, bytes: number): void {
  known.set(value, bytes);
}

/**
 * The length of `JSON.stringify(value)` in bytes of UTF-8. Exact for plain data and dates.
 *
 * Undefined for values without JSON, for more than `maxNodes` values on all levels together (10 000 by default), and where
 * only code of the application knows: getters, `toJSON` methods, proxies that throw. Undefined also for cycles, BigInts,
 * boxed primitives and binary data. Takes linear time, and never throws.
 */
export function jsonSize(value: unknown, maxNodes: number = DEFAULT_MAX_NODES): number | undefined {
  const counted = typeof value === 'object' && value !== null ? known.get(value) : undefined;
  if (counted !== undefined) return counted;
  try {
    const measure: Measure = { nodes: maxNodes, bytes: 0, levels: [], open: new Set() };
    if (!enter(value, measure)) return undefined;
    // A stack on the heap: deep values must not overflow the application's stack.
    for (let level = measure.levels.at(-1); level !== undefined; level = measure.levels.at(-1)) {
      if (!step(level, measure)) return undefined;
    }
    return measure.bytes;
  } catch {
    return undefined;
  }
}

/** Measures one member of the innermost level, or leaves the level; false if that is impossible. */
function step(level: Level, measure: Measure): boolean {
  if (level.next === level.length) {
    measure.levels.pop();
    measure.open.delete(level.source);
    return true;
  }
  const key = level.keys === undefined ? level.next : (level.keys[level.next] as string);
  level.next += 1;
  const property = Object.getOwnPropertyDescriptor(level.source, key);
  if (property !== undefined && !('value' in property)) return false;
  const value: unknown = property?.value;

  if (!hasJson(value)) {
    if (carriesToJson(value)) return false;
    measure.nodes -= 1;
    if (typeof key === 'number') separate(level, measure, NULL_BYTES);
    return measure.nodes >= 0;
  }
  separate(level, measure, typeof key === 'number' ? 0 : stringSize(key) + 1);
  return enter(value, measure);
}

function separate(level: Level, measure: Measure, bytes: number): void {
  measure.bytes += bytes + (level.members > 0 ? 1 : 0);
  level.members += 1;
}

/** Measures a leaf, or enters an object or array; false if that is impossible. */
function enter(value: unknown, measure: Measure): boolean {
  measure.nodes -= 1;
  if (measure.nodes < 0 || measure.bytes > MAX_BYTES) return false;
  const size = leafSize(value);
  if (size === UNKNOWN) return false;
  if (size !== undefined) {
    measure.bytes += size;
    return measure.bytes <= MAX_BYTES;
  }
  const source = value as object;
  if (measure.open.has(source)) return false;
  const keys = Array.isArray(source) ? undefined : Object.keys(source);
  const length = keys === undefined ? (source as unknown[]).length : keys.length;
  if (length > measure.nodes) return false;
  measure.open.add(source);
  measure.levels.push({ source, keys, length, next: 0, members: 0 });
  measure.bytes += 2;
  return true;
}

/** The size of a value without members; undefined for a container. */
function leafSize(value: unknown): number | Unknown | undefined {
  switch (typeof value) {
    case 'string':
      return stringSize(value);
    case 'number':
      return Number.isFinite(value) ? String(value).length : NULL_BYTES;
    case 'boolean':
      return value ? 4 : 5;
    case 'object':
      return value === null ? NULL_BYTES : objectSize(value);
    default:
      return UNKNOWN;
  }
}

/** Undefined for an object whose members are measured. */
function objectSize(value: object): number | Unknown | undefined {
  const kind = kindOf(value);
  if (kind === 'date') return dateSize(value as Date);
  return (kind === 'array' || kind === 'members') && !carriesToJson(value) ? undefined : UNKNOWN;
}

function dateSize(value: Date): number | Unknown {
  if (Object.hasOwn(value, 'toJSON') || Object.hasOwn(value, 'toISOString')) return UNKNOWN;
  if (Object.getPrototypeOf(value) !== Date.prototype) return UNKNOWN;
  if (Date.prototype.toJSON !== DATE_TO_JSON || Date.prototype.toISOString !== DATE_TO_ISO_STRING) return UNKNOWN;
  return Number.isNaN(value.getTime()) ? NULL_BYTES : stringSize(DATE_TO_ISO_STRING.call(value));
}

function hasJson(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}

/** Whether `JSON.stringify` may call a `toJSON`. A member of that name may also be data. */
function carriesToJson(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('toJSON' in value))
    return false;
  const own = Object.getOwnPropertyDescriptor(value, 'toJSON');
  return own === undefined || !('value' in own) || typeof own.value === 'function';
}

function stringSize(text: string): number {
  if (text.length <= SHORT_CHARS || ESCAPED.test(text)) return countBytes(text) + 2;
  return Buffer.byteLength(text) + 2;
}

function countBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) bytes += code >= 0x20 ? (code === QUOTE || code === BACKSLASH ? 2 : 1) : controlSize(code);
    else if (code < 0x800) bytes += 2;
    else if (code < 0xd800 || code > 0xdfff) bytes += 3;
    else if (isPair(code, text.charCodeAt(index + 1))) {
      bytes += 4;
      index += 1;
    } else bytes += UNICODE_ESCAPE_BYTES;
  }
  return bytes;
}

function controlSize(code: number): number {
  return SHORT_ESCAPES.has(code) ? 2 : UNICODE_ESCAPE_BYTES;
}

function isPair(first: number, second: number): boolean {
  return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff;
}
