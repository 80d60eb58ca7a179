/** Everything that this process puts out while it is watched: spans, metrics, log records, diagnostics, files, stderr. */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { context, diag, metrics, propagation, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { parse } from '../../support/audit.js';

export class Outputs {
  readonly #spans = new InMemorySpanExporter();
  readonly #logs = new InMemoryLogRecordExporter();
  // Of each sweep its own: what adds up over all of them meets the SDK's limit of series.
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
  readonly #providers = [
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] }),
    new MeterProvider({ readers: [this.#reader] }),
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: this.#logs })] }),
  ] as const;
  readonly #directory: string;
  readonly #writes = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  #diagnostics: string[] = [];
  #printed: string[] = [];
  #seenBytes = new Map<string, number>();

  /** @param directory where the files are that are put out */
  constructor(directory: string) {
    this.#directory = directory;
    const [tracing, measuring, logging] = this.#providers;
    tracing.register();
    metrics.setGlobalMeterProvider(measuring);
    logs.setGlobalLoggerProvider(logging);
    const told = (...parts: unknown[]) => this.#diagnostics.push(parts.map(shown).join(' '));
    diag.setLogger({ error: told, warn: told, info: told, debug: told, verbose: told });
    for (const { stream } of this.#writes) {
      stream.write = ((chunk: unknown) => this.#printed.push(String(chunk)) > 0) as never;
    }
  }

  /** The output since the last call. */
  async take(): Promise<Map<string, string>> {
    await this.#reader.forceFlush();
    // Each of them is valid, whatever it contains.
    for (const { body } of this.#logs.getFinishedLogRecords()) parse(String(body));
    const outputs = new Map([
      ['spans', JSON.stringify(this.#spans.getFinishedSpans().map(spanParts))],
      ['metrics', JSON.stringify(this.#metrics.getMetrics())],
      ['log records', JSON.stringify(this.#logs.getFinishedLogRecords().map(logParts))],
      ['diagnostics', this.#diagnostics.join('\n')],
      ['stdout and stderr', this.#printed.join('')],
      ...this.#files(),
    ]);
    this.#spans.reset();
    this.#metrics.reset();
    this.#logs.reset();
    this.#diagnostics = [];
    this.#printed = [];
    return outputs;
  }

  async shutdown(): Promise<void> {
    for (const { stream, write } of this.#writes) stream.write = write;
    for (const provider of this.#providers) await provider.shutdown();
    for (const api of [trace, metrics, context, propagation, diag]) api.disable();
    logs.disable();
  }

  /** A file that only grows is read from its last end. */
  #files(): [string, string][] {
    return readdirSync(this.#directory).map((name) => {
      const path = join(this.#directory, name);
      const from = name.endsWith('.jsonl') ? (this.#seenBytes.get(name) ?? 0) : 0;
      const text = textFrom(path, from);
      this.#seenBytes.set(name, from + Buffer.byteLength(text));
      return [`file ${name}`, `${name}\n${text}`];
    });
  }
}

function textFrom(path: string, position: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - position));
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, position));
  } finally {
    closeSync(file);
  }
}

function shown(part: unknown): string {
  if (part instanceof Error) return `${part.name} ${part.message} ${part.stack}`;
  return typeof part === 'object' ? JSON.stringify(part) : String(part);
}

function spanParts(span: ReadableSpan): object {
  const { name, attributes, events, links, status, resource, instrumentationScope } = span;
  return {
    name,
    attributes,
    events,
    status,
    instrumentationScope,
    resource: resource.attributes,
    // As an exporter gets it.
    traceState: [span.spanContext(), span.parentSpanContext, ...links.map((link) => link.context)].map((each) =>
      each?.traceState?.serialize(),
    ),
    links: links.map(({ attributes: ofLink, context: { traceId, spanId } }) => ({ ofLink, traceId, spanId })),
  };
}

function logParts(record: {
  readonly body?: unknown;
  readonly attributes: object;
  readonly eventName?: string | undefined;
  readonly severityText?: string | undefined;
  readonly resource: { readonly attributes: object };
  readonly spanContext?: { readonly traceState?: { serialize(): string } | undefined } | undefined;
}): object {
  const { body, attributes, eventName, severityText, resource, spanContext } = record;
  const traceState = spanContext?.traceState?.serialize();
  return { body, attributes, eventName, severityText, resource: resource.attributes, traceState };
}
