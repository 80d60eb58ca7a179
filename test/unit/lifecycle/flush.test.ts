import { trace } from '@opentelemetry/api';
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { isFailing, watchExports } from '../../../src/emit/lost-exports.js';
import { Telemetry, type TelemetrySource } from '../../../src/lifecycle/flush.js';
import { deferred } from '../../support/deferred.js';

/** An exporter whose batch is being sent until the test confirms it. */
function slowExporter() {
  const started = deferred<void>();
  const arrived = deferred<void>();
  const exporter: SpanExporter = {
    export(_spans, done) {
      started.resolve();
      arrived.promise.then(() => done({ code: 0 }));
    },
    forceFlush: () => arrived.promise,
    shutdown: async () => {},
  };
  return { exporter, started: started.promise, arrive: () => arrived.resolve() };
}

const providers: { shutdown(): Promise<void> }[] = [];
afterEach(() => Promise.allSettled(providers.splice(0).map((provider) => provider.shutdown())));

function tracing(exporter: SpanExporter, scheduledDelayMillis = 3_600_000) {
  const provider = new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis })],
  });
  providers.push(provider);
  return provider;
}

type Provider = ReturnType<typeof tracing>;

const ours = (...started: NonNullable<TelemetrySource['started']>) => new Telemetry({ started, logs: () => undefined });

describe('a flush', () => {
  it('waits for a batch that the span processor has handed to the exporter, unlike the processor’s own flush', async () => {
    const { exporter, started, arrive } = slowExporter();
    const provider = tracing(exporter, 1);
    const telemetry = ours(provider);
    provider.getTracer('test').startSpan('under way').end();
    await started;

    let done = false;
    const flushed = telemetry.flush().then(() => {
      done = true;
    });
    await provider.forceFlush();
    await new Promise(setImmediate);
    expect(done).toBe(false);
    expect(telemetry.pending).toBe(true);
    arrive();
    await flushed;
    await expect.poll(() => telemetry.pending).toBe(false);
  });

  it('includes what was recorded during another flush', async () => {
    const { exporter, started, arrive } = slowExporter();
    const provider = tracing(exporter);
    const telemetry = ours(provider);
    provider.getTracer('test').startSpan('first').end();
    const first = telemetry.flush();
    await started;
    provider.getTracer('test').startSpan('second').end();
    const second = telemetry.flush();
    arrive();
    await Promise.all([first, second]);
    expect(telemetry.pending).toBe(false);
  });

  it.each([
    ['rejects', { forceFlush: () => Promise.reject(new Error('broken')) }],
    ['throws', { forceFlush: () => { throw new Error('broken'); } }], // biome-ignore format: one line each
    ['has nothing to flush', {}],
  ])('is done when a provider %s', async (_, provider) => {
    await expect(ours(provider).flush()).resolves.toBeUndefined();
  });
});

describe('what an SDK of the application’s own has to deliver', () => {
  /** A registered provider whose exports end with this code. */
  function registered(code: number) {
    const exporter = {
      _urlStr: 'http://collector',
      shutdown: async () => {},
      export: (_: unknown, done: (result: object) => void) => done({ code }),
    };
    const provider = tracing(exporter as never);
    trace.setGlobalTracerProvider(provider);
    watchExports('traces', provider);
    return { provider, telemetry: new Telemetry({ started: undefined, logs: () => undefined, isFailing }) };
  }
  afterEach(() => trace.disable());

  it('is nothing after its export has failed', async () => {
    const { provider, telemetry } = registered(1);
    provider.getTracer('test').startSpan('first').end();
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    provider.getTracer('test').startSpan('second').end();
    expect(telemetry.pending).toBe(false);
    expect(telemetry.providers()).not.toContain(provider);
  });

  it('is what was recorded since its last successful export', async () => {
    const { provider, telemetry } = registered(0);
    provider.getTracer('test').startSpan('first').end();
    await telemetry.flush();
    provider.getTracer('test').startSpan('second').end();
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    expect(telemetry.pending).toBe(false);
  });
});

describe('an SDK that was started here, and to whose place the application has brought its own,', () => {
  it('is flushed besides that of the application, and ours only for as long as it has a place', async () => {
    const [ours, rest, own] = [1, 2, 3].map(() => tracing(new InMemorySpanExporter())) as [
      Provider,
      Provider,
      Provider,
    ];
    trace.setGlobalTracerProvider(own);
    const replaced = new Set<object>();
    const telemetry = new Telemetry({ started: [ours, rest], replaced, logs: () => undefined });
    expect([telemetry.isOurs, telemetry.providers()]).toEqual([true, [ours, rest]]);
    replaced.add(ours);
    expect([telemetry.isOurs, telemetry.providers().includes(own)]).toEqual([true, true]);
    replaced.add(rest);
    expect([telemetry.isOurs, telemetry.providers()]).toEqual([false, [ours, rest, own]]);
    trace.disable();
  });
});

describe('what is pending', () => {
  it('is a span in the queue', async () => {
    const provider = tracing(new InMemorySpanExporter());
    const telemetry = ours(provider);
    expect(telemetry.pending).toBe(false);
    provider.getTracer('test').startSpan('queued').end();
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    expect(telemetry.pending).toBe(false);
  });

  it('is a log record in the queue', async () => {
    const processor = new BatchLogRecordProcessor({ exporter: new InMemoryLogRecordExporter() });
    const provider = new LoggerProvider({ processors: [processor] });
    providers.push(provider);
    const telemetry = ours(provider);
    expect(telemetry.pending).toBe(false);
    provider.getLogger('test').emit({ body: 'queued' });
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    expect(telemetry.pending).toBe(false);
  });

  it('is a measurement that was not collected, but not one of the SDK itself', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    providers.push(provider);
    const telemetry = ours(provider);
    provider.getMeter('@opentelemetry/sdk-trace').createCounter('exports').add(1);
    expect(telemetry.pending).toBe(false);
    provider.getMeter('test').createCounter('calls').add(1);
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    expect(telemetry.pending).toBe(false);
  });

  it('is nothing if each span is exported when it ends', async () => {
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())] });
    providers.push(provider);
    const telemetry = ours(provider);
    provider.getTracer('test').startSpan('exported').end();
    await expect.poll(() => telemetry.pending).toBe(false);
  });

  it('is nothing after a shutdown', async () => {
    const provider = tracing(new InMemorySpanExporter());
    const telemetry = ours(provider);
    provider.getTracer('test').startSpan('queued').end();
    await provider.shutdown();
    expect(telemetry.pending).toBe(false);
  });

  it('is assumed once for a provider of an unknown kind', async () => {
    const telemetry = ours({ forceFlush: async () => {} });
    expect(telemetry.pending).toBe(true);
    await telemetry.flush();
    expect(telemetry.pending).toBe(false);
  });
});
