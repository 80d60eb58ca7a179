/**
 * The baseline: hand-written OpenTelemetry code for one tool with the same spans, metrics and propagation as mcp-trail.
 * `telemetry.mjs` verifies before every timed run that both record the same. Hand-written code knows some values that an
 * instrumentation must find out: the tool, the ids, the protocol.
 */
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('bench-floor');
const meter = metrics.getMeter('bench-floor');

const seconds = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  },
};
const clientDuration = meter.createHistogram('mcp.client.operation.duration', seconds);
const serverDuration = meter.createHistogram('mcp.server.operation.duration', seconds);
const operations = meter.createUpDownCounter('mcp_trail.operations.active', { unit: '{operation}' });

/** The attributes that a span and its metric share. */
const describe = (tool, sdk) => ({
  'mcp.method.name': 'tools/call',
  'gen_ai.tool.name': tool,
  'gen_ai.operation.name': 'execute_tool',
  'mcp.protocol.version': sdk.protocolVersion,
});

/** Peer names and versions, which the application knows. */
const SERVER = { name: 'bench-server', version: '1.0.0' };
const CLIENT = { name: 'bench-client', version: '1.0.0' };

const errorTypeOf = (error) => String(error?.code ?? error?.name ?? '_OTHER');

/** Ends the span and records the duration, both with the same `error.type`. */
function finish(span, histogram, start, attributes, errorType) {
  if (errorType) span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  const labels = errorType ? { ...attributes, 'error.type': errorType } : attributes;
  histogram.record((performance.now() - start) / 1000, labels);
}

/** @type {import('./application.mjs').Addition['caller']} */
export function caller(client, sdk) {
  // The SDK numbers requests from 0, which is `initialize`; all others are tool calls.
  let requestId = 0;
  return async (params) => {
    requestId += 1;
    const start = performance.now();
    const attributes = { ...describe(params.name, sdk), 'mcp_trail.server.name': SERVER.name };
    const sided = { ...attributes, 'mcp_trail.side': 'client' };
    operations.add(1, sided);
    const span = tracer.startSpan(`tools/call ${params.name}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        ...attributes,
        'mcp_trail.server.version': SERVER.version,
        'jsonrpc.request.id': String(requestId),
      },
    });
    const active = trace.setSpan(context.active(), span);
    const _meta = { ...params._meta };
    propagation.inject(active, _meta);
    let errorType;
    try {
      const result = await context.with(active, () => client.callTool({ ...params, _meta }));
      if (result.isError) errorType = 'tool_error';
      return result;
    } catch (error) {
      errorType = errorTypeOf(error);
      throw error;
    } finally {
      finish(span, clientDuration, start, attributes, errorType);
      operations.add(-1, sided);
    }
  };
}

/** @type {import('./application.mjs').Addition['tool']} */
export function tool(name, handler, sdk) {
  const attributes = { ...describe(name, sdk), 'mcp_trail.client.name': CLIENT.name };
  const sided = { ...attributes, 'mcp_trail.side': 'server' };
  return async (args, extra) => {
    const start = performance.now();
    operations.add(1, sided);
    const parent = propagation.extract(context.active(), sdk.requestMeta(extra));
    const span = tracer.startSpan(
      `tools/call ${name}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          ...attributes,
          'mcp_trail.client.version': CLIENT.version,
          'jsonrpc.request.id': String(sdk.requestId(extra)),
        },
      },
      parent,
    );
    let errorType;
    try {
      const result = await context.with(trace.setSpan(parent, span), () => handler(args, extra));
      if (result.isError) errorType = 'tool_error';
      return result;
    } catch (error) {
      errorType = errorTypeOf(error);
      throw error;
    } finally {
      finish(span, serverDuration, start, attributes, errorType);
      operations.add(-1, sided);
    }
  };
}
