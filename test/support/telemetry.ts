/** A real OpenTelemetry SDK in the test's process, with its output. */
import { context, diag, metrics, propagation, SpanKind, type SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';

/** One metric series. */
export interface Series {
  readonly metric: string;
  readonly attributes: Record<string, unknown>;
  readonly count: number;
  readonly sum: number;
  readonly boundaries: readonly number[];
}

/** Tracks started spans that have not ended, which exporters never see. */
class OpenSpans implements SpanProcessor {
  readonly #open = new Map<string, string>();

  get names(): string[] {
    return [...this.#open.values()];
  }

  onStart(span: Span): void {
    this.#open.set(span.spanContext().spanId, `${SpanKind[span.kind]} ${span.name}`);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span.spanContext().spanId);
  }

  forget(): void {
    this.#open.clear();
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

export class Telemetry {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
  readonly #open = new OpenSpans();
  #complaints: string[] = [];
  #before: Series[] = [];
  readonly tracerProvider = new NodeTracerProvider({
    spanProcessors: [this.#open, new SimpleSpanProcessor(this.#spans)],
  });
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });

  constructor() {
    this.tracerProvider.register();
    metrics.setGlobalMeterProvider(this.meterProvider);
    const complain = (message: string) => this.#complaints.push(message);
    const ignore = () => {};
    diag.setLogger({ error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore });
  }

  /** Finished spans, in the order they ended. */
  get spans(): ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  /** Spans that have not ended. */
  get open(): string[] {
    return this.#open.names;
  }

  /** Messages through `diag`: spans ended twice or changed after their end, failures of ours. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  reset(): void {
    this.#spans.reset();
    this.#open.forget();
    this.#complaints = [];
  }

  /** The only finished span of this kind with this name prefix; fails if there is none, or more than one. */
  span(kind: 'client' | 'server', name: string): ReadableSpan {
    const found = this.all(kind, name);
    if (found.length === 1) return found[0] as ReadableSpan;
    const names = this.spans.map((span) => `${SpanKind[span.kind]} ${span.name}`);
    throw new Error(`expected one ${kind} span "${name}", found ${found.length} among: ${names.join(', ')}`);
  }

  all(kind: 'client' | 'server', name: string): ReadableSpan[] {
    const wanted = kind === 'client' ? SpanKind.CLIENT : SpanKind.SERVER;
    return this.spans.filter((span) => span.kind === wanted && span.name === name);
  }

  /** Waits until a span of this kind and name has ended. */
  async ended(kind: 'client' | 'server', name: string): Promise<ReadableSpan> {
    await until(() => this.all(kind, name).length > 0, `${kind} span "${name}" to end`);
    return this.span(kind, name);
  }

  /** All series recorded so far. */
  async series(): Promise<Series[]> {
    this.#metrics.reset();
    await this.#reader.forceFlush();
    const found: Series[] = [];
    for (const resource of this.#metrics.getMetrics()) {
      for (const scope of resource.scopeMetrics) {
        for (const metric of scope.metrics as HistogramMetricData[]) {
          for (const point of metric.dataPoints) {
            const value = point.value as { count?: number; sum?: number; buckets?: { boundaries: number[] } } | number;
            found.push({
              metric: metric.descriptor.name,
              attributes: point.attributes,
              count: typeof value === 'number' ? value : (value.count ?? 0),
              sum: typeof value === 'number' ? value : (value.sum ?? 0),
              boundaries: typeof value === 'number' ? [] : (value.buckets?.boundaries ?? []),
            });
          }
        }
      }
    }
    return found;
  }

  /** What is still counted as active, or less than not at all; nothing once everything has ended. */
  async active(): Promise<Series[]> {
    return (await this.series()).filter(({ metric, sum }) => metric === 'mcp_trail.operations.active' && sum !== 0);
  }

  /** Baseline of `measurements`. */
  async startMeasuring(): Promise<void> {
    this.#before = await this.series();
  }

  /** Series with new measurements since `startMeasuring`, with their number. */
  async measurements(): Promise<Series[]> {
    const key = ({ metric, attributes }: Series) => JSON.stringify([metric, Object.entries(attributes).sort()]);
    const before = new Map(this.#before.map((each) => [key(each), each.count]));
    const now = await this.series();
    return now
      .map((each) => ({ ...each, count: each.count - (before.get(key(each)) ?? 0) }))
      .filter((each) => each.count > 0);
  }

  /** Runs `body` in a span of the application, as an agent would. */
  async under<T>(name: string, body: () => Promise<T>): Promise<T> {
    return trace.getTracer('application').startActiveSpan(name, async (span) => {
      try {
        return await body();
      } finally {
        span.end();
      }
    });
  }

  async shutdown(): Promise<void> {
    await this.tracerProvider.shutdown();
    await this.meterProvider.shutdown();
    trace.disable();
    metrics.disable();
    context.disable();
    propagation.disable();
    diag.disable();
  }
}

/** The parts of an ended span that tests compare. */
export function endOf(span: ReadableSpan): { status: SpanStatusCode; description?: string; errorType: unknown } {
  return {
    status: span.status.code,
    ...(span.status.message !== undefined && { description: span.status.message }),
    errorType: span.attributes['error.type'],
  };
}

/** Waits for a condition, checking it in every turn of the event loop. */
export async function until(condition: () => boolean, what: string, limitMs = 50_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
