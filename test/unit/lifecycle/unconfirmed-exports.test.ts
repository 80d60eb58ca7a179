import { BatchLogRecordProcessor, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import type { Exporter, Processor } from '../../../src/emit/sdk-internals.js';
import { UnconfirmedExports } from '../../../src/lifecycle/unconfirmed-exports.js';

const SUCCESS = 0;
const FAILED = 1;

/** Keeps what it is given until the test settles the export. */
class HeldExporter {
  readonly batches: { readonly names: string[]; readonly done: (code: number) => void }[] = [];

  export(items: readonly (ReadableSpan | ReadableLogRecord)[], done: (result: { code: number }) => void): void {
    const names = items.map((item) => String('name' in item ? item.name : item.body));
    this.batches.push({ names, done: (code) => done({ code }) });
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

/** The same for both signals. */
const SIGNALS = {
  spans(options: object = {}, providerOptions: object = {}) {
    const exporter = new HeldExporter();
    const processor = new BatchSpanProcessor(exporter as SpanExporter, { scheduledDelayMillis: 3_600_000, ...options });
    const unconfirmed = new UnconfirmedExports(processor as unknown as Processor, exporter as unknown as Exporter);
    const provider = new NodeTracerProvider({ spanProcessors: [processor], ...providerOptions });
    const give = (name: string) => provider.getTracer('test').startSpan(name).end();
    return { exporter, processor, unconfirmed, provider, give };
  },
  'log records'(options: object = {}) {
    const exporter = new HeldExporter();
    const processor = new BatchLogRecordProcessor({ exporter, scheduledDelayMillis: 3_600_000, ...options });
    const unconfirmed = new UnconfirmedExports(processor as unknown as Processor, exporter as unknown as Exporter);
    const provider = new LoggerProvider({ processors: [processor] });
    const give = (body: string) => provider.getLogger('test').emit({ body });
    return { exporter, processor, unconfirmed, provider, give };
  },
};

const names = (items: readonly object[]) => items.map((item: any) => item.name ?? item.body);

/** A log processor exports a batch in a later turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe.each(Object.entries(SIGNALS))('%s', (_signal, make) => {
  it('are unconfirmed until the exporter has sent them', async () => {
    const { exporter, processor, unconfirmed, give } = make();
    give('one');
    expect(unconfirmed.size).toBe(1);
    const flushed = processor.forceFlush();
    await turn();
    expect(exporter.batches.map((batch) => batch.names)).toEqual([['one']]);
    expect(unconfirmed.size).toBe(1);
    exporter.batches[0]?.done(SUCCESS);
    await flushed;
    expect(unconfirmed.size).toBe(0);
  });

  it('are not kept after the exporter has failed', async () => {
    const { exporter, processor, unconfirmed, give } = make();
    give('one');
    const flushed = Promise.allSettled([processor.forceFlush()]);
    await turn();
    exporter.batches[0]?.done(FAILED);
    await flushed;
    expect(unconfirmed.size).toBe(0);
  });

  it('are unconfirmed while a flush waits for earlier ones', async () => {
    const { processor, unconfirmed, give } = make();
    give('under way');
    void processor.forceFlush();
    await turn();
    give('waiting');
    void processor.forceFlush();
    expect(unconfirmed.take().flatMap(names)).toEqual(['under way', 'waiting']);
  });

  it('are unconfirmed after a full batch has left the queue in the same turn', () => {
    const { unconfirmed, give } = make({ maxExportBatchSize: 2 });
    give('one');
    give('two');
    expect(unconfirmed.size).toBe(2);
  });

  it('are taken once, in batches of the size that the processor exports', () => {
    const { unconfirmed, give } = make({ maxExportBatchSize: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) give(name);
    expect(unconfirmed.take().map(names)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(unconfirmed.take()).toEqual([]);
  });

  it('are bounded if the queue is full: the newest stay', () => {
    const { unconfirmed, give } = make({ maxQueueSize: 3, maxExportBatchSize: 2 });
    for (let n = 1; n <= 1000; n++) give(`${n}`);
    expect(unconfirmed.take().flatMap(names)).toEqual(['996', '997', '998', '999', '1000']);
  });

  it('are no longer accepted after the processor was shut down', async () => {
    const { processor, unconfirmed, give } = make();
    await processor.shutdown();
    give('late');
    expect(unconfirmed.size).toBe(0);
  });
});

it('spans that are not sampled are neither exported nor unconfirmed', () => {
  const { unconfirmed, give } = SIGNALS.spans({}, { sampler: new AlwaysOffSampler() });
  give('unsampled');
  expect(unconfirmed.size).toBe(0);
});
