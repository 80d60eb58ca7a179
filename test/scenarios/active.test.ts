import { metrics } from '@opentelemetry/api';
import {
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { instrumentTransport } from '../../src/index.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, type PairOptions, text } from '../support/flavours.js';
import { HTTP_FLAVOURS } from '../support/http.js';
import { until } from '../support/telemetry.js';

/** Checks after each test that nothing is counted as active. */
const telemetry = scenarioTelemetry();

/** Another provider, and what it exports. */
function meterProvider(exported: (metric: MetricData) => void): MeterProvider {
  const exporter: PushMetricExporter = {
    export({ scopeMetrics }, done) {
      for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) exported(metric);
      done({ code: 0 });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  return new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
}

/** What is counted, as `2 server tools/call wait`. */
async function counted(): Promise<string[]> {
  const series = await telemetry.active();
  return series
    .map(({ sum, attributes: a }) =>
      [sum, a['mcp_trail.side'], a['mcp.method.name'], a['gen_ai.tool.name']].filter((part) => part !== undefined),
    )
    .map((parts) => parts.join(' '))
    .sort();
}

describe.each(FLAVOURS)('operations are active, on $name', (flavour) => {
  const { callTool } = DIALECTS[flavour.sdk];

  /** A pair with a tool that waits to be told to answer. */
  async function waitingPair(options: PairOptions = {}) {
    const answer = deferred();
    let calls = 0;
    const handler = async () => {
      calls += 1;
      await answer.promise;
      return text('done');
    };
    const pair = await flavour.pair({ config: {}, ...options, tools: [{ name: 'wait', handler }] });
    const call = (options = {}) => {
      const before = calls;
      const result = callTool(pair.client, 'wait', options).then(
        () => 'answered',
        () => 'rejected',
      );
      return { result, running: until(() => calls > before, 'the tool to be called') };
    };
    return { pair, call, answer: answer.resolve };
  }

  it('from the request to its answer, on both sides, with the names that are known when they start', async () => {
    const { pair, call, answer } = await waitingPair();
    await pair.client.listTools();
    const calls = [call(), call()];
    await Promise.all(calls.map(({ running }) => running));
    expect(await counted()).toEqual(['2 client tools/call wait', '2 server tools/call wait']);
    const [series] = await telemetry.active();
    expect(series?.attributes).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'wait',
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': flavour.protocolVersion,
      'mcp_trail.server.name': 'test-server',
      'mcp_trail.side': 'client',
    });
    answer();
    await Promise.all(calls.map(({ result }) => result));
    expect(await counted()).toEqual([]);
    await pair.close();
  });

  it('until they are cancelled', async () => {
    const { pair, call } = await waitingPair();
    const giveUp = new AbortController();
    const { result, running } = call({ signal: giveUp.signal });
    await running;
    giveUp.abort();
    expect(await result).toBe('rejected');
    await until(() => telemetry.open.length === 0, 'the server to learn of it');
    expect(await counted()).toEqual([]);
    await pair.close();
  });

  it('until their time is over', async () => {
    const { pair, call } = await waitingPair();
    const { result } = call({ timeout: 1 });
    expect(await result).toBe('rejected');
    await until(() => telemetry.open.length === 0, 'the server to learn of it');
    expect(await counted()).toEqual([]);
    await pair.close();
  });

  it('until the connection closes', async () => {
    const { pair, call } = await waitingPair();
    const { result, running } = call();
    await running;
    await pair.close();
    expect(await result).toBe('rejected');
    await until(() => telemetry.open.length === 0, 'both sides to end it');
    expect(await counted()).toEqual([]);
  });

  it('until they are no longer observed', async () => {
    const { pair, call, answer } = await waitingPair();
    const { result, running } = call();
    await running;
    for (const handle of pair.handles) handle.disable();
    answer();
    expect(await result).toBe('answered');
    await until(() => telemetry.open.length === 0, 'both sides to end it');
    expect(await counted()).toEqual([]);
    await pair.close();
  });

  it('until they have to make room, and their answer does not count again', async () => {
    const { pair, call, answer } = await waitingPair({ config: { maxPendingOperations: 2 } });
    const calls = Array.from({ length: 5 }, () => call());
    await Promise.all(calls.map(({ running }) => running));
    const found = await telemetry.active();
    expect(found.map(({ sum, attributes }) => [attributes['mcp_trail.side'], sum])).toEqual([
      ['client', 2],
      ['server', 2],
    ]);
    answer();
    expect(new Set(await Promise.all(calls.map(({ result }) => result)))).toEqual(new Set(['answered']));
    expect(await counted()).toEqual([]);
    await pair.close();
  });

  it('for the provider that was there when they started', async () => {
    const { pair, call, answer } = await waitingPair();
    const { result, running } = call();
    await running;
    const measured: MetricData[] = [];
    const later = meterProvider((metric) => measured.push(metric));
    metrics.disable();
    metrics.setGlobalMeterProvider(later);
    try {
      answer();
      await result;
      expect(await counted()).toEqual([]);
      await later.forceFlush();
      expect(measured.map(({ descriptor }) => descriptor.name)).not.toContain('mcp_trail.operations.active');
      await pair.close();
    } finally {
      metrics.disable();
      metrics.setGlobalMeterProvider(telemetry.meterProvider);
      await later.shutdown();
    }
  });
});

