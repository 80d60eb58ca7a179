import { type Context, context, trace } from '@opentelemetry/api';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pipeline } from '../../../../src/emit/pipeline.js';
import { attachProtocol } from '../../../../src/hook/sdk/attach-instance.js';
import { attaching } from '../../../../src/hook/sdk/class-patches.js';
import { attachAtStart, ownerConnected } from '../../../../src/hook/transport/attach-at-start.js';
import { attachTransport } from '../../../../src/hook/transport/attach-transport.js';
import { sightings } from '../../../../src/hook/unobserved/sightings.js';
import { instrumentTransport } from '../../../../src/index.js';
import { resolveConfig } from '../../../../src/options/instrumentation.js';
import { Telemetry } from '../../../support/telemetry.js';

const telemetry = new Telemetry();
let pipeline: Pipeline;
beforeEach(() => {
  telemetry.reset();
  pipeline = new Pipeline({ config: resolveConfig() });
});
afterEach(() => pipeline.shutdown());
afterAll(() => telemetry.shutdown());

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

/** A transport of the application. */
function newTransport() {
  const transport = {
    onmessage: undefined as ((message: unknown) => unknown) | undefined,
    onclose: undefined as (() => void) | undefined,
    sent: [] as unknown[],
    async send(message: unknown) {
      transport.sent.push(message);
    },
    async close() {
      transport.onclose?.();
    },
  };
  return transport;
}

