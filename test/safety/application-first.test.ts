/** Whatever happens to the telemetry, the application runs as without it. */
import { diag, type HrTime, metrics, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import { NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { FLAVOURS, type Flavour, text } from '../support/flavours.js';
import { Telemetry } from '../support/telemetry.js';
import { answerRoots, droppedRejections, funnelOf } from './sdk.js';

const telemetry = new Telemetry();
beforeEach(() => telemetry.reset());
afterEach(() => vi.restoreAllMocks());
afterAll(() => telemetry.shutdown());

const boom = (): never => {
  throw new Error('broken telemetry');
};

/** Broken functions that an application may pass. */
const NONSENSE: Readonly<Record<string, () => unknown>> = {
  'a function that throws': boom,
  'a function that throws undefined': () => {
    throw undefined;
  },
  'an async function that rejects': async () => boom(),
  'a function that returns a number': () => 42,
  'a function that returns a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a function that returns a thenable with a throwing then': () => ({
    // biome-ignore lint/suspicious/noThenProperty: the mistake is the point.
    get then() {
      return boom();
    },
  }),
};

interface Breakage {
  readonly name: string;
  /** Breaks something. Returns the options to instrument with, and a count of the uses of the broken thing. */
  breakIt(): { config: McpInstrumentationConfig; hits: () => number };
}

function broken(name: string, target: () => object, member: string): Breakage {
  return {
    name,
    breakIt() {
      const spy = vi.spyOn(target() as Record<string, () => unknown>, member).mockImplementation(boom);
      return { config: {}, hits: () => spy.mock.calls.length };
    },
  };
}

function brokenHook(option: 'requestHook' | 'responseHook' | 'redact' | 'propagateContext'): Breakage[] {
  return Object.entries(NONSENSE).map(([what, implementation]) => ({
    name: `${option} is ${what}`,
    breakIt() {
      let hits = 0;
      // Not a spy of the test runner, which would handle the rejections that it returns.
      const hook = () => {
        hits += 1;
        return implementation() as never;
      };
      const config = { captureArguments: true, captureResults: true, captureErrorMessages: true, [option]: hook };
      return { config, hits: () => hits };
    },
  }));
}

function brokenPropagator(member: keyof TextMapPropagator): Breakage {
  return {
    name: `the propagator's ${member} throws`,
    breakIt() {
      const spy = vi.fn(boom);
      const works: TextMapPropagator = { inject() {}, extract: (context) => context, fields: () => ['traceparent'] };
      propagation.disable();
      propagation.setGlobalPropagator({ ...works, [member]: spy });
      return { config: {}, hits: () => spy.mock.calls.length };
    },
  };
}

function brokenExporter(name: string, exportSpans: (done: (result: any) => void) => void): Breakage {
  return {
    name,
    breakIt() {
      const spy = vi.fn((_spans: ReadableSpan[], done: (result: any) => void) => exportSpans(done));
      const exporter = { export: spy, shutdown: async () => boom(), forceFlush: async () => boom() };
      trace.disable();
      new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
      return { config: {}, hits: () => spy.mock.calls.length };
    },
  };
}

const tracer = () => telemetry.tracerProvider.getTracer('any');
const spanPrototype = () => Object.getPrototypeOf(tracer().startSpan('any')) as object;
const meter = () => telemetry.meterProvider.getMeter('any');

const BREAKAGES: readonly Breakage[] = [
  brokenPropagator('inject'),
  brokenPropagator('extract'),
  brokenPropagator('fields'),
  broken('getTracer throws', () => telemetry.tracerProvider, 'getTracer'),
  broken('startSpan throws', () => Object.getPrototypeOf(tracer()), 'startSpan'),
  broken('span.end throws', spanPrototype, 'end'),
  broken('span.setAttributes throws', spanPrototype, 'setAttributes'),
  broken('span.setStatus throws', spanPrototype, 'setStatus'),
  broken('getMeter throws', () => telemetry.meterProvider, 'getMeter'),
  broken('histogram.record throws', () => Object.getPrototypeOf(meter().createHistogram('any')), 'record'),
  brokenExporter('the exporter throws', boom),
  brokenExporter('the exporter fails', (done) => done({ code: 1, error: new Error('refused') })),
  brokenExporter('the exporter never answers', () => {}),
  ...(['requestHook', 'responseHook', 'redact', 'propagateContext'] as const).flatMap(brokenHook),
  {
    name: 'a hook throws and so does the diagnostics logger',
    breakIt() {
      const log = vi.fn(boom);
      diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log });
      // A failure is reported once per site: no other case of this file uses this one.
      const requestHook = vi.fn((span: { end(time: HrTime): void }) => span.end(null as never) ?? boom());
      return { config: { requestHook } as McpInstrumentationConfig, hits: () => requestHook.mock.calls.length };
    },
  },
];