describe.each(HTTP_FLAVOURS)('operations over HTTP are active, on $name', (flavour) => {
  it('until they are answered, also where each request has a server of its own', async () => {
    const done = deferred();
    const called = deferred();
    const handler = async () => {
      called.resolve();
      await done.promise;
      return text('done');
    };
    const pair = await flavour.pair({ configure: (server) => server.registerTool('wait', {}, handler) });
    const result = DIALECTS[flavour.sdk].callTool(pair.client, 'wait');
    await called.promise;
    const found = await counted();
    expect(found.filter((line) => line.includes('tools/call')).map((line) => line.split(' ')[1])).toEqual([
      'client',
      'server',
    ]);
    done.resolve();
    await result;
    await pair.close();
    await until(() => telemetry.open.length === 0, 'everything to end');
    expect(await counted()).toEqual([]);
  });
});

describe('what is not counted as active', () => {
  const transport = () => ({ send: async () => {}, onmessage: (_message: unknown) => {} }) as any;

  it('are notifications, and what is ignored', async () => {
    const observed = transport();
    const handle = instrumentTransport(observed, { ignoreMethods: ['tools/call'] });
    observed.onmessage({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1 } });
    observed.onmessage({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x' } });
    expect(await counted()).toEqual([]);
    handle.disable();
  });

  it('are answers to nothing, and second answers', async () => {
    const observed = transport();
    const handle = instrumentTransport(observed, {});
    observed.onmessage({ jsonrpc: '2.0', id: 7, method: 'ping' });
    for (const id of [7, 7, 8, '7']) await observed.send({ jsonrpc: '2.0', id, result: {} });
    expect(await counted()).toEqual([]);
    handle.disable();
  });

  it('is a request whose id is used again: only the newer one is left', async () => {
    const observed = transport();
    const handle = instrumentTransport(observed, {});
    for (const _ of [1, 2]) observed.onmessage({ jsonrpc: '2.0', id: 7, method: 'ping' });
    expect(await counted()).toEqual(['1 server ping']);
    handle.disable();
    expect(await counted()).toEqual([]);
  });

  it('is a flood of requests: no more than may be open', async () => {
    const observed = transport();
    const handle = instrumentTransport(observed, { maxPendingOperations: 100 });
    for (let id = 0; id < 10_000; id++) {
      observed.onmessage({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: `tool ${id}` } });
    }
    expect(await counted()).toEqual(['100 server tools/call _OTHER']);
    handle.disable();
    expect(await counted()).toEqual([]);
  });
});

it('a meter that throws costs neither a call nor its span', async () => {
  const throwing = () => {
    throw new Error('no meter today');
  };
  const provider = meterProvider(() => {});
  const meter = provider.getMeter('broken');
  meter.createUpDownCounter = () => ({ add: throwing }) as never;
  provider.getMeter = () => meter;
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  try {
    const received: unknown[] = [];
    const observed: any = { send: async () => {}, onmessage: (message: unknown) => received.push(message) };
    const started: string[] = [];
    const handle = instrumentTransport(observed, { requestHook: (_, { method }) => void started.push(method) });
    observed.onmessage({ jsonrpc: '2.0', id: 1, method: 'ping' });
    expect(started).toEqual(['ping']);
    await observed.send({ jsonrpc: '2.0', id: 1, result: {} });
    await until(() => telemetry.all('server', 'ping').length === 1, 'the answer to end the span');
    expect(received).toHaveLength(1);
    handle.disable();
  } finally {
    metrics.disable();
    metrics.setGlobalMeterProvider(telemetry.meterProvider);
    telemetry.reset();
  }
});
