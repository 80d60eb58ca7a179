/** The application's objects are never written to; only trace context is added on the wire. */
import { trace } from '@opentelemetry/api';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { FLAVOURS, type Flavour, type Pair, text } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';
import { deepFreeze } from './values.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterAll(() => telemetry.shutdown());

const TRACEPARENT = expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
const TRACE_KEYS = ['traceparent', 'tracestate', 'baggage'];

/** Keeps the messages that a transport sends, behind our hooks. */
function record(transport: any): any[] {
  const wire: any[] = [];
  const { send } = transport;
  transport.send = function (message: unknown, options: unknown) {
    wire.push(message);
    return send.call(this, message, options);
  };
  return wire;
}

interface Recorded extends Pair {
  readonly fromClient: any[];
  readonly fromServer: any[];
}

async function recordedPair(flavour: Flavour, options: Parameters<Flavour['pair']>[0] = {}): Promise<Recorded> {
  let fromClient: any[] = [];
  let fromServer: any[] = [];
  const pair = await flavour.pair({
    config: {},
    ...options,
    wrapTransports(client, server) {
      fromClient = record(client);
      fromServer = record(server);
      return [client, server];
    },
  });
  return { ...pair, fromClient, fromServer };
}

/** Params that trace context can be added to, and `_meta` afterwards. */
const INJECTABLE: Readonly<Record<string, unknown>> = {
  missing: undefined,
  empty: {},
  'without _meta': { name: 'echo', arguments: { deep: { er: [1, 2, { est: null }] } } },
  'with an undefined _meta': { name: 'echo', _meta: undefined },
  'with an empty _meta': { name: 'echo', _meta: {} },
  'with a _meta of its own': { _meta: { progressToken: 7, 'example.com/key': { nested: [1] } } },
  'with a __proto__ key': JSON.parse('{"__proto__": {"a": 1}, "_meta": {"__proto__": {"b": 2}, "constructor": 3}}'),
};

/** Params that it cannot be added to: the original message is sent. */
const NOT_INJECTABLE: Readonly<Record<string, unknown>> = {
  null: null,
  'a string': 'params',
  'a number': 0,
  'a boolean': false,
  'an array': [{ _meta: {} }],
  'with a null _meta': { _meta: null },
  'with a string as _meta': { _meta: 'traceparent' },
  'with an array as _meta': { _meta: ['traceparent'] },
  'with a number as _meta': { _meta: 1 },
  'with a traceparent of its own': {
    _meta: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' },
  },
  'with nothing but a tracestate of its own': { _meta: { tracestate: 17 } },
  'with an invalid traceparent': { _meta: { traceparent: 'hello' } },
};