describe('a transport that starts without a protocol instance', () => {
  it('is observed, also if its handler is assigned later', async () => {
    const transport = newTransport();
    attachAtStart(transport, pipeline, 'server');
    const handle = vi.fn();
    transport.onmessage = handle;
    transport.onmessage(PING);
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    expect(handle).toHaveBeenCalledTimes(1);
    expect(telemetry.all('server', 'ping')).toHaveLength(1);
    expect(telemetry.open).toEqual([]);
  });

  it.each([
    ['its end is reported', (transport: ReturnType<typeof newTransport>) => transport.onclose?.()],
    [
      'it is closed, and nobody wants to know',
      (transport: ReturnType<typeof newTransport>) => {
        transport.onclose = undefined;
        return transport.close();
      },
    ],
  ])('ends what is open when %s', async (_name, end) => {
    const transport = newTransport();
    attachAtStart(transport, pipeline, 'client');
    const onclose = vi.fn();
    transport.onclose = onclose;
    await transport.send(PING);
    expect(telemetry.open).toEqual(['CLIENT ping']);
    await end(transport);
    expect(telemetry.open).toEqual([]);
    expect(telemetry.span('client', 'ping').attributes['error.type']).toBe('connection_closed');
    expect(onclose.mock.calls.length).toBeLessThan(2);
  });

  it('stays with what has attached to it before', () => {
    const transport = newTransport();
    attachTransport(transport, pipeline, 'client');
    const { send } = transport;
    const second = new Pipeline({ config: resolveConfig() });
    attachAtStart(transport, second, 'client');
    expect(transport.send).toBe(send);
    second.shutdown();
  });

  it('is left alone inside of a transport that is observed', () => {
    const outer = newTransport();
    attachTransport(outer, pipeline, 'server');
    outer.onmessage = () => {};
    const inner = newTransport();
    inner.onmessage = outer.onmessage;
    const { send } = inner;
    attachAtStart(inner, pipeline, 'server');
    expect(inner.send).toBe(send);
  });

  it('leaves a rejection to the application, which may drop it or handle it', async () => {
    const transport = newTransport();
    const failure = new Error('gone');
    transport.send = () => Promise.reject(failure);
    attachAtStart(transport, pipeline, 'client');
    const dropped: unknown[] = [];
    const note = (reason: unknown) => dropped.push(reason);
    process.on('unhandledRejection', note);
    try {
      await expect(transport.send(PING)).rejects.toBe(failure);
      await new Promise(setImmediate);
      expect(dropped).toEqual([]);
      transport.send({ jsonrpc: '2.0', id: 1, result: {} });
      transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      transport.send({ ...PING, id: 2 });
      await vi.waitFor(() => expect(dropped).toContain(failure), { timeout: 30_000 });
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(telemetry.open).toEqual([]);
  });

  it('is left alone by a pipeline that is switched off', () => {
    const transport = newTransport();
    const { send } = transport;
    pipeline.enabled = false;
    attachAtStart(transport, pipeline, 'client');
    expect(transport.send).toBe(send);
  });
});

/** A stdio server's transport of an SDK. */
function newStdioServer() {
  return Object.assign(newTransport(), { _stdin: process.stdin });
}

const LISTEN = { jsonrpc: '2.0', id: 2, method: 'subscriptions/listen' };
/** Connects a client or server, which starts the transport: SDKs' own show that. */
function connect(transport: object, instance: object = { _serverInfo: { name: 's', version: '1' } }, start = () => {}) {
  attachProtocol(instance, transport, pipeline);
  start();
  ownerConnected(transport, pipeline);
}

describe('a stdio server that starts', () => {
  it('has its listen streams observed alone: an instance may come after the first message', () => {
    const transport = newStdioServer();
    const handle = vi.fn();
    transport.onmessage = handle;
    attachAtStart(transport, pipeline, 'server');
    transport.onmessage(PING);
    transport.onmessage(LISTEN);
    expect(handle).toHaveBeenCalledTimes(2);
    expect(telemetry.open).toEqual(['SERVER subscriptions/listen']);
  });

  it.each(['before', 'after'])('is one end of a relay if a client transport starts %s it', (order) => {
    const transport = newStdioServer();
    transport.onmessage = () => {};
    if (order === 'before') attachAtStart(newTransport(), pipeline, 'client');
    attachAtStart(transport, pipeline, 'server');
    if (order === 'after') attachAtStart(newTransport(), pipeline, 'client');
    transport.onmessage(PING);
    expect(telemetry.open).toEqual(['SERVER ping']);
  });
});

describe('a stdio server that has received requests before a client transport starts', () => {
  const LIST = {
    jsonrpc: '2.0',
    id: 3,
    method: 'tools/list',
    params: { _meta: { traceparent: `00-${'3'.repeat(32)}-${'4'.repeat(16)}-01` } },
  };

  /** A server with a handler, and what it was given. */
  function waiting(handle: (message: any) => unknown = () => {}) {
    const transport = newStdioServer();
    const received: unknown[] = [];
    transport.onmessage = (message) => {
      received.push(message);
      return handle(message);
    };
    attachAtStart(transport, pipeline, 'server');
    return { transport, received };
  }

  function startClient() {
    const client = newTransport();
    attachAtStart(client, pipeline, 'client');
    return client;
  }

  it.each([
    ['at once', () => {}],
    ['later', () => new Promise(setImmediate)],
  ])('has the request observed that makes the client %s, and what the client sends for it', async (_when, before) => {
    let client: ReturnType<typeof newTransport> | undefined;
    const { transport, received } = waiting(async (message) => {
      await before();
      client = startClient();
      await client.send(message);
    });
    await transport.onmessage?.(LIST);
    expect(received).toEqual([LIST]);
    expect(received[0]).toBe(LIST);
    client?.onmessage?.({ jsonrpc: '2.0', id: 3, result: { tools: [] } });
    await transport.send({ jsonrpc: '2.0', id: 3, result: { tools: [] } });
    const relayed = telemetry.span('server', 'tools/list');
    expect(relayed.status.code).toBe(0);
    expect(relayed.attributes['error.type']).toBeUndefined();
    expect(relayed.parentSpanContext?.spanId).toBe('4'.repeat(16));
    await client?.close();
    expect(telemetry.span('client', 'tools/list').parentSpanContext?.spanId).toBe(relayed.spanContext().spanId);
    expect(telemetry.open).toEqual([]);
    expect(telemetry.complaints).toEqual([]);
  });

  it('has its requests observed that are neither answered nor cancelled', async () => {
    const { transport } = waiting();
    transport.onmessage?.(PING);
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    transport.onmessage?.({ ...LIST, id: 'cancelled' });
    transport.onmessage?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'cancelled' } });
    transport.onmessage?.(LISTEN);
    transport.onmessage?.(LIST);
    startClient();
    startClient();
    expect(telemetry.open).toEqual(['SERVER subscriptions/listen', 'SERVER tools/list']);
    expect(telemetry.spans).toEqual([]);
  });

  it('has their time counted from their arrival', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    try {
      const { transport } = waiting();
      transport.onmessage?.({ ...LIST, method: 'prompts/list' });
      vi.advanceTimersByTime(3000);
      startClient();
      vi.advanceTimersByTime(1000);
      await transport.send({ jsonrpc: '2.0', id: 3, result: { prompts: [] } });
    } finally {
      vi.useRealTimers();
    }
    expect(telemetry.span('server', 'prompts/list').duration).toEqual([4, 0]);
    const measured = (await telemetry.series()).filter((each) => each.attributes['mcp.method.name'] === 'prompts/list');
    expect(measured).toMatchObject([
      { metric: 'mcp.server.operation.duration', count: 1, sum: 4 },
      { metric: 'mcp_trail.operations.active', sum: 0 },
    ]);
  });

  it('leaves the spans of those to another instrumentation that we stand back for', () => {
    pipeline.shutdown();
    pipeline = new Pipeline({ config: resolveConfig({ standBack: true }) });
    let handledIn: unknown;
    const { transport } = waiting(() => {
      startClient();
      handledIn = trace.getSpan(context.active());
    });
    const options = { attributes: { 'mcp.method.name': 'tools/list' } };
    trace.getTracer('other').startActiveSpan('tools/list', options, (span) => {
      transport.onmessage?.(LIST);
      expect(handledIn).toBe(span);
      span.end();
    });
    expect(telemetry.open).toEqual([]);
    expect(telemetry.complaints).toEqual([]);
  });

  it('tells the detector of those that it observes', () => {
    const { transport } = waiting();
    const expectation = sightings.expect(LIST);
    transport.onmessage?.(LIST);
    expect(expectation.isMet()).toBe(false);
    startClient();
    expect(expectation.isMet()).toBe(true);
    expectation.end();
  });

  it('has only the first of a flood observed', () => {
    const { transport, received } = waiting();
    for (let id = 0; id < 100; id++) transport.onmessage?.({ ...PING, id });
    startClient();
    expect(received).toHaveLength(100);
    expect(telemetry.open).toHaveLength(8);
  });

  it('passes on what cannot be read', () => {
    const { transport, received } = waiting();
    const hostile = {
      ...PING,
      get params(): unknown {
        throw new Error('not for you');
      },
    };
    let reads = 0;
    const fickle = {
      ...LIST,
      get id(): unknown {
        reads += 1;
        if (reads > 1) throw new Error('not again');
        return 4;
      },
    };
    for (const message of [hostile, fickle, null, 7]) transport.onmessage?.(message);
    expect(received).toEqual([hostile, fickle, null, 7]);
    transport.onmessage?.(LIST);
    startClient();
    expect(telemetry.open).toEqual(['SERVER tools/list']);
  });

  it('lets the application see what its handler throws', () => {
    const failure = new Error('mine');
    const { transport } = waiting(() => {
      throw failure;
    });
    expect(() => transport.onmessage?.(LIST)).toThrow(failure);
  });

  it('notes none any more if it is inside of another, not even through a handler that the application kept', () => {
    const seenIn: Context[] = [];
    const { transport } = waiting(() => seenIn.push(context.active()));
    const kept = transport.onmessage;
    kept?.(LIST);
    connect(newTransport());
    kept?.(LIST);
    startClient();
    expect(telemetry.open).toEqual([]);
    expect(seenIn.map((each) => each === context.active())).toEqual([false, true]);
  });

  it('has none observed a second time if an instance takes them over a channel', async () => {
    const { transport: wire } = waiting((message) => {
      const channel = Object.assign(newTransport(), { _wire: wire });
      channel.send = (answer) => wire.send(answer);
      connect(channel, undefined, () => attachAtStart(channel, pipeline, 'server'));
      channel.onmessage = () => {};
      channel.onmessage(message);
      startClient();
      channel.send({ jsonrpc: '2.0', id: 3, result: { tools: [] } });
    });
    wire.onmessage?.(LIST);
    await vi.waitFor(() => expect(telemetry.spans).toHaveLength(1), { timeout: 30_000 });
    expect(telemetry.open).toEqual([]);
  });
});

