import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { collectorMetric } from './support/collector-metrics.js';
import { eventually } from './support/eventually.js';
import { hex, logsRequest, post, type SpanInput, tracesRequest } from './support/otlp.js';
import { allTracesFile, auditFile, readLogs, readSpans, tracesFile } from './support/sink.js';

const DECISION_WAIT_MS = 6_000;
const SENSITIVE = 'mcp_audit.data.sensitivity';

let place: Place;
let collector: Running;

beforeAll(async () => {
  place = await collectorPlace();
  const env = {
    MCP_TRACE_SAMPLE_PERCENT: '10',
    MCP_TRACE_DECISION_WAIT: `${DECISION_WAIT_MS}ms`,
    MCP_SENSITIVE_TOOLS: '[send_http_request, delete_customer]',
  };
  collector = await place.start({ backends: ['debug'], sink: true }, env);
});
afterAll(async () => {
  await collector?.kill();
  await place.remove();
});

const send = async (spans: readonly SpanInput[]) =>
  expect(await post(place.otlp, '/v1/traces', tracesRequest(spans))).toMatchObject({ status: 200 });

/** This many traces of one span each. */
const traces = (count: number, span: Omit<SpanInput, 'name'>): (SpanInput & { traceId: string })[] =>
  Array.from({ length: count }, () => ({ name: 'tools/call x', ...span, traceId: hex(16) }));

/** Waits for the decision on a last trace that is always kept; all traces before it are then decided. */
async function decided() {
  const last = traces(1, { error: true });
  await send(last);
  await eventually('decision', () => kept(last));
}

/** The number of these traces that were kept. */
async function kept(spans: readonly { traceId: string }[]) {
  const ids = new Set((await readSpans(tracesFile(place.sink))).map(({ traceId }) => traceId));
  return spans.filter(({ traceId }) => ids.has(traceId)).length;
}

it.concurrent(
  'at 10 % keeps all errors, slow and sensitive calls, including those that end late within the wait',
  async () => {
    const early = {
      error: traces(20, { error: true }),
      slow: traces(20, { durationMs: 6_000 }),
      sensitive: traces(20, { attributes: { 'mcp_audit.sensitive': true } }),
      restricted: traces(20, { attributes: { [SENSITIVE]: 'restricted' } }),
      highlyRestricted: traces(20, { attributes: { [SENSITIVE]: 'highly_restricted' } }),
      tool: traces(20, { attributes: { 'gen_ai.tool.name': 'delete_customer' } }),
    };
    const plain = traces(200, {
      attributes: { 'gen_ai.tool.name': 'delete_customers', [SENSITIVE]: 'internal', 'mcp_audit.sensitive': false },
    });
    const lateError = traces(20, {});
    const lateSensitive = traces(20, {});
    await send([...Object.values(early).flat(), ...plain, ...lateError, ...lateSensitive]);

    // In another batch of decisions, with most of the wait left.
    await setTimeout(1_000);
    await send(lateError.map(({ traceId }) => ({ name: 'late', traceId, error: true })));
    await send(
      lateSensitive.map(({ traceId }) => ({ name: 'late', traceId, attributes: { [SENSITIVE]: 'restricted' } })),
    );
    await decided();

    const all = { ...early, lateError, lateSensitive };
    const counts = await Promise.all(Object.entries(all).map(async ([name, spans]) => [name, await kept(spans)]));
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(Object.keys(all).map((name) => [name, 20])));
    const some = await kept(plain);
    expect(some).toBeGreaterThan(2);
    expect(some).toBeLessThan(60);
    // A trace is kept whole.
    const names = (await readSpans(tracesFile(place.sink))).filter(({ traceId }) => traceId === lateError[0]?.traceId);
    expect(names.map(({ name }) => name).sort()).toEqual(['late', 'tools/call x']);
  },
);