/** Everything an application can see of one connection with a bit of every feature. */
async function play(flavour: Flavour, instrument: 'both' | 'none', config?: McpInstrumentationConfig) {
  const seen: unknown[] = [];
  const note = (...what: unknown[]) => seen.push(what);
  const pair = await flavour.pair({
    instrument,
    config,
    clientOptions: { capabilities: { roots: {} } },
    configureClient: (client) => {
      answerRoots(flavour, client, () => note('client asked for roots'));
      client.onerror = (error: Error) => note('client error', error.message);
    },
    tools: [
      {
        name: 'echo',
        input: { value: z.string() },
        handler: ({ value }) => {
          note('echo runs', value);
          return text(value);
        },
      },
      {
        name: 'fail',
        handler: () => {
          note('fail runs');
          throw new Error('tool failed');
        },
      },
      {
        name: 'refuse',
        handler: () => {
          note('refuse runs');
          return { ...text('no'), isError: true };
        },
      },
      {
        name: 'progress',
        handler: async (_args, { raw }) => {
          note('progress runs');
          const progressToken = (raw._meta ?? raw.mcpReq._meta).progressToken;
          const notification = { method: 'notifications/progress', params: { progressToken, progress: 1 } };
          await (raw.sendNotification ?? raw.mcpReq.notify)(notification);
          return text('progressed');
        },
      },
      {
        name: 'roots',
        handler: async () => {
          note('roots runs');
          return text(JSON.stringify(await pair.server.listRoots()));
        },
      },
    ],
  });
  pair.server.onerror = (error: Error) => note('server error', error.message);
  const call = (name: string, args: object = {}, options?: object) =>
    pair.client.callTool({ name, arguments: args }, ...(flavour.sdk === 'v1' ? [undefined, options] : [options])).then(
      (result: any) => note(name, 'returned', { content: result.content, isError: result.isError }),
      (error: any) => note(name, 'rejected', error.constructor.name, error.code, error.message),
    );

  await call('echo', { value: 'one' });
  await call('echo', { value: 2 });
  await call('fail');
  await call('refuse');
  await call('missing');
  await call('progress', {}, { onprogress: (progress: unknown) => note('progress', progress) });
  if (flavour.name !== 'v2 2026-07-28') await call('roots');
  await pair.client.listTools().then((list: any) => note(list.tools.map((tool: any) => tool.name)));
  await call('echo', { value: 'aborted' }, { signal: AbortSignal.abort(new Error('no more')) });
  await pair.close();
  await call('echo', { value: 'closed' });
  return seen;
}

