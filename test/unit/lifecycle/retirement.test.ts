/** Where MCP telemetry goes as the application registers providers, and takes them out again. */
import { metrics, propagation, type Tracer, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  defaultLoggerProvider,
  defaultMeterProvider,
  defaultPropagator,
  defaultTracerProvider,
  spansPartWays,
  startedProviders,
} from '../../../src/emit/default-providers.js';
import { isPending } from '../../../src/emit/sdk-internals.js';
import { givingWay } from '../../../src/lifecycle/give-way.js';
import { Retirement } from '../../../src/lifecycle/retirement.js';

const OPERATOR = 'http://127.0.0.1:1/operator';
const VENDOR = 'http://127.0.0.1:1/vendor';

/** What was exported, by its address. */
let sent: string[];

/** Exporters of all signals have one base: what shows where they send is the same. */
class AnyExporter extends OTLPTraceExporter {
  readonly #url: string;
  constructor(url: string) {
    super({ url });
    this.#url = url;
  }
  override export(_items: unknown, done: (result: { code: number }) => void): void {
    sent.push(this.#url);
    done({ code: 0 });
  }
}

/** Each signal: what takes telemetry of it, and where that of MCP goes. */
const SIGNALS = {
  trace: {
    make: (url: string) => new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new AnyExporter(url))] }),
    register: (provider: object) => trace.setGlobalTracerProvider(provider as never),
    disable: () => trace.disable(),
    record: () => (defaultTracerProvider().getTracer('mcp-trail') as Tracer).startSpan('tools/call').end(),
  },
  metrics: {
    make: (url: string) =>
      new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new AnyExporter(url) })] }),
    register: (provider: object) => metrics.setGlobalMeterProvider(provider as never),
    disable: () => metrics.disable(),
    record: () => defaultMeterProvider().getMeter('mcp-trail').createCounter('calls').add(1),
  },
  logs: {
    make: (url: string) =>
      new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: new AnyExporter(url) })] }),
    register: (provider: object) => logs.setGlobalLoggerProvider(provider as never),
    disable: () => logs.disable(),
    record: () =>
      defaultLoggerProvider()
        ?.getLogger('mcp-trail')
        .emit({ body: 'a record' } as never),
  },
};

type Provider = ReturnType<(typeof SIGNALS)[keyof typeof SIGNALS]['make']>;
let made: Provider[];

function reset(): void {
  for (const api of [trace, metrics, logs, propagation]) api.disable();
  // Nothing is followed any more.
  for (const current of [defaultTracerProvider, defaultMeterProvider, defaultLoggerProvider]) current();
  for (const part of ['traces', 'metrics', 'logs', 'propagator'] as const) delete startedProviders[part];
  Reflect.deleteProperty(globalThis, Symbol.for('opentelemetry.js.api.1'));
}

beforeEach(() => {
  reset();
  sent = [];
  made = [];
});
afterEach(async () => {
  reset();
  await Promise.all(made.map((provider) => provider.shutdown()));
});

describe.each(Object.entries(SIGNALS))(
  'telemetry of MCP, in the place %s,',
  (_, { make, register, disable, record }) => {
    const provider = (url: string) => {
      const one = make(url);
      made.push(one);
      return one;
    };

    /** Starts an SDK. */
    function start() {
      const giveWay = givingWay();
      const ours = provider(OPERATOR);
      const name = { NodeTracerProvider: '_tracerProvider', MeterProvider: '_meterProvider' }[ours.constructor.name];
      register(ours);
      const retirement = new Retirement({ [name ?? '_loggerProvider']: ours }, () => {});
      giveWay((place, successor, replaced) => retirement.replace(place, successor, replaced));
      return { ours, retirement };
    }

    /** Records something, and flushes these: whose exports follow. */
    async function recorded(...providers: Provider[]): Promise<readonly string[]> {
      sent = [];
      record();
      for (const each of providers) await each.forceFlush();
      return sent;
    }

    it('follows to a provider that sends to the same place, and back when that is no longer registered', async () => {
      const { ours, retirement } = start();
      const theirs = provider(OPERATOR);
      register(theirs);
      await vi.waitFor(() => expect([...retirement.replaced]).toEqual([ours]), { timeout: 30_000 });
      await vi.waitFor(() => expect(isPending(ours)).toBe(false), { timeout: 30_000 });
      expect(await recorded(theirs)).toEqual([OPERATOR]);
      expect(await recorded(ours)).toEqual([]);

      disable();
      expect(await recorded(ours)).toEqual([OPERATOR]);
      expect([...retirement.replaced]).toEqual([]);

      const elsewhere = provider(VENDOR);
      register(elsewhere);
      expect(await recorded(elsewhere)).toEqual([]);
      expect(await recorded(ours, elsewhere)).toEqual([OPERATOR]);
    });

    it('does not follow a provider that takes the place of the one that it followed', async () => {
      const { ours, retirement } = start();
      register(provider(OPERATOR));
      await vi.waitFor(() => expect(retirement.replaced.size).toBe(1), { timeout: 30_000 });
      disable();
      const elsewhere = provider(VENDOR);
      register(elsewhere);
      expect(await recorded(elsewhere)).toEqual([]);
      expect(await recorded(ours)).toEqual([OPERATOR]);
    });

    it('stays when what was started is taken out of its place', async () => {
      const { ours } = start();
      disable();
      expect(await recorded(ours)).toEqual([OPERATOR]);
    });
  },
);

it('messages carry context by the propagator of the spans they belong to', async () => {
  const { make, register, disable } = SIGNALS.trace;
  const giveWay = givingWay();
  const [ours, theirs] = [make(OPERATOR), make(OPERATOR)];
  made.push(ours, theirs);
  register(ours);
  const own = { inject() {}, extract: (base: never) => base, fields: () => [] };
  startedProviders.propagator = own as never;
  const retirement = new Retirement({ _tracerProvider: ours }, () => {});
  giveWay((place, successor, replaced) => retirement.replace(place, successor, replaced));
  expect(defaultPropagator()).toBe(own);
  register(theirs);
  await vi.waitFor(() => expect(retirement.replaced.size).toBe(1), { timeout: 30_000 });
  expect(defaultPropagator()).toBe(propagation);
  expect(spansPartWays()).toBe(false);
  disable();
  expect(defaultPropagator()).toBe(own);
  expect(spansPartWays()).toBe(true);
});
