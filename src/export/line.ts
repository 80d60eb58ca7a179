/** A log record as one bounded line of JSON. Pure. */
import { rfc3339OfHrTime } from '../lib/clock.js';
import type { LogRecordLike } from './types.js';

/** Events whose body is the record itself, as canonical JSON that readers may hash. */
const SELF_CONTAINED = 'mcp_audit.';
/** The longest body that this package makes. */
const MAX_BODY_CHARS = 1_048_576;

/** The last second of the year 9999, where RFC 3339 ends. */
const MAX_SECONDS = 253_402_300_799;
const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** True if the text is one line also for readers that end lines at carriage returns. */
export function isOneLine(text: string): boolean {
  return !/[\n\r]/.test(text);
}

/**
 * The line for a record, without a line feed. The line of an audit record is its body, byte for byte; of any other record,
 * one JSON object with its members. Bounded; never throws.
 */
export function recordLine(record: LogRecordLike): string {
  const eventName = read(record, 'eventName');
  const body = read(record, 'body');
  if (isSelfContained(eventName, body)) return body;
  const { json, cut } = boundedJson({
    time: timeText(read(record, 'hrTime')),
    observed_time: timeText(read(record, 'hrTimeObserved')),
    event_name: eventName,
    severity_number: read(record, 'severityNumber'),
    severity_text: read(record, 'severityText'),
    ...spanIds(read(record, 'spanContext')),
    body,
    attributes: unlessEmpty(read(record, 'attributes')),
    dropped_attributes_count: read(record, 'droppedAttributesCount') || undefined,
    scope: scope(read(record, 'instrumentationScope')),
    resource: unlessEmpty(read(read(record, 'resource'), 'attributes')),
  });
  return cut ? `${json.slice(0, -1)},"truncated":true}` : json;
}

