import { randomBytes } from 'node:crypto';
import { eventually } from './eventually.js';

/** A value in OTLP JSON. */
export const anyValue = (value: unknown): unknown => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  throw new TypeError(`no OTLP value: ${value}`);
};

/** Attributes in OTLP JSON. */
export const attributes = (values: Record<string, unknown>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));

export interface LogInput {
  readonly eventName?: string;
  readonly body: string;
  readonly attributes?: Record<string, unknown>;
  /** Default: now. */
  readonly timeMs?: number;
  readonly severityNumber?: number;
  readonly traceId?: string;
  readonly spanId?: string;
}

/** A request body for `/v1/logs`. */
export function logsRequest(records: readonly LogInput[], service = 'weather') {
  const logRecords = records.map(({ timeMs = Date.now(), ...record }) => ({
    timeUnixNano: `${timeMs}000000`,
    observedTimeUnixNano: `${timeMs}000000`,
    severityNumber: record.severityNumber ?? 9,
    ...(record.eventName === undefined ? {} : { eventName: record.eventName }),
    body: { stringValue: record.body },
    attributes: attributes(record.attributes ?? {}),
    ...(record.traceId === undefined ? {} : { traceId: record.traceId, spanId: record.spanId ?? hex(8) }),
  }));
  const resource = { attributes: attributes({ 'service.name': service }) };
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'mcp-trail' }, logRecords }] }] };
}

export interface SpanInput {
  readonly name: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly attributes?: Record<string, unknown>;
  readonly error?: boolean;
  readonly durationMs?: number;
  /** Default: now. */
  readonly endMs?: number;
}

/** A request body for `/v1/traces`. */
export function tracesRequest(inputs: readonly SpanInput[], service = 'weather') {
  const spans = inputs.map(({ endMs = Date.now(), ...span }) => {
    return {
      traceId: span.traceId ?? hex(16),
      spanId: span.spanId ?? hex(8),
      ...(span.parentSpanId ? { parentSpanId: span.parentSpanId } : {}),
      name: span.name,
      kind: 2,
      startTimeUnixNano: `${endMs - (span.durationMs ?? 5)}000000`,
      endTimeUnixNano: `${endMs}000000`,
      attributes: attributes(span.attributes ?? {}),
      status: span.error ? { code: 2 } : {},
    };
  });
  const resource = { attributes: attributes({ 'service.name': service }) };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'mcp-trail' }, spans }] }] };
}

/** Random bytes in hexadecimal, for trace and span ids. */
export const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** Posts JSON and returns the status and text of the response. */
export async function post(base: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, base), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, text: await response.text() };
}

/** Sends log records until they are acknowledged, as an SDK does; returns the number of attempts. */
export async function deliver(base: string, request: unknown): Promise<number> {
  let attempts = 0;
  const acknowledged = () => {
    attempts++;
    return post(base, '/v1/logs', request).then(({ status }) => status === 200);
  };
  await eventually('acknowledgement', acknowledged);
  return attempts;
}
