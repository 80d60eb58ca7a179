/**
 * What a batch processor of the SDK was given, and its exporter has not said to be done with. The processor's own queue
 * does not show what is on its way, nor what a flush has taken out of it.
 */
import { TraceFlags } from '@opentelemetry/api';

interface Span {
  spanContext(): { readonly traceFlags: number };
}

export interface Exporter {
  export(items: readonly object[], done: (result: unknown) => void): void;
}

/** A batch processor of spans or of log records. What is private is so in both SDK lines. */
export interface Processor {
  onEnd?: (span: Span) => void;
  onEmit?: (record: object, context: unknown) => void;
  shutdown(): Promise<void>;
  readonly _exporter?: Exporter;
  readonly _maxQueueSize?: number;
  readonly _maxExportBatchSize?: number;
}

/** The SDK's own defaults, for a processor that does not tell. */
const QUEUE_SIZE = 2048;
const BATCH_SIZE = 512;

export class Unconfirmed {
  readonly #items = new Set<object>();
  readonly #batchSize: number;

  /** Watches a processor and its exporter from now on. */
  constructor(processor: Processor, exporter: Exporter) {
    const { _maxQueueSize = QUEUE_SIZE, _maxExportBatchSize = BATCH_SIZE } = processor;
    this.#batchSize = _maxExportBatchSize;
    this.#watchProcessor(processor, _maxQueueSize + _maxExportBatchSize);
    this.#watchExporter(exporter);
  }

  get size(): number {
    return this.#items.size;
  }

  /** Everything, in batches of the size that the processor exports, and forgotten here. */
  take(): object[][] {
    const items = [...this.#items];
    this.#items.clear();
    const batches = Math.ceil(items.length / this.#batchSize);
    return Array.from({ length: batches }, (_, n) => items.slice(n * this.#batchSize, (n + 1) * this.#batchSize));
  }

  #watchProcessor(processor: Processor, limit: number): void {
    const { onEnd, onEmit, shutdown } = processor;
    let open = true;
    if (onEnd !== undefined) {
      processor.onEnd = (span) => {
        if (open && isSampled(span)) this.#add(span, limit);
        onEnd.call(processor, span);
      };
    }
    if (onEmit !== undefined) {
      processor.onEmit = (record, context) => {
        if (open) this.#add(record, limit);
        onEmit.call(processor, record, context);
      };
    }
    processor.shutdown = () => {
      open = false;
      return shutdown.call(processor);
    };
  }

  #watchExporter(exporter: Exporter): void {
    const send = exporter.export;
    exporter.export = (items, done) => {
      send.call(exporter, items, (result) => {
        for (const item of items) this.#items.delete(item);
        done(result);
      });
    };
  }

  /** Where the processor's queue is full it drops what it is given, and does not tell: here, the oldest goes. */
  #add(item: object, limit: number): void {
    if (this.#items.size >= limit) this.#items.delete(this.#items.values().next().value as object);
    this.#items.add(item);
  }
}

/** A batch processor exports no other spans. */
function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}
