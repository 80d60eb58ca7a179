/** Trace context outside the message: in the headers of its HTTP request. */
import { createRequire } from 'node:module';
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport as WebServerV1 } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  createMcpHandler,
  McpServer as McpServerV2,
  WebStandardStreamableHTTPServerTransport as WebServerV2,
} from '@modelcontextprotocol/server';
import { context, propagation, ROOT_CONTEXT, type TextMapPropagator, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterEach, describe, expect, it } from 'vitest';
import { instrumentHandler, instrumentServer } from '../../src/index.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { MALFORMED_TRACEPARENTS, REMOTE } from '../safety/values.js';
import { scenarioTelemetry } from '../support/endings.js';
import { text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpFlavour } from '../support/http.js';
import { activeId, idOf, linkedIdsOf, parentIdOf } from '../support/spans.js';

// The SDK's propagators, for `OTEL_PROPAGATORS`.
const sdk = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/sdk-node'));
const { B3InjectEncoding, B3Propagator } = sdk('@opentelemetry/propagator-b3');
const { JaegerPropagator } = sdk('@opentelemetry/propagator-jaeger');

const telemetry = scenarioTelemetry();
const W3C = new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });
const use = (propagator: TextMapPropagator) => {
  propagation.disable();
  propagation.setGlobalPropagator(propagator);
};
afterEach(() => use(W3C));

/** The active span and a baggage entry, as the tool saw them. */
let seen: { span: string | undefined; user: string | undefined }[] = [];
const look = () => {
  seen.push({ span: activeId(), user: propagation.getBaggage(context.active())?.getEntry('user')?.value });
  return text('hi');
};

const CALL = { name: 'look', arguments: {} };

/** The server's span of one call whose HTTP request has these headers, and whose message has no context. */
async function calledWith(
  flavour: HttpFlavour,
  headers: Record<string, string>,
  { config = {}, meta }: { config?: McpInstrumentationConfig; meta?: Record<string, unknown> } = {},
) {
  seen = [];
  const pair = await flavour.pair({
    configure: (server) => server.registerTool('look', {}, look),
    config: { propagateContext: () => false, ...config },
    transportOptions: () => ({ requestInit: { headers } }),
  });
  telemetry.reset();
  await pair.client.callTool({ ...CALL, ...(meta && { _meta: meta }) });
  const span = await telemetry.ended('server', 'tools/call look');
  const client = telemetry.span('client', 'tools/call look');
  await pair.close();
  return { span, client };
}

const HEADERS = { traceparent: REMOTE.traceparent, tracestate: 'vendor=1', baggage: 'user=7' };

describe.each(HTTP_FLAVOURS)('a server of $name', (flavour) => {
  it('uses the trace context in the headers of a request as the parent of a message without one', async () => {
    const { span } = await calledWith(flavour, HEADERS);
    expect(span.parentSpanContext).toMatchObject({ traceId: REMOTE.traceId, spanId: REMOTE.spanId, isRemote: true });
    expect(span.parentSpanContext?.traceState?.serialize()).toBe('vendor=1');
    expect(span.links).toEqual([]);
    expect(seen).toEqual([{ span: idOf(span), user: '7' }]);
  });

  it('prefers the context in the message', async () => {
    const { span, client } = await calledWith(flavour, HEADERS, { config: { propagateContext: () => true } });
    expect(parentIdOf(span)).toBe(idOf(client));
    expect(span.links).toEqual([]);
  });

  it('keeps the baggage of a message whose trace context is in the headers', async () => {
    const { span } = await calledWith(flavour, { traceparent: REMOTE.traceparent }, { meta: { baggage: 'user=8' } });
    expect(parentIdOf(span)).toBe(REMOTE.spanId);
    expect(seen).toEqual([{ span: idOf(span), user: '8' }]);
  });

  it('only links to headers that it does not trust', async () => {
    const { span } = await calledWith(flavour, HEADERS, { config: { trustIncomingContext: 'link' } });
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(REMOTE.traceId);
    expect(linkedIdsOf(span)).toEqual([REMOTE.spanId]);
    expect(seen).toEqual([{ span: idOf(span), user: undefined }]);
  });

  it('treats a trace context that the application copies from a header into a message as a forwarded one', async () => {
    const upstream = await flavour.pair({ configure: (server) => server.registerTool('look', {}, look) });
    const gateway = await flavour.pair({
      configure: (server) =>
        server.registerTool('ask', {}, () =>
          upstream.client.callTool({ ...CALL, _meta: { traceparent: REMOTE.traceparent } }),
        ),
      config: { propagateContext: (method) => method === 'tools/call' && false },
      transportOptions: () => ({ requestInit: { headers: HEADERS } }),
    });
    telemetry.reset();
    await gateway.client.callTool({ name: 'ask', arguments: {} });
    const asked = await telemetry.ended('server', 'tools/call ask');
    expect(parentIdOf(asked)).toBe(REMOTE.spanId);
    expect(parentIdOf(telemetry.span('client', 'tools/call look'))).toBe(idOf(asked));
    await gateway.close();
    await upstream.close();
  });
});

const FLAVOUR = HTTP_FLAVOURS[0] as HttpFlavour;
const B3 = { 'X-B3-TraceId': REMOTE.traceId, 'X-B3-SpanId': REMOTE.spanId, 'X-B3-Sampled': '1' };