describe.each(FLAVOURS)('a message of $name', (flavour) => {
  it.each(Object.keys(INJECTABLE))('with params %s is not written to, and a copy carries the trace', async (key) => {
    const pair = await recordedPair(flavour);
    for (const id of [undefined, 'an id']) {
      const params = INJECTABLE[key];
      const message = deepFreeze({
        jsonrpc: '2.0',
        method: 'example/method',
        ...(id !== undefined && { id }),
        ...(params !== undefined && { params }),
      }) as { params?: { _meta?: object } };
      const before = structuredClone(message);
      const { length } = pair.fromClient;
      await pair.clientTransport.send(message);
      expect(message).toEqual(before);
      const sent = pair.fromClient[length];
      const { _meta, ...rest } = message.params ?? {};
      expect({ ...sent, params: { ...sent.params, _meta: { ...sent.params._meta } } }).toEqual({
        ...message,
        params: { ...rest, _meta: { ..._meta, traceparent: TRACEPARENT } },
      });
      expect(Object.keys(sent.params)).toEqual(expect.arrayContaining(Object.keys(message.params ?? {})));
      expect(Object.getPrototypeOf(sent.params)).toBe(Object.prototype);
    }
    await pair.close();
  });

  it.each(Object.keys(NOT_INJECTABLE))('with params %s is sent as the original object', async (key) => {
    const pair = await recordedPair(flavour);
    for (const id of [undefined, 'an id']) {
      const message = deepFreeze({
        jsonrpc: '2.0',
        method: 'example/method',
        ...(id !== undefined && { id }),
        params: NOT_INJECTABLE[key],
      });
      const { length } = pair.fromClient;
      await pair.clientTransport.send(message);
      expect(pair.fromClient[length]).toBe(message);
    }
    await pair.close();
  });

  it('that is an answer is sent and delivered as the original object', async () => {
    const result = deepFreeze({ content: [{ type: 'text', text: 'hi' }], _meta: { 'example.com/key': 1 } });
    const arrived: any[] = [];
    const pair = await recordedPair(flavour, { tools: [{ name: 'echo', handler: () => result }] });
    const { onmessage } = pair.clientTransport;
    pair.clientTransport.onmessage = function (message: any, extra: unknown) {
      arrived.push(message);
      return onmessage.call(this, message, extra);
    };
    await pair.client.callTool({ name: 'echo', arguments: {} });
    expect(arrived).toHaveLength(1);
    expect(arrived[0]).toBe(pair.fromServer.at(-1));
    for (const key of TRACE_KEYS) expect(arrived[0].result._meta).not.toHaveProperty(key);
    await pair.close();
  });

  it('keeps the content of a deeply frozen call', async () => {
    const wires: any[] = [];
    for (const instrument of ['none', 'both'] as const) {
      const pair = await recordedPair(flavour, {
        instrument,
        tools: [{ name: 'echo', input: { value: z.any() }, handler: ({ value }) => text(JSON.stringify(value)) }],
      });
      const call = deepFreeze({
        name: 'echo',
        arguments: { value: { a: [1, { b: 2 }] } },
        _meta: { 'example.com/tenant': 'blue', nested: { deep: true } },
      });
      const before = structuredClone(call);
      const result: any = await telemetry.under('caller', () => pair.client.callTool(call));
      expect(result.content).toEqual([{ type: 'text', text: '{"a":[1,{"b":2}]}' }]);
      expect(call).toEqual(before);
      wires.push(pair.fromClient.at(-1));
      await pair.close();
    }
    const [plain, traced] = wires;
    expect(traced).toEqual({
      ...plain,
      params: { ...plain.params, _meta: { ...plain.params._meta, traceparent: TRACEPARENT } },
    });
    // Additions come last: the order of the caller's members stays.
    expect(JSON.stringify(traced).replace(/,"traceparent":"[^"]+"/, '')).toBe(JSON.stringify(plain));
  });

  it('keeps its progress token, and progress notifications carry nothing of ours', async () => {
    const reported: any[] = [];
    const pair = await recordedPair(flavour, {
      tools: [
        {
          name: 'work',
          handler: async (_args, { raw }) => {
            const { progressToken } = raw._meta ?? raw.mcpReq._meta;
            const params = deepFreeze({ progressToken, progress: 1, _meta: { 'example.com/step': 1 } });
            await (raw.sendNotification ?? raw.mcpReq.notify)({ method: 'notifications/progress', params });
            return text('done');
          },
        },
      ],
    });
    const options = { onprogress: (progress: unknown) => reported.push(progress) };
    await pair.client.callTool(
      { name: 'work', arguments: {} },
      ...(flavour.sdk === 'v1' ? [undefined, options] : [options]),
    );
    const { params } = pair.fromClient.at(-1);
    expect(params._meta).toMatchObject({ progressToken: expect.any(Number), traceparent: TRACEPARENT });
    const progress = pair.fromServer.find((message) => message.method === 'notifications/progress');
    expect(progress.params).toMatchObject({ progressToken: params._meta.progressToken, progress: 1 });
    for (const key of TRACE_KEYS) expect(progress.params._meta).not.toHaveProperty(key);
    expect(reported).toEqual([{ progress: 1, _meta: { 'example.com/step': 1 } }]);
    await pair.close();
  });

  it('keeps the traceparent of its caller, which becomes the parent of both spans', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const pair = await recordedPair(flavour, { tools: [{ name: 'echo', handler: () => text('hi') }] });
    const _meta = { traceparent, tracestate: 'vendor=1' };
    await telemetry.under('caller', () => pair.client.callTool({ name: 'echo', arguments: {}, _meta }));
    expect(pair.fromClient.at(-1).params._meta).toMatchObject(_meta);
    const spans = [telemetry.span('client', 'tools/call echo'), await telemetry.ended('server', 'tools/call echo')];
    for (const span of spans) {
      expect(span.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
      expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
      expect(span.spanContext().traceState?.serialize()).toBe('vendor=1');
    }
    await pair.close();
  });

  it('stays in the trace when a gateway forwards the `_meta` it was called with', async () => {
    const forms: Readonly<Record<string, (meta: object) => object>> = {
      'the same object': (meta) => meta,
      'a copy': (meta) => ({ ...meta }),
      'a copy with more': (meta) => ({ ...meta, 'example.com/hop': 1 }),
    };
    const back = await recordedPair(flavour, { tools: [{ name: 'echo', handler: () => text('hi') }] });
    for (const [form, forward] of Object.entries(forms)) {
      telemetry.reset();
      const front = await flavour.pair({
        config: {},
        tools: [
          {
            name: 'gateway',
            handler: async (_args, { raw }) => {
              await new Promise((resolve) => setImmediate(resolve));
              const _meta = forward(deepFreeze(raw._meta ?? raw.mcpReq._meta));
              return text(JSON.stringify(await back.client.callTool({ name: 'echo', arguments: {}, _meta })));
            },
          },
        ],
      });
      await telemetry.under('agent', () => front.client.callTool({ name: 'gateway', arguments: {} }));
      await telemetry.ended('server', 'tools/call gateway');
      const chain = [
        telemetry.spans.find((span) => span.name === 'agent'),
        telemetry.span('client', 'tools/call gateway'),
        telemetry.span('server', 'tools/call gateway'),
        telemetry.span('client', 'tools/call echo'),
        telemetry.span('server', 'tools/call echo'),
      ];
      for (const [index, span] of chain.entries()) {
        expect(span?.parentSpanContext?.spanId, form).toBe(chain[index - 1]?.spanContext().spanId);
      }
      await front.close();
    }
    await back.close();
  });

  it('carries nothing if the application opts out', async () => {
    const config: McpInstrumentationConfig = { propagateContext: (method) => method !== 'tools/call' };
    const pair = await recordedPair(flavour, { config, tools: [{ name: 'echo', handler: () => text('hi') }] });
    await pair.client.callTool({ name: 'echo', arguments: {} });
    const sent = pair.fromClient.at(-1);
    expect(sent.method).toBe('tools/call');
    expect(sent.params._meta ?? {}).not.toHaveProperty('traceparent');
    expect(telemetry.span('client', 'tools/call echo').ended).toBe(true);
    await pair.close();
  });

  it('carries nothing when no propagator is registered', async () => {
    const { propagation } = await import('@opentelemetry/api');
    propagation.disable();
    try {
      const pair = await recordedPair(flavour, { tools: [{ name: 'echo', handler: () => text('hi') }] });
      await pair.client.callTool({ name: 'echo', arguments: {} });
      for (const message of pair.fromClient) expect(JSON.stringify(message)).not.toContain('traceparent');
      await pair.close();
    } finally {
      trace.disable();
      telemetry.tracerProvider.register();
    }
  });
});
