/** A log record as one bounded line of JSON. Pure. */
import { rfc3339OfHrTime } from '../lib/clock.js';
import { JsonReader, TRUNCATED } from '../lib/json-reader.js';
import { startOf } from '../lib/text.js';
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
  const writer = new LineWriter();
  const json = writer.read({
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
  }) as string;
  return writer.cut ? `${json.slice(0, -1)},"truncated":true}` : json;
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

/**
 * Writes a value as JSON on one line, within bounds. Members keep their order, so the last ones are cut first. Binary
 * data and numbers that are not finite are written as in OTLP's JSON.
 */
class LineWriter extends JsonReader<string> {
  /** Whether something was left out. */
  cut = false;
  #chars = MAX_CHARS;

  protected string(value: string): string {
    const room = this.#room(value.length, MAX_STRING_CHARS);
    return this.#spend(quoted(startOf(value, room)));
  }

  protected scalar(value: number | boolean | null): string {
    return this.#spend(String(value));
  }

  protected override notFinite(value: number): string {
    return this.mark(String(value));
  }

  /** Base64 needs four characters for three bytes. */
  protected override binary(bytes: Uint8Array): string {
    const room = this.#room(Math.ceil((bytes.length * 4) / 3), MAX_STRING_CHARS);
    return this.mark(Buffer.from(bytes.subarray(0, Math.floor((room * 3) / 4))).toString('base64'));
  }

  protected mark(text: string): string {
    if (text === TRUNCATED) this.cut = true;
    return this.#spend(`"${text}"`);
  }

  protected array(source: object, length: number): string {
    const items: string[] = [];
    this.#chars -= 2;
    for (let index = 0; index < length && !this.#isFull(items); index++) {
      items.push(this.member(source, index) ?? this.scalar(null));
    }
    return `[${items.join(',')}]`;
  }

  protected members(source: object, names: string[]): string {
    const members: string[] = [];
    // Empty containers cost too: a small graph of nested arrays can have more paths than there is time.
    this.#chars -= 2;
    for (const name of names) {
      if (this.#isFull(members)) break;
      const label = this.#name(name);
      const member = this.member(source, name);
      if (member !== undefined) members.push(`${label}:${member}`);
    }
    return `{${members.join(',')}}`;
  }

  /** Never cut for the total: half a name would be another name. */
  #name(name: string): string {
    if (name.length > MAX_KEY_CHARS) this.cut = true;
    return this.#spend(quoted(startOf(name, MAX_KEY_CHARS)));
  }

  #room(wanted: number, max: number): number {
    const room = Math.max(0, Math.min(wanted, max, this.#chars));
    if (room < wanted) this.cut = true;
    return room;
  }

  #isFull(written: readonly string[]): boolean {
    const full = written.length >= MAX_MEMBERS || this.#chars <= 0;
    if (full) this.cut = true;
    return full;
  }

  #spend(text: string): string {
    this.#chars -= text.length + 1;
    return text;
  }
}

/** JSON allows raw U+2028 and U+2029, but some readers end lines there. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (char) => (char === '\u2028' ? '\\u2028' : '\\u2029'));
}