describe('the headers of a request', () => {
  it.each<[string, TextMapPropagator, Record<string, string>]>([
    ['B3 in several headers', new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }), B3],
    ['B3 in one header', new B3Propagator(), { b3: `${REMOTE.traceId}-${REMOTE.spanId}-1` }],
    [
      'Jaeger',
      new JaegerPropagator(),
      { 'uber-trace-id': `${REMOTE.traceId}:${REMOTE.spanId}:0:1`, 'uberctx-user': '7' },
    ],
  ])('are read by the configured propagator: %s', async (_name, propagator, headers) => {
    use(propagator);
    const { span } = await calledWith(FLAVOUR, headers);
    expect(span.parentSpanContext).toMatchObject({ traceId: REMOTE.traceId, spanId: REMOTE.spanId });
    expect(seen[0]?.user).toBe('uberctx-user' in headers ? '7' : undefined);
  });

  const sendable = Object.entries(MALFORMED_TRACEPARENTS).filter(
    ([, value]) => typeof value === 'string' && value.length < 1000 && !/[\r\n]/.test(value),
  ) as [string, string][];

  it.each(sendable)('are ignored if the trace context is %s', async (_name, traceparent) => {
    const { span } = await calledWith(FLAVOUR, { traceparent });
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.links).toEqual([]);
  });

  it('are not read if no propagator is configured', async () => {
    propagation.disable();
    const { span } = await calledWith(FLAVOUR, HEADERS);
    expect(span.parentSpanContext).toBeUndefined();
  });
});

/** Hosts without Node's HTTP server: the SDK gets a web request and returns a response. */
const WEB_HOSTS = {
  v1: () => {
    const server = new McpServerV1({ name: 'web', version: '1.0.0' });
    server.registerTool('look', {}, look);
    instrumentServer(server);
    const transport = new WebServerV1({ sessionIdGenerator: () => 'session', enableJsonResponse: true });
    const ready = server.connect(transport as never);
    const handle = (request: Request) => ready.then(() => transport.handleRequest(request));
    return { handle, client: new ClientV1({ name: 'c', version: '1' }), Transport: HttpClientV1 };
  },
  'v2 legacy': () => {
    const server = new McpServerV2({ name: 'web', version: '1.0.0' });
    server.registerTool('look', {}, look);
    instrumentServer(server);
    const transport = new WebServerV2({ sessionIdGenerator: () => 'session', enableJsonResponse: true });
    const ready = server.connect(transport);
    const handle = (request: Request) => ready.then(() => transport.handleRequest(request));
    return { handle, client: new ClientV2({ name: 'c', version: '1' }), Transport: HttpClientV2 };
  },
  'v2 2026-07-28': () => {
    const handler = createMcpHandler(() => {
      const server = new McpServerV2(
        { name: 'web', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true } } },
      );
      server.registerTool('look', {}, look);
      instrumentServer(server);
      return server;
    });
    instrumentHandler(handler);
    const client = new ClientV2({ name: 'c', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    return { handle: (request: Request) => handler.fetch(request), client, Transport: HttpClientV2 };
  },
} as const;

describe.each(Object.keys(WEB_HOSTS) as (keyof typeof WEB_HOSTS)[])('a host of the web, on %s', (name) => {
  /** @param around runs around the host, like an HTTP instrumentation */
  async function connect(around: (handle: () => Promise<Response>) => Promise<Response> = (handle) => handle()) {
    seen = [];
    const { handle, client, Transport } = WEB_HOSTS[name]();
    const fetch = (url: URL | string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      for (const [key, value] of Object.entries(HEADERS)) headers.set(key, value);
      return context.with(ROOT_CONTEXT, () => around(() => handle(new Request(url, { ...init, headers }))));
    };
    await (client as any).connect(new (Transport as any)(new URL('http://web.test/mcp'), { fetch }));
    telemetry.reset();
    return client as any;
  }

  it('has its parent in the headers as well', async () => {
    const client = await connect();
    await client.callTool(CALL);
    const span = await telemetry.ended('server', 'tools/call look');
    expect(span.parentSpanContext).toMatchObject({ traceId: REMOTE.traceId, spanId: REMOTE.spanId, isRemote: true });
    expect(seen).toEqual([{ span: idOf(span), user: '7' }]);
    await client.close();
  });

  it('has the active span as its parent, if there is one', async () => {
    const outer = trace.getTracer('http').startSpan('POST /mcp');
    const client = await connect((handle) => context.with(trace.setSpan(ROOT_CONTEXT, outer), handle));
    await client.callTool(CALL);
    expect(parentIdOf(await telemetry.ended('server', 'tools/call look'))).toBe(idOf(outer as never));
    outer.end();
    await client.close();
  });

  if (name === 'v2 2026-07-28') {
    it('has the parent of a listen stream there, too', async () => {
      const client = await connect();
      const subscription = await client.listen({ toolsListChanged: true });
      await subscription.close();
      const span = await telemetry.ended('server', 'subscriptions/listen');
      expect(parentIdOf(span)).toBe(REMOTE.spanId);
      await client.close();
    });
  }
});
