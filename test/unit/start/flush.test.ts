import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { flush } from '../../../src/start/flush.js';
import { deferred } from '../../support/deferred.js';

const LONGER_THAN_ANY_TEST_MS = 60_000;

/** An exporter whose batch is on its way until it is told to have arrived. */
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

const providers: NodeTracerProvider[] = [];
afterEach(() => Promise.all(providers.splice(0).map((provider) => provider.shutdown())));

describe('flush', () => {
  it('waits for a batch that the span processor has handed over already, which its own flush does not', async () => {
    const { exporter, started, arrive } = slowExporter();
    const provider = new NodeTracerProvider({
      spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1 })],
    });
    providers.push(provider);
    provider.getTracer('test').startSpan('under way').end();
    await started;

    let done = false;
    const flushed = flush([provider], LONGER_THAN_ANY_TEST_MS).then((inTime) => {
      done = true;
      return inTime;
    });
    await provider.forceFlush();
    await new Promise(setImmediate);
    expect(done).toBe(false);
    arrive();
    expect(await flushed).toBe(true);
  });

  it('does not wait longer than its limit', async () => {
    const { exporter, started, arrive } = slowExporter();
    const provider = new NodeTracerProvider({
      spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1 })],
    });
    providers.push(provider);
    provider.getTracer('test').startSpan('under way').end();
    await started;
    expect(await flush([provider], 10)).toBe(false);
    arrive();
  });

  it.each([
    ['rejects', { forceFlush: () => Promise.reject(new Error('broken')) }],
    ['throws', { forceFlush: () => { throw new Error('broken'); } }], // biome-ignore format: one line each
    ['has nothing to flush', {}],
  ])('is done when a provider %s', async (_, provider) => {
    expect(await flush([provider], LONGER_THAN_ANY_TEST_MS)).toBe(true);
  });
});