describe.each(FLAVOURS)('an application on $name', (flavour) => {
  let plain: unknown[];
  beforeAll(async () => {
    plain = await play(flavour, 'none');
    expect(plain.length).toBeGreaterThan(12);
  });

  it('sees the same with and without instrumentation', async () => {
    expect(await play(flavour, 'both', {})).toEqual(plain);
  });

  it.each(BREAKAGES)('sees the same when $name', async ({ breakIt }) => {
    try {
      const { config, hits } = breakIt();
      const dropped = await droppedRejections(async () => {
        expect(await play(flavour, 'both', config)).toEqual(plain);
      });
      expect(hits()).toBeGreaterThan(0);
      expect(dropped).toEqual([]);
    } finally {
      vi.restoreAllMocks();
      for (const api of [trace, metrics, propagation, diag]) api.disable();
      telemetry.tracerProvider.register();
      metrics.setGlobalMeterProvider(telemetry.meterProvider);
    }
  });

  it('gets the same promise that the SDK made', async () => {
    const made: unknown[] = [];
    const pair = await flavour.pair({ tools: [{ name: 'echo', handler: () => text('hi') }], instrument: 'none' });
    const funnel = funnelOf(pair.client);
    const original = pair.client[funnel];
    Object.getPrototypeOf(pair.client)[funnel] = function (...args: unknown[]) {
      const promise = original.apply(this, args);
      made.push(promise);
      return promise;
    };
    try {
      const { instrumentClient } = await import('../../src/index.js');
      instrumentClient(pair.client, {});
      expect(Object.hasOwn(pair.client, funnel)).toBe(true);
      const got: unknown[] = [];
      const observed = pair.client[funnel];
      pair.client[funnel] = function (...args: unknown[]) {
        const promise = observed.apply(this, args);
        got.push(promise);
        return promise;
      };
      await pair.client.callTool({ name: 'echo', arguments: {} });
      expect(got).toHaveLength(1);
      expect(got[0]).toBe(made[0]);
    } finally {
      delete Object.getPrototypeOf(pair.client)[funnel];
      await pair.close();
    }
  });

  it('gets the same error that its transport failed with', async () => {
    const failure = new Error('the cable is cut');
    const pair = await flavour.pair({ config: {} });
    const { send } = pair.clientTransport;
    pair.clientTransport.send = () => Promise.reject(failure);
    await expect(pair.client.listTools()).rejects.toBe(failure);
    pair.clientTransport.send = send;
    await pair.close();
  });

  it('gets the same error that its abort signal was given', async () => {
    const reason = new Error('changed my mind');
    const pair = await flavour.pair({ config: {} });
    const request = { method: 'tools/list' };
    const signal = AbortSignal.abort(reason);
    const schema = z.any();
    const plain = await flavour.pair({ instrument: 'none' });
    const expected = await plain.client.request(request, schema, { signal }).catch((error: unknown) => error);
    const actual = await pair.client.request(request, schema, { signal }).catch((error: unknown) => error);
    expect(actual === reason).toBe(expected === reason);
    expect(actual).toEqual(expected);
    await pair.close();
    await plain.close();
  });

  // The promise of `request` itself is passed on as it is, and we look at how it settles: Node takes that for handling.
  it('is told by Node.js about a dropped rejection of every method that makes its own promise', async () => {
    for (const instrument of ['none', 'both'] as const) {
      const dropped = await droppedRejections(async () => {
        const pair = await flavour.pair({
          tools: [{ name: 'echo', handler: () => text('hi') }],
          instrument,
          config: {},
        });
        await pair.close();
        void pair.client.callTool({ name: 'echo', arguments: {} });
        void pair.client.callTool({ name: 'echo', arguments: {} });
      });
      expect(dropped.map(String), instrument).toEqual(['Error: Not connected', 'Error: Not connected']);
    }
  });

  it('is observed as before after a request function threw instead of returning a promise', async () => {
    const pair = await flavour.pair({ config: {} });
    const options = {
      get resumptionToken() {
        return boom();
      },
      get timeout() {
        return boom();
      },
    };
    const failed = async () => pair.client.request({ method: 'tools/list' }, z.any(), options);
    await expect(failed()).rejects.toThrow('broken telemetry');
    telemetry.reset();
    // No promise waits for this one.
    await pair.clientTransport.send({ jsonrpc: '2.0', id: 'handmade', method: 'tools/list', params: {} });
    await telemetry.ended('client', 'tools/list');
    await pair.close();
  });
});
