/**
 * Keeps the comparison fair: before a timed run, compares what its calls record with one description for both the floor and
 * mcp-trail (and with nothing for variants that must not record).
 */
import assert from 'node:assert/strict';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** Number of calls to check before the timed ones. */
export const CALLS = 3;

/** Throws with the difference. @param {unknown} actual @param {unknown} expected @param {string} what */
function same(actual, expected, what) {
  try {
    assert.deepEqual(actual, expected);
  } catch (error) {
    error.message = `${what}: ${error.message}`;
    throw error;
  }
}

/** Peer attributes; the applications of both SDK lines have the same names. */
const PEERS = {
  client: { role: 'client', name: 'bench-client', version: '1.0.0' },
  server: { role: 'server', name: 'bench-server', version: '1.0.0' },
};

/** Only tool calls are timed, so only their points matter. An instrumentation learns the tool's name from the first call. */
const ofToolCalls = ({ attributes }) =>
  attributes['mcp.method.name'] === 'tools/call' && attributes['gen_ai.tool.name'] !== '_OTHER';

/** @param {import('./application.mjs').Sdk} sdk */
function expectedCall(sdk) {
  const shared = {
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'echo',
    'gen_ai.operation.name': 'execute_tool',
    'mcp.protocol.version': sdk.protocolVersion,
  };
  const span = (peer) => ({
    name: 'tools/call echo',
    attributes: {
      ...shared,
      [`mcp_trail.${peer.role}.name`]: peer.name,
      [`mcp_trail.${peer.role}.version`]: peer.version,
      'jsonrpc.request.id': '<id on the wire>',
    },
    status: { code: SpanStatusCode.UNSET },
    links: 0,
    events: 0,
  });
  const metric = (peer) => ({
    unit: 's',
    attributes: { ...shared, [`mcp_trail.${peer.role}.name`]: peer.name },
    boundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
    count: CALLS,
  });
  const active = (peer, side) => ({
    unit: '{operation}',
    attributes: { ...metric(peer).attributes, 'mcp_trail.side': side },
    active: 0,
  });
  return {
    spans: {
      client: {
        ...span(PEERS.server),
        kind: 'CLIENT',
        parent: 'none',
        remoteParent: false,
        activeInTool: false,
      },
      server: {
        ...span(PEERS.client),
        kind: 'SERVER',
        parent: 'client',
        remoteParent: true,
        activeInTool: true,
      },
    },
    metrics: {
      'mcp.client.operation.duration': [metric(PEERS.server)],
      'mcp.server.operation.duration': [metric(PEERS.client)],
      'mcp_trail.operations.active': [active(PEERS.server, 'client'), active(PEERS.client, 'server')],
    },
  };
}

/** A span without the values that differ from call to call. */
function normaliseSpan(span, client, wire) {
  const { 'jsonrpc.request.id': id, ...attributes } = span.attributes;
  const parent = span.parentSpanContext;
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    attributes: {
      ...attributes,
      'jsonrpc.request.id': id === String(wire.id) ? '<id on the wire>' : id,
    },
    status: span.status,
    links: span.links.length,
    events: span.events.length,
    parent: !parent ? 'none' : parent.spanId === client?.spanContext().spanId ? 'client' : 'another span',
    remoteParent: parent?.isRemote ?? false,
    activeInTool: span.spanContext().spanId === wire.activeSpanId,
  };
}

/** The spans of one call by role; unexpected numbers stay visible in the difference. */
function normaliseCall(spans, wire) {
  const client = spans.find((span) => span.kind === SpanKind.CLIENT);
  const role = (span) => (span.kind === SpanKind.CLIENT ? 'client' : 'server');
  if (spans.length !== 2) return spans.map((span) => normaliseSpan(span, client, wire));
  return Object.fromEntries(spans.map((span) => [role(span), normaliseSpan(span, client, wire)]));
}

/** One trace per call, in the order of the sequential calls. */
function groupByTrace(spans) {
  const traces = new Map();
  for (const span of spans) {
    const { traceId } = span.spanContext();
    traces.set(traceId, [...(traces.get(traceId) ?? []), span]);
  }
  return [...traces.values()];
}

/** Metric points of tool calls, by metric name. */
async function collectToolCalls(opentelemetry) {
  const collected = {};
  for (const metric of await opentelemetry.collectMetrics()) {
    // Sizes come with the audit trail, and have no counterpart in the floor.
    if (metric.descriptor.unit === 'By') continue;
    const points = metric.dataPoints.filter(ofToolCalls).map((point) => ({
      unit: metric.descriptor.unit,
      attributes: { ...point.attributes },
      ...(typeof point.value === 'number'
        ? { active: point.value }
        : { boundaries: [...point.value.buckets.boundaries], count: point.value.count }),
    }));
    if (points.length > 0) collected[metric.descriptor.name] = points;
  }
  return collected;
}

/**
 * Makes some calls and throws unless they record exactly what the variant requires.
 *
 * @param {Awaited<ReturnType<typeof import('./application.mjs').startApplication>>} application
 * @param {ReturnType<typeof import('./opentelemetry.mjs').startOpenTelemetry>} opentelemetry
 */
export async function checkTelemetry(application, opentelemetry, sdk, recorded) {
  const wires = [];
  const spans = await opentelemetry.spansOf(async () => {
    for (let i = 0; i < CALLS; i++) {
      await application.callWitnessed((extra) => {
        wires.push({
          id: sdk.requestId(extra),
          activeSpanId: trace.getActiveSpan()?.spanContext().spanId,
        });
      });
    }
  });
  assert.equal(new Set(wires.map((wire) => wire.id)).size, CALLS, 'each call reaches the tool once, with its own id');

  const expected = expectedCall(sdk);
  const calls = groupByTrace(spans).map((ofOne, index) => normaliseCall(ofOne, wires[index] ?? {}));
  assert.equal(calls.length, recorded ? CALLS : 0, 'traces of the calls');
  for (const call of calls) same(call, expected.spans, 'the spans of a call');

  same(await collectToolCalls(opentelemetry), recorded ? expected.metrics : {}, 'the metrics of the calls');
}

/** Throws unless every call of the timed run was fully recorded: dropping spans would be cheaper. */
export async function checkNothingLost(opentelemetry, recorded, exportedBefore, calls) {
  const exported = (await opentelemetry.countExported()) - exportedBefore;
  assert.equal(exported, recorded ? 2 * calls : 0, 'spans exported for the timed calls');
  const points = Object.values(await collectToolCalls(opentelemetry)).flat();
  const counts = points.map(({ count, active }) => count ?? active);
  assert.deepEqual(counts, recorded ? [CALLS + calls, CALLS + calls, 0, 0] : [], 'measurements of the timed calls');
}
