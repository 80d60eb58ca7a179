/** A log record as one line of text. Pure. */
import { rfc3339OfHrTime } from '../lib/clock.js';
import { boundedJson } from './json.js';
import type { LogRecordLike } from './types.js';

/** Events whose body is the record itself, as canonical JSON that a reader may want to hash. */
const SELF_CONTAINED = 'mcp_audit.';
/** Such a body of more characters is none that this package made. */
const MAX_BODY_CHARS = 1_048_576;

/** The last second of the year 9999, past which RFC 3339 has no form. */
const MAX_SECONDS = 253_402_300_799;
const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** True where writing this text and a line feed makes one line, for readers that end lines at carriage returns too. */
export function isOneLine(text: string): boolean {
  return !/[\n\r]/.test(text);
}

/**
 * The line for a record, without the line feed at its end. An audit record is its body, byte for byte; any other record
 * is one JSON object of what it has. Bounded; never throws, whatever the record holds.
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

/** A member of what may be anything; undefined when it cannot be read. */
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

/** RFC 3339 with nine digits. Undefined for what is no time, and for 0, which says that none is known. */
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