it.concurrent('a span that ends later follows the decision on its trace', async () => {
  const spans = traces(60, {});
  await send(spans);
  await decided();
  await send(spans.map(({ traceId }) => ({ name: 'too late', traceId, error: true })));
  await decided();
  const found = await readSpans(tracesFile(place.sink));
  const ids = new Set(spans.map(({ traceId }) => traceId));
  const tracesWith = (span: string) =>
    found.flatMap(({ name, traceId }) => (name === span && ids.has(traceId) ? [traceId] : [])).sort();
  expect(tracesWith('too late')).toEqual(tracesWith('tools/call x'));
  expect(tracesWith('too late').length).toBeLessThan(spans.length);
});

it.concurrent('statistics count all spans, sampled or not', async () => {
  const spans = traces(100, {});
  await send(spans);
  const ids = async () => new Set((await readSpans(allTracesFile(place.sink))).map(({ traceId }) => traceId));
  await eventually('all spans', ids, { accept: (seen) => spans.every(({ traceId }) => seen.has(traceId)) });
});

describe('audit records are never sampled', () => {
  it.concurrent.each([undefined, 0, 1])('with trace flags %s', async (flags) => {
    const records = Array.from({ length: 300 }, () => ({
      eventName: 'mcp_audit.response',
      body: `flags ${flags}: ${randomUUID()}`,
      traceId: hex(16),
    }));
    const request = logsRequest(records) as any;
    for (const record of request.resourceLogs[0].scopeLogs[0].logRecords) if (flags !== undefined) record.flags = flags;
    expect(await post(place.otlp, '/v1/logs', request)).toMatchObject({ status: 200 });
    const found = async () => new Set((await readLogs(auditFile(place.sink))).map(({ body }) => body.stringValue));
    await eventually('all records', found, { accept: (seen) => records.every(({ body }) => seen.has(body)) });
  });
});

it.concurrent('beyond the limit of pending traces, the oldest are dropped undecided and counted', async () => {
  const other = await collectorPlace();
  // None is decided while the others are sent.
  const env = { MCP_TRACE_MAX_PENDING: '10', MCP_TRACE_DECISION_WAIT: '15s' };
  const running = await other.start({ backends: ['debug'], sink: true }, env);
  try {
    const spans = traces(30, { error: true });
    for (const span of spans)
      expect(await post(other.otlp, '/v1/traces', tracesRequest([span]))).toMatchObject({ status: 200 });
    await eventually('the last', () => readSpans(tracesFile(other.sink)), { accept: (all) => all.length >= 10 });
    const found = (await readSpans(tracesFile(other.sink))).map(({ traceId }) => traceId);
    expect(found.sort()).toEqual(
      spans
        .slice(-10)
        .map(({ traceId }) => traceId)
        .sort(),
    );
    const dropped = 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early';
    expect(await collectorMetric(other.metrics, dropped)).toBe(20);
  } finally {
    await running.kill();
    await other.remove();
  }
});

it.concurrent(
  'by default keeps a trace for an error a minute after its start',
  async () => {
    const other = await collectorPlace();
    const env = { MCP_TRACE_SAMPLE_PERCENT: '0', MCP_TRACE_DECISION_WAIT: undefined };
    const running = await other.start({ backends: ['debug'], sink: true }, env);
    try {
      const traceId = hex(16);
      const plainId = hex(16);
      const [first, plain, late] = ['first', 'plain', 'after a minute'];
      const sendThere = async (span: SpanInput) =>
        expect(await post(other.otlp, '/v1/traces', tracesRequest([span]))).toMatchObject({ status: 200 });
      await sendThere({ name: first, traceId });
      await sendThere({ name: plain, traceId: plainId });
      await setTimeout(62_000);
      await sendThere({ name: late, traceId, error: true });
      const spans = await eventually('the trace', () => readSpans(tracesFile(other.sink)), {
        accept: (all) => all.length > 0,
      });
      expect(spans.map(({ name }) => name).sort()).toEqual([late, first].sort());
    } finally {
      await running.kill();
      await other.remove();
    }
  },
  150_000,
);
