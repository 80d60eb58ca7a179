/** A stdio server continues the trace whose context is in its environment. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child } from './child.js';
import { HANDSHAKE } from './stdio-servers.js';
import { REMOTE } from './values.js';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
beforeEach(() => {
  receiver.spans.length = 0;
});
afterAll(() => receiver.close());

const OTHER = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
const CONTEXT = { TRACEPARENT: REMOTE.traceparent, TRACESTATE: 'vendor=1', BAGGAGE: 'user=7' };

function callWhere(meta?: Record<string, string>): string {
  const params = { name: 'where', arguments: {}, ...(meta && { _meta: meta }) };
  return JSON.stringify({ jsonrpc: '2.0', id: 'where', method: 'tools/call', params });
}

/** The spans of one call of a server with these variables, and the baggage that its tool saw. */
async function serve(sdk: string, env: Record<string, string>, call = callWhere()) {
  const child = new Child(['--import', 'mcp-trail/register', 'test/fixtures/context-server.mjs', sdk], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...env,
  });
  child.write(...HANDSHAKE, call);
  await child.printed('"id":"where"');
  child.endInput();
  const { code, stdout, stderr } = await child.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const answer = stdout.split('\n').find((line) => line.includes('"id":"where"')) as string;
  return { spans: [...receiver.spans], baggage: JSON.parse(JSON.parse(answer).result.content[0].text) };
}

const named = (spans: readonly any[], name: string) => spans.find((span) => span.name === name);

describe.each(['v1', 'v2'])('a stdio server of SDK %s', (sdk) => {
  it('uses the context in its environment as the parent of every message without one', async () => {
    const { spans, baggage } = await serve(sdk, CONTEXT);
    for (const name of ['initialize', 'notifications/initialized', 'tools/call where']) {
      expect(named(spans, name), name).toMatchObject({ traceId: REMOTE.traceId, parentSpanId: REMOTE.spanId });
    }
    expect(baggage).toEqual({ user: '7' });
  });

  it('prefers the context in a message', async () => {
    const traceparent = `00-${OTHER.traceId}-${OTHER.spanId}-01`;
    const { spans } = await serve(sdk, CONTEXT, callWhere({ traceparent }));
    expect(named(spans, 'tools/call where')).toMatchObject({ traceId: OTHER.traceId, parentSpanId: OTHER.spanId });
    expect(named(spans, 'initialize')).toMatchObject({ traceId: REMOTE.traceId, parentSpanId: REMOTE.spanId });
  });

  it('only links to it if it is configured to trust no context', async () => {
    const { spans, baggage } = await serve(sdk, { ...CONTEXT, MCP_TRAIL_TRUST_INCOMING_CONTEXT: 'link' });
    const span = named(spans, 'tools/call where');
    expect(span.traceId).not.toBe(REMOTE.traceId);
    expect(span.links).toEqual([expect.objectContaining({ traceId: REMOTE.traceId, spanId: REMOTE.spanId })]);
    expect(baggage).toEqual({});
  });

  it.each([
    '',
    'hello',
    REMOTE.traceparent.toUpperCase(),
    `00-${'0'.repeat(32)}-${REMOTE.spanId}-01`,
    'x'.repeat(100_000),
  ])('ignores an invalid TRACEPARENT (%#)', async (value) => {
    const { spans } = await serve(sdk, { TRACEPARENT: value, TRACESTATE: value, BAGGAGE: value });
    const span = named(spans, 'tools/call where');
    expect(span.parentSpanId || undefined).toBeUndefined();
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});

it('a message that a stdio server sends unprompted belongs to the trace in its environment', async () => {
  const { spans } = await serve('v1', CONTEXT);
  expect(named(spans, 'notifications/message')).toMatchObject({ traceId: REMOTE.traceId, parentSpanId: REMOTE.spanId });
});

it('the configured propagators read the environment', async () => {
  const variables = { X_B3_TRACEID: REMOTE.traceId, X_B3_SPANID: REMOTE.spanId, X_B3_SAMPLED: '1' };
  const { spans } = await serve('v1', {
    ...CONTEXT,
    ...variables,
    TRACEPARENT: `00-${OTHER.traceId}-${OTHER.spanId}-01`,
    OTEL_PROPAGATORS: 'b3multi',
  });
  expect(named(spans, 'tools/call where')).toMatchObject({ traceId: REMOTE.traceId, parentSpanId: REMOTE.spanId });
});
