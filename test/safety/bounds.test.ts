/** All stores are bounded, whatever peers and applications do, and emptied when no longer needed. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';
import { NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentTransport } from '../../src/index.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { Telemetry, until } from '../support/telemetry.js';
import { settled, storesOf } from './sdk.js';

const MANY = 100_000;
const BOUND = 1000;
const SAMPLED = 100;
const MEGABYTES = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const telemetry = new Telemetry();
/** Spans are counted and not kept: a store of spans would hide our own stores. */
const spans = { started: 0, ended: 0, open: new Set<string>() };
/** Every hundredth span, held weakly: it lives as long as an operation of ours or of the SDK refers to it. */
let sample: WeakRef<object>[] = [];
const counter = {
  onStart(span: ReadableSpan) {
    if (spans.started % SAMPLED === 0) sample.push(new WeakRef(span));
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
  sample = [];
});
afterAll(() => telemetry.shutdown());

/** About how many spans are still referenced. */
async function livingSpans(): Promise<number> {
  // Objects in use live to the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return sample.filter((span) => span.deref() !== undefined).length * SAMPLED;
}

async function evictions(): Promise<number> {
  const series = await telemetry.series();
  return series
    .filter(({ metric }) => metric === 'mcp_trail.operations.evicted')
    .reduce((sum, { sum: n }) => sum + n, 0);
}

/** The two SDK lines. The protocol era makes no difference to the stores. */
const LINES = FLAVOURS.slice(0, 2) as readonly Flavour[];

describe.each(LINES)('on $name', (flavour) => {
  it('a hundred thousand requests without an answer leave a thousand operations, and no span open', async () => {
    const before = await evictions();
    const pair = await flavour.pair({ instrument: 'client', config: { maxPendingOperations: BOUND } });
    const stores = storesOf(pair.clientTransport);
    // From here on the server does not answer.
    pair.serverTransport.onmessage = () => {};
    spans.started = 0;
    spans.ended = 0;
    sample = [];
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
    expect(await livingSpans()).toBeLessThanOrEqual(BOUND + SAMPLED);
    expect((await evictions()) - before).toBe(MANY - BOUND);

    await pair.close();
    await until(() => rejected === MANY, 'the SDK to reject them all');
    expect(stores.open).toBe(0);
    expect(stores.requests).toBe(0);
    expect(spans).toMatchObject({ started: MANY, ended: MANY });
    expect(await livingSpans()).toBeLessThanOrEqual(SAMPLED);
  }, 240_000);

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
    expect(await livingSpans()).toBeLessThanOrEqual(SAMPLED);
    expect(heapUsed() - before).toBeLessThan(2 * MEGABYTES);
    await pair.close();
  });

  it('a request that is aborted, times out or is never answered is released with the connection', async () => {
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
  it('keeps no more unanswered requests than its bound, in both directions', async () => {
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
    expect(await livingSpans()).toBeLessThanOrEqual(BOUND + SAMPLED);
  });

  it('keeps no megabytes of a peer’s names', async () => {
    const sessionId = 'session '.repeat(125_000);
    const transport: any = { send: async () => {}, onmessage: () => {}, sessionId };
    instrumentTransport(transport, { captureArguments: true, maxPendingOperations: 40 });
    const kept: unknown[] = [];
    const { onEnd } = counter;
    counter.onEnd = (span) => {
      kept.push(span.attributes, span.name);
      onEnd(span);
    };
    try {
      const before = heapUsed();
      for (let n = 0; n < 10; n++) {
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
      expect(storesOf(transport).open).toBe(40);
      expect(kept.length).toBe(160);
      expect(JSON.stringify(kept).length).toBeLessThan(1 * MEGABYTES);
      expect(heapUsed() - before).toBeLessThan(20 * MEGABYTES);
    } finally {
      counter.onEnd = onEnd;
    }
  });
});
