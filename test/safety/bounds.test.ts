/** What we keep is bounded, whatever peers and applications do, and gone when it is not needed any more. */
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';
import { NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentTransport } from '../../src/index.js';
import { Operation } from '../../src/session/operation.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { Telemetry, until } from '../support/telemetry.js';
import { settled, storesOf } from './sdk.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** How many operations exist, whoever holds them. */
function liveOperations(): number {
  return queryObjects(Operation, { format: 'count' }) as unknown as number;
}

const telemetry = new Telemetry();
/** Spans are counted and let go: a store of them would hide ours. */
const spans = { started: 0, ended: 0, open: new Set<string>() };
const counter = {
  onStart(span: ReadableSpan) {
    spans.started += 1;
    spans.open.add(span.spanContext().spanId);
  },
  onEnd(span: ReadableSpan) {
    spans.ended += 1;
    spans.open.delete(span.spanContext().spanId);
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
trace.disable();
new NodeTracerProvider({ spanProcessors: [counter as never] }).register();
beforeEach(() => {
  spans.started = 0;
  spans.ended = 0;
  spans.open.clear();
});
afterAll(() => telemetry.shutdown());

const MANY = 100_000;
const BOUND = 1000;
const MEGABYTES = 1_000_000;
/** What the engine has not yet let go of when it is asked, such as the last arguments of a function. */
const SLACK = 10;

async function evictions(): Promise<number> {
  const series = await telemetry.series();
  return series
    .filter(({ metric }) => metric === 'mcp_trail.operations.evicted')
    .reduce((sum, { sum: n }) => sum + n, 0);
}

/** The two SDK lines; what the protocol's era changes is not what is kept. */
const LINES = FLAVOURS.slice(0, 2) as readonly Flavour[];

describe.each(LINES)('on $name', (flavour) => {
  it('a hundred thousand requests without an answer leave a thousand operations, and no span open', async () => {
    const before = await evictions();
    const pair = await flavour.pair({ instrument: 'client', config: { maxPendingOperations: BOUND } });
    const stores = storesOf(pair.clientTransport);
    // From here on the server is deaf.
    pair.serverTransport.onmessage = () => {};
    spans.started = 0;
    spans.ended = 0;
    let rejected = 0;
    const request = { method: 'tools/call', params: { name: 'echo' } };
    for (let sent = 0; sent < MANY; sent++) {
      pair.client.request(request, z.any(), { timeout: 600_000 }).catch(() => {
        rejected += 1;
      });
      if (sent % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (sent % 1000 === 0) expect(stores.open).toBeLessThanOrEqual(BOUND);
    }
    expect(stores.open).toBe(BOUND);
    expect(stores.requests).toBe(BOUND);
    expect(spans).toMatchObject({ started: MANY, ended: MANY - BOUND });
    expect(liveOperations()).toBeLessThanOrEqual(BOUND + SLACK);
    expect((await evictions()) - before).toBe(MANY - BOUND);

    await pair.close();
    await until(() => rejected === MANY, 'the SDK to reject them all');
    expect(stores.open).toBe(0);
    expect(stores.requests).toBe(0);
    expect(spans).toMatchObject({ started: MANY, ended: MANY });
    expect(liveOperations()).toBeLessThanOrEqual(SLACK);
  }, 60_000);

  it('ten thousand handlers that never answer leave a thousand operations open', async () => {
    const pair = await flavour.pair({
      instrument: 'server',
      config: { maxPendingOperations: BOUND },
      tools: [{ name: 'hang', handler: () => new Promise(() => {}) }],
    });
    const stores = storesOf(pair.serverTransport);
    const total = 10_000;
    for (let id = 1; id <= total; id++) {
      await pair.clientTransport.send({ jsonrpc: '2.0', id: `h${id}`, method: 'tools/call', params: { name: 'hang' } });
    }
    expect(stores.open).toBe(BOUND);
    expect(stores.requests).toBe(BOUND);
    expect(spans.open.size).toBe(BOUND);
    await pair.close();
    expect(stores.open).toBe(0);
    expect(stores.requests).toBe(0);
    expect(spans.open.size).toBe(0);
  });

  it('ten thousand calls leave nothing', async () => {
    const pair = await flavour.pair({
      config: {},
      tools: [
        { name: 'echo', handler: () => text('hi') },
        {
          name: 'fail',
          handler: () => {
            throw new Error('failed');
          },
        },
      ],
    });
    const stores = [pair.clientTransport, pair.serverTransport].map(storesOf);
    const call = async (name: string) => {
      for (let time = 0; time < 100; time++) await pair.client.callTool({ name, arguments: {} });
    };
    await call('echo');
    const before = heapUsed();
    for (let time = 0; time < 99; time++) await call(time % 10 === 0 ? 'fail' : 'echo');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stores.map(({ open, requests }) => [open, requests])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(spans.open.size).toBe(0);
    expect(liveOperations()).toBeLessThanOrEqual(SLACK);
    expect(heapUsed() - before).toBeLessThan(2 * MEGABYTES);
    await pair.close();
  });

  it('a request that is aborted, times out or is never answered is let go with the connection', async () => {
    const pair = await flavour.pair({ config: {}, tools: [{ name: 'hang', handler: () => new Promise(() => {}) }] });
    const stores = [pair.clientTransport, pair.serverTransport].map(storesOf);
    const request = { method: 'tools/call', params: { name: 'hang' } };
    const controller = new AbortController();
    const pending = [{ signal: controller.signal }, { timeout: 1 }, {}].map((options) =>
      settled(pair.client.request(request, z.any(), options)),
    );
    controller.abort();
    await pending[0];
    await pending[1];
    await until(() => stores.every(({ open }) => open === 1), 'the two that were given up to end');
    await pair.close();
    await pending[2];
    expect(stores.map(({ open, requests }) => [open, requests])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(spans.open.size).toBe(0);
  });
});

describe('a transport by itself', () => {
  it('keeps no more than its bound of what is never answered, in both directions', async () => {
    const transport: any = { send: async () => {}, onmessage: () => {} };
    instrumentTransport(transport, { maxPendingOperations: BOUND });
    const stores = storesOf(transport);
    for (let id = 0; id < 10_000; id++) {
      void transport.send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: `tool ${id}` } });
      transport.onmessage({ jsonrpc: '2.0', id: `r${id}`, method: 'tools/call', params: { name: `tool ${id}` } });
    }
    expect(stores.open).toBe(BOUND);
    expect(stores.requests).toBe(BOUND);
    expect(spans.open.size).toBe(BOUND);
    await new Promise((resolve) => setImmediate(resolve));
    expect(liveOperations()).toBeLessThanOrEqual(BOUND + SLACK);
  });

  it('keeps no megabytes of what a peer calls things', async () => {
    const transport: any = { send: async () => {}, onmessage: () => {} };
    instrumentTransport(transport, { captureArguments: true, maxPendingOperations: 100 });
    const kept: unknown[] = [];
    const { onEnd } = counter;
    counter.onEnd = (span) => {
      kept.push(span.attributes, span.name);
      onEnd(span);
    };
    try {
      const before = heapUsed();
      for (let n = 0; n < 25; n++) {
        const name = `${n} ${'name '.repeat(200_000)}`;
        for (const params of [
          { name },
          { uri: `file:///${name}` },
          { uri: `a?${name}` },
          { name: 'x', arguments: { name } },
        ]) {
          for (const method of ['tools/call', 'resources/read', name]) {
            const message = { jsonrpc: '2.0', id: `${params.uri?.length} ${method.length} ${name}`, method, params };
            transport.onmessage(JSON.parse(JSON.stringify(message)));
          }
        }
      }
      expect(storesOf(transport).open).toBe(100);
      expect(kept.length).toBe(400);
      expect(heapUsed() - before).toBeLessThan(10 * MEGABYTES);
    } finally {
      counter.onEnd = onEnd;
    }
  });

  it('has as many names in its metrics as have proven to be real, and no more than its bound', async () => {
    const transport: any = { send: async () => {}, onmessage: () => {} };
    instrumentTransport(transport, {});
    const version = (n: number) => ({ _meta: { 'io.modelcontextprotocol/protocolVersion': `v${n}` } });
    const answers: Readonly<Record<string, (n: number) => object>> = {
      succeeds: () => ({ result: {} }),
      fails: (n) => ({ error: { code: n, message: `failure ${n}` } }),
      refuses: () => ({ result: { isError: true } }),
      'fails oddly': (n) => ({ error: { code: `code ${n}`, message: '' } }),
    };
    for (const [outcome, answer] of Object.entries(answers)) {
      for (let n = 0; n < 5000; n++) {
        const calls = [
          { method: 'tools/call', params: { name: `${outcome} tool ${n}` } },
          { method: 'prompts/get', params: { name: `${outcome} prompt ${n}` } },
          { method: `${outcome}/${n}`, params: {} },
          { method: 'ping', params: version(n) },
          { method: 'x'.repeat(200) + n, params: {} },
        ];
        for (const [kind, call] of calls.entries()) {
          const id = `${outcome} ${kind} ${n}`;
          transport.onmessage({ jsonrpc: '2.0', id, ...call });
          void transport.send({ jsonrpc: '2.0', id, ...answer(n) });
        }
        transport.onmessage({ jsonrpc: '2.0', method: `${outcome}/${n}` });
        if (n % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await until(() => storesOf(transport).open === 0, 'all answers to be sent');

    const names: Record<string, Set<unknown>> = {};
    for (const { metric, attributes } of await telemetry.series()) {
      if (metric !== 'mcp.server.operation.duration') continue;
      for (const [key, value] of Object.entries(attributes)) {
        names[key] = (names[key] ?? new Set()).add(value);
        expect(String(value).length, key).toBeLessThanOrEqual(128);
      }
    }
    const counts = Object.fromEntries(Object.entries(names).map(([key, { size }]) => [key, size]));
    expect(counts).toEqual({
      // Names that have succeeded, up to a number for each kind, and `_OTHER` for all the others.
      'gen_ai.tool.name': 501,
      'gen_ai.prompt.name': 501,
      'mcp.method.name': expect.toSatisfy((count: number) => count > 100 && count <= 150),
      'mcp.protocol.version': expect.toSatisfy((count: number) => count > 10 && count <= 20),
      // The first codes there are, `_OTHER`, and `tool_error`.
      'rpc.response.status_code': 51,
      'error.type': 52,
      'gen_ai.operation.name': 1,
    });
  }, 60_000);
});
