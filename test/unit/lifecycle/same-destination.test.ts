import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { sendsToSame } from '../../../src/lifecycle/same-destination.js';

const COLLECTOR = 'http://collector:4318/v1/traces';
const VENDOR = 'https://vendor.example/v1/traces';

const started: { shutdown(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((provider) => provider.shutdown()));
});

function kept<P extends { shutdown(): Promise<void> }>(provider: P): P {
  started.push(provider);
  return provider;
}

const tracing = (...spanProcessors: SpanProcessor[]) => kept(new NodeTracerProvider({ spanProcessors }));
const to = (url: string) => new BatchSpanProcessor(new OTLPTraceExporter({ url }));
const console = () => new SimpleSpanProcessor(new ConsoleSpanExporter());
/** An exporter of a vendor's own, which does not show where it sends to. */
const vendors = () =>
  new SimpleSpanProcessor({ export: (_, done) => done({ code: 0 }), async shutdown() {} } satisfies SpanExporter);
/** A processor that exports nothing, as far as anybody can see. */
const silent = (): SpanProcessor => ({ onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} });

describe('spans of MCP go to a provider of the application', () => {
  it.each<[string, SpanProcessor[], SpanProcessor[]]>([
    ['that sends to the same place', [to(COLLECTOR)], [to(COLLECTOR)]],
    ['that sends there twice', [to(COLLECTOR)], [to(COLLECTOR), to(COLLECTOR)]],
    ['that sends to the same places', [to(COLLECTOR), to(VENDOR)], [to(VENDOR), to(COLLECTOR)]],
  ])('%s', (_, ours, theirs) => {
    expect(sendsToSame('traces', tracing(...theirs), tracing(...ours), {})).toBe(true);
  });
});

describe('spans of MCP stay with the SDK that was started, if a provider of the application', () => {
  it.each<[string, SpanProcessor[], SpanProcessor[]]>([
    ['sends elsewhere', [to(COLLECTOR)], [to(VENDOR)]],
    ['sends elsewhere, too', [to(COLLECTOR)], [to(COLLECTOR), to(VENDOR)]],
    ['sends to one of two places', [to(COLLECTOR), to(VENDOR)], [to(COLLECTOR)]],
    ['has other credentials in its address', [to('http://a:b@collector:4318')], [to('http://c:d@collector:4318')]],
    ['has another token in its address', [to(`${COLLECTOR}?token=a`)], [to(`${COLLECTOR}?token=b`)]],
    ['has an exporter that does not show where it sends to', [to(COLLECTOR)], [vendors()]],
    ['has one besides', [to(COLLECTOR)], [to(COLLECTOR), vendors()]],
    ['has a processor without an exporter', [to(COLLECTOR)], [to(COLLECTOR), silent()]],
    ['has nothing that exports', [to(COLLECTOR)], []],
    ['prints them: it may use stdout', [console()], [console()]],
    ['has nothing that exports, as the one that was started', [], []],
  ])('%s', (_, ours, theirs) => {
    expect(sendsToSame('traces', tracing(...theirs), tracing(...ours), {})).toBe(false);
  });

  it('does not show its processors', () => {
    const theirs = { getTracer: () => undefined };
    expect(sendsToSame('traces', theirs, tracing(to(COLLECTOR)), {})).toBe(false);
  });

  it.each(['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'])(
    'may have another account at the same address, because %s is set',
    (name) => {
      const same = () => tracing(to(COLLECTOR));
      expect(sendsToSame('traces', same(), same(), { [name]: 'api-key=a' })).toBe(false);
      const unset = { [name]: ' ', OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'a=b' };
      expect(sendsToSame('traces', same(), same(), unset)).toBe(true);
    },
  );
});

/** Exporters of all signals have one base: what shows where they send is the same. */
class AnyExporter extends OTLPTraceExporter {
  override export(_items: unknown, done: (result: { code: number }) => void): void {
    done({ code: 0 });
  }
}

it('metrics and log records are judged by their own exporters', () => {
  const measuring = (url: string) => {
    const reader = new PeriodicExportingMetricReader({ exporter: new AnyExporter({ url }) });
    return kept(new MeterProvider({ readers: [reader] }));
  };
  const logging = (url: string) => {
    const processor = new BatchLogRecordProcessor({ exporter: new AnyExporter({ url }) });
    return kept(new LoggerProvider({ processors: [processor] }));
  };
  for (const [url, same] of [
    ['http://127.0.0.1:1/same', true],
    ['http://127.0.0.1:1/other', false],
  ] as const) {
    expect(sendsToSame('metrics', measuring(url), measuring('http://127.0.0.1:1/same'), {})).toBe(same);
    expect(sendsToSame('logs', logging(url), logging('http://127.0.0.1:1/same'), {})).toBe(same);
  }
});