/** A member of any value; undefined if it cannot be read. */
function read(source: unknown, key: string): unknown {
  try {
    return (source as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

function isSelfContained(eventName: unknown, body: unknown): body is string {
  if (typeof eventName !== 'string' || !eventName.startsWith(SELF_CONTAINED)) return false;
  if (typeof body !== 'string' || body.length > MAX_BODY_CHARS) return false;
  if (!body.startsWith('{') || !body.endsWith('}') || !isOneLine(body)) return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/** RFC 3339 with nine digits. Undefined for an invalid time, and for 0, which stands for an unknown one. */
function timeText(time: unknown): string | undefined {
  const seconds = read(time, '0');
  const nanoseconds = read(time, '1');
  if (!isCount(seconds, MAX_SECONDS) || !isCount(nanoseconds, 999_999_999)) return undefined;
  if (seconds === 0 && nanoseconds === 0) return undefined;
  return rfc3339OfHrTime(seconds, nanoseconds);
}

function isCount(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function spanIds(context: unknown): object {
  const traceId = read(context, 'traceId');
  const spanId = read(context, 'spanId');
  const flags = read(context, 'traceFlags');
  if (!matches(TRACE_ID, traceId)) return {};
  return {
    trace_id: traceId,
    span_id: matches(SPAN_ID, spanId) ? spanId : undefined,
    trace_flags: isCount(flags, 255) ? flags : undefined,
  };
}

function matches(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function scope(value: unknown): object | undefined {
  const name = read(value, 'name');
  return name === undefined ? undefined : { name, version: read(value, 'version') };
}

function unlessEmpty(value: unknown): unknown {
  try {
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value;
  } catch {
    return value;
  }
}

/** Bounds: the rest is left out. Escaping can make a string six times as long. */
export const MAX_CHARS = 262_144;
export const MAX_STRING_CHARS = 65_536;
const MAX_KEY_CHARS = 1_024;
export const MAX_MEMBERS = 1_000;
export const MAX_DEPTH = 16;

const CYCLE = '"[cycle]"';
const UNREADABLE = '"[unreadable]"';
const TOO_DEEP = '"[too deep]"';

/** Longer integers are no counts, and slow to convert. */
const MAX_BIGINT = 2n ** 128n;

/** Characters left to write, whether something was left out, and the containers around the present value. */
interface Budget {
  chars: number;
  cut: boolean;
  readonly open: Set<object>;
}

/** JSON text, and whether it was cut. */
interface BoundedJson {
  readonly json: string;
  readonly cut: boolean;
}

/**
 * Writes an object as JSON on one line, within bounds. Members keep their order, so the last ones are cut first. Members
 * without JSON (undefined, functions, symbols) are left out, or null in arrays. Bigints become their digits, binary data
 * base64, NaN and the infinities their names, dates their ISO form: all as strings. Does not call `toJSON`. Escapes line
 * breaks of every kind.
 */
function boundedJson(value: object): BoundedJson {
  const budget: Budget = { chars: MAX_CHARS, cut: false, open: new Set() };
  const json = write(value, budget) ?? '{}';
  return { json, cut: budget.cut };
}

function write(value: unknown, budget: Budget): string | undefined {
  switch (typeof value) {
    case 'string':
      return writeString(value, budget);
    case 'number':
      return spend(Number.isFinite(value) ? String(value) : `"${value}"`, budget);
    case 'bigint':
      return spend(value < MAX_BIGINT && value > -MAX_BIGINT ? `"${value}"` : '"[bigint]"', budget);
    case 'boolean':
      return spend(String(value), budget);
    case 'object':
      return value === null ? spend('null', budget) : writeContainer(value, budget);
    default:
      return undefined;
  }
}

function spend(text: string, budget: Budget): string {
  budget.chars -= text.length + 1;
  return text;
}

function writeString(value: string, budget: Budget): string {
  const room = Math.max(0, Math.min(MAX_STRING_CHARS, budget.chars));
  if (value.length > room) budget.cut = true;
  return spend(quote(value.length > room ? value.slice(0, wholeChars(value, room)) : value), budget);
}

function wholeChars(value: string, room: number): number {
  const last = value.charCodeAt(room - 1);
  return last >= 0xd800 && last <= 0xdbff ? room - 1 : room;
}

/** JSON allows raw U+2028 and U+2029, but some readers end lines there. */
function quote(value: string): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function writeContainer(value: object, budget: Budget): string {
  if (budget.open.has(value)) return spend(CYCLE, budget);
  if (budget.open.size >= MAX_DEPTH) {
    budget.cut = true;
    return spend(TOO_DEEP, budget);
  }
  budget.open.add(value);
  // Empty containers cost too: a small graph of nested arrays can have more paths than there is time.
  budget.chars -= 2;
  try {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return writeBytes(bytes, budget);
    if (value instanceof Date) return spend(`"${Date.prototype.toISOString.call(value)}"`, budget);
    return Array.isArray(value) ? writeArray(value, budget) : writeRecord(value, budget);
  } catch {
    // A proxy's trap threw, or the Date is invalid.
    return spend(UNREADABLE, budget);
  } finally {
    budget.open.delete(value);
  }
}

function bytesOf(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}

/** Base64 needs four characters for three bytes. */
function writeBytes(bytes: Buffer, budget: Budget): string {
  const room = Math.max(0, Math.floor((Math.min(MAX_STRING_CHARS, budget.chars) * 3) / 4));
  if (bytes.length > room) budget.cut = true;
  return spend(`"${bytes.toString('base64', 0, Math.min(room, bytes.length))}"`, budget);
}

function writeArray(source: readonly unknown[], budget: Budget): string {
  const items: string[] = [];
  for (let index = 0; index < source.length; index++) {
    if (isFull(items, budget)) break;
    items.push(writeMember(source, index, budget) ?? spend('null', budget));
  }
  return `[${items.join(',')}]`;
}

function writeRecord(source: object, budget: Budget): string {
  const members: string[] = [];
  for (const key of Object.keys(source)) {
    if (isFull(members, budget)) break;
    const name = writeName(key, budget);
    const json = writeMember(source, key, budget);
    if (json !== undefined) members.push(`${name}:${json}`);
  }
  return `{${members.join(',')}}`;
}

/** Never cut for the total: half a name would be another name. */
function writeName(key: string, budget: Budget): string {
  if (key.length > MAX_KEY_CHARS) budget.cut = true;
  return spend(quote(key.length > MAX_KEY_CHARS ? key.slice(0, wholeChars(key, MAX_KEY_CHARS)) : key), budget);
}

function isFull(written: readonly string[], budget: Budget): boolean {
  const full = written.length >= MAX_MEMBERS || budget.chars <= 0;
  if (full) budget.cut = true;
  return full;
}

/** May run a getter of the application. */
function writeMember(source: object, key: string | number, budget: Budget): string | undefined {
  let value: unknown;
  try {
    value = (source as Record<string | number, unknown>)[key];
  } catch {
    return spend(UNREADABLE, budget);
  }
  return write(value, budget);
}
