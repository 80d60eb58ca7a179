import { context, diag, metrics, type ProxyTracerProvider, propagation, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { givingWay } from '../../../src/lifecycle/give-way.js';
import { handsOver } from '../../../src/lifecycle/hand-over.js';

const API = Symbol.for('opentelemetry.js.api.1');
const global = globalThis as unknown as Record<symbol, Record<string, unknown> | undefined>;

/** Each place of the API: what registers in it, and what reads it. */
const PLACES = {
  trace: {
    make: () => new NodeTracerProvider(),
    register: (ours: object) => trace.setGlobalTracerProvider(ours as never),
    read: () => (trace.getTracerProvider() as ProxyTracerProvider).getDelegate(),
  },
  metrics: {
    make: () => new MeterProvider(),
    register: (ours: object) => metrics.setGlobalMeterProvider(ours as never),
    read: () => metrics.getMeterProvider(),
  },
  context: {
    make: () => new AsyncLocalStorageContextManager(),
    register: (ours: object) => context.setGlobalContextManager(ours as never),
    read: () => global[API]?.['context'],
  },
  propagation: {
    make: () => new W3CTraceContextPropagator(),
    register: (ours: object) => propagation.setGlobalPropagator(ours as never),
    read: () => global[API]?.['propagation'],
  },
  logs: {
    make: () => new LoggerProvider(),
    register: (ours: object) => logs.setGlobalLoggerProvider(ours as never) === ours,
    read: () => logs.getLoggerProvider(),
  },
};
type Name = keyof typeof PLACES;
const NAMES = Object.keys(PLACES) as Name[];

let errors: string[];
let replaced: string[];

/** Registers something in these places, and gives way. */
function start(names: readonly Name[]): Map<Name, object> {
  const giveWay = givingWay();
  const ours = new Map(names.map((name) => [name, PLACES[name].make()]));
  for (const [name, own] of ours) PLACES[name].register(own);
  giveWay((place) => replaced.push(place));
  return ours;
}

function reset(): void {
  for (const api of [trace, metrics, context, propagation, logs, diag]) api.disable();
  Reflect.deleteProperty(globalThis, API);
}

beforeEach(() => {
  reset();
  errors = [];
  replaced = [];
  const keep = (text: string) => errors.push(text);
  diag.setLogger({
    error: keep,
    warn: keep,
    info: keep,
    debug: () => {},
    verbose: () => {},
  });
});
afterEach(reset);

describe.each(NAMES)('what was started here, in the place %s,', (name) => {
  const { make, register, read } = PLACES[name];

  it('is found by all that reads it, however often', () => {
    const own = start(NAMES).get(name);
    for (let times = 0; times < 3; times++) expect(read()).toBe(own);
    diag.setLogger({ error() {}, warn() {}, info() {}, debug() {}, verbose() {} }, { suppressOverrideMessage: true });
    expect(read()).toBe(own);
  });

  it('is replaced without a word by what is registered next, and by nothing after that', () => {
    start(NAMES);
    const [second, third] = [make(), make()];
    expect(register(second)).toBe(true);
    expect(errors).toEqual([]);
    expect(read()).toBe(second);
    expect(replaced).toEqual([name]);
    expect(register(third)).toBe(false);
    expect(read()).toBe(second);
  });

  it('does not take the place of what was there before', () => {
    const earlier = make();
    register(earlier);
    start(NAMES);
    expect(register(make())).toBe(false);
    expect(read()).toBe(earlier);
  });
});

it('leaves nothing behind once it is replaced everywhere', () => {
  start(NAMES);
  for (const name of NAMES) PLACES[name].register(PLACES[name].make());
  expect(replaced).toEqual(NAMES);
  const accessors = Object.values(Object.getOwnPropertyDescriptors(global[API])).filter(({ get }) => get !== undefined);
  expect(accessors).toEqual([]);
  expect(Object.getOwnPropertyDescriptor(globalThis, API)?.get).toBeUndefined();
});

it('can be taken out of its place, as by any code that knows the API', () => {
  start(['trace']);
  trace.disable();
  const next = new NodeTracerProvider();
  expect(PLACES.trace.register(next)).toBe(true);
  expect(PLACES.trace.read()).toBe(next);
});

it('an object that another library puts in place of the shared one is kept', () => {
  start(['trace']);
  const other = { version: '1.0.0' };
  global[API] = other;
  expect(global[API]).toBe(other);
});

it('settings of stack traces are as they were', () => {
  start(['logs']);
  const { stackTraceLimit, prepareStackTrace } = Error;
  logs.getLoggerProvider();
  logs.setGlobalLoggerProvider(new LoggerProvider());
  expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual([stackTraceLimit, prepareStackTrace]);
});

it('knows in which places it still is', () => {
  const earlier = PLACES.context.make();
  PLACES.context.register(earlier);
  const giveWay = givingWay();
  for (const name of ['trace', 'metrics', 'propagation'] as const) PLACES[name].register(PLACES[name].make());
  const holds = giveWay(() => {});
  const held = () => NAMES.filter(holds);
  expect(held()).toEqual(['trace', 'metrics', 'propagation']);
  PLACES.trace.register(PLACES.trace.make());
  metrics.disable();
  expect(held()).toEqual(['propagation']);
  PLACES.metrics.register(PLACES.metrics.make());
  expect(held()).toEqual(['propagation']);
});

describe('a tracer that was handed out before', () => {
  function provider() {
    const exporter = new InMemorySpanExporter();
    const made = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    return {
      made,
      names: () =>
        exporter.getFinishedSpans().map(({ name, instrumentationScope }) => `${instrumentationScope.name} ${name}`),
    };
  }

  it('goes on to the successor of its provider, under its name', () => {
    const [ours, theirs] = [provider(), provider()];
    const handOver = handsOver(ours.made, 'getTracer', 'startSpan');
    const tracer = ours.made.getTracer('early');
    tracer.startSpan('first').end();
    handOver(theirs.made);
    tracer.startSpan('second').end();
    tracer.startActiveSpan('third', (span) => span.end());
    ours.made.getTracer('late').startSpan('fourth').end();
    expect(ours.names()).toEqual(['early first']);
    expect(theirs.names()).toEqual(['early second', 'early third', 'late fourth']);
  });

  it('stays with its provider if it is ours', () => {
    const [ours, theirs] = [provider(), provider()];
    handsOver(ours.made, 'getTracer', 'startSpan')(theirs.made);
    ours.made.getTracer('mcp-trail').startSpan('tools/call').end();
    expect([ours.names(), theirs.names()]).toEqual([['mcp-trail tools/call'], []]);
  });

  it('still works if the successor is built around it', () => {
    const ours = provider();
    const handOver = handsOver(ours.made, 'getTracer', 'startSpan');
    const tracer = ours.made.getTracer('early');
    handOver({ getTracer: (name: string) => ours.made.getTracer(name) });
    tracer.startSpan('around').end();
    expect(ours.names()).toEqual(['early around']);
  });
});
