/**
 * What a batch processor of the SDK was given and its exporter has not confirmed. The processor's own queue shows neither
 * what is being sent nor what a flush has taken out of it.
 */
import { TraceFlags } from '@opentelemetry/api';
import type { Exporter, Processor } from '../emit/sdk-internals.js';

/** The SDK's defaults, for a processor whose sizes are unknown. */
const QUEUE_SIZE = 2048;
const BATCH_SIZE = 512;

export class UnconfirmedExports {
  readonly #items = new Set<object>();
  readonly #batchSize: number;

  /** Follows a processor and its exporter from now on. */
  constructor(processor: Processor, exporter: Exporter) {
    const { _maxQueueSize = QUEUE_SIZE, _maxExportBatchSize = BATCH_SIZE } = processor;
    this.#batchSize = _maxExportBatchSize;
    this.#followProcessor(processor, _maxQueueSize + _maxExportBatchSize);
    this.#followExporter(exporter);
  }

  get size(): number {
    return this.#items.size;
  }

  /** Takes all items out, in batches of the size that the processor exports. */
  take(): object[][] {
    const items = [...this.#items];
    this.#items.clear();
    const batches = Math.ceil(items.length / this.#batchSize);
    return Array.from({ length: batches }, (_, n) => items.slice(n * this.#batchSize, (n + 1) * this.#batchSize));
  }

  #followProcessor(processor: Processor, limit: number): void {
    const { onEnd, onEmit, shutdown } = processor;
    let open = true;
    if (onEnd !== undefined) {
      processor.onEnd = (span) => {
        if (open && isSampled(span)) this.#add(span as object, limit);
        onEnd.call(processor, span);
      };
    }
    if (onEmit !== undefined) {
      processor.onEmit = (record, context) => {
        if (open) this.#add(record as object, limit);
        onEmit.call(processor, record, context);
      };
    }
    if (shutdown === undefined) return;
    processor.shutdown = () => {
      open = false;
      return shutdown.call(processor);
    };
  }

  #followExporter(exporter: Exporter): void {
    const send = exporter.export;
    if (send === undefined) return;
    exporter.export = (items, done) => {
      send.call(exporter, items, (result) => {
        for (const item of items as readonly object[]) this.#items.delete(item);
        done(result);
      });
    };
  }

  /** A processor with a full queue drops new items silently; here, the oldest item is dropped. */
  #add(item: object, limit: number): void {
    if (this.#items.size >= limit) this.#items.delete(this.#items.values().next().value as object);
    this.#items.add(item);
  }
}

/** A batch processor exports sampled spans only. */
function isSampled(span: unknown): boolean {
  const { traceFlags } = (span as { spanContext(): { readonly traceFlags: number } }).spanContext();
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