describe('a server on HTTP that has received requests before a client transport starts', () => {
  it('has them observed to their end', async () => {
    const transport = newTransport();
    transport.onmessage = () => {};
    attachAtStart(transport, pipeline, 'server');
    transport.onmessage(PING);
    attachAtStart(newTransport(), pipeline, 'client');
    expect(telemetry.open).toEqual(['SERVER ping']);
    await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    expect(telemetry.span('server', 'ping').attributes['error.type']).toBeUndefined();
  });
});

describe('a transport inside of one that a client or server is connected to', () => {
  it('is not observed a second time, whether it copies messages or not', async () => {
    const outer = newTransport();
    connect(outer, { _clientInfo: { name: 'c', version: '1' } });
    const inner = newTransport();
    attachAtStart(inner, pipeline, 'client');
    outer.onmessage = () => {};
    inner.onmessage = (message) => outer.onmessage?.({ ...(message as object) });
    await inner.send({ ...PING });
    inner.onmessage({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    expect(telemetry.all('client', 'ping')).toEqual([]);
    expect(telemetry.all('server', 'notifications/tools/list_changed')).toHaveLength(1);
  });

  it('is observed no longer if it started before', async () => {
    const inner = newTransport();
    attachAtStart(inner, pipeline, 'server');
    connect(newTransport());
    inner.onmessage = () => {};
    inner.onmessage(PING);
    expect(telemetry.open).toEqual([]);
  });

  it('is observed no longer once what connects the instance has returned', () => {
    const inner = newTransport();
    attachAtStart(inner, pipeline, 'server');
    const connectServer = attaching(() => {}, pipeline);
    connectServer.call({ _serverInfo: { name: 's', version: '1' } }, newTransport());
    inner.onmessage = () => {};
    inner.onmessage(PING);
    expect(telemetry.open).toEqual([]);
  });

  it('is told from the transport of a relay beside a client', () => {
    const own = newTransport();
    connect(own, { _clientInfo: { name: 'c', version: '1' } }, () => attachAtStart(own, pipeline, 'client'));
    const relayed = newTransport();
    attachAtStart(relayed, pipeline, 'server');
    relayed.onmessage = () => {};
    relayed.onmessage(PING);
    expect(telemetry.open).toEqual(['SERVER ping']);
  });

  it('keeps its listen streams if it is a stdio server', () => {
    const inner = newStdioServer();
    attachAtStart(newTransport(), pipeline, 'client');
    attachAtStart(inner, pipeline, 'server');
    connect(newTransport());
    inner.onmessage = () => {};
    inner.onmessage(PING);
    inner.onmessage(LISTEN);
    expect(telemetry.open).toEqual(['SERVER subscriptions/listen']);
  });
});

describe('a transport that is instrumented manually', () => {
  it('ends what is open when it closes', async () => {
    const transport = newTransport();
    const handle = instrumentTransport(transport);
    transport.onclose = () => {};
    await transport.send(PING);
    await transport.close();
    expect(telemetry.span('client', 'ping').attributes['error.type']).toBe('connection_closed');
    handle.disable();
  });
});
