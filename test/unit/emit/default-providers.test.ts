import {
  defaultTextMapGetter as GETTER,
  metrics,
  propagation,
  ROOT_CONTEXT,
  defaultTextMapSetter as SETTER,
  trace,
} from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  defaultLoggerProvider,
  defaultMeterProvider,
  defaultPropagator,
  defaultTracerProvider,
  spansPartWays,
  startedProviders,
} from '../../../src/emit/default-providers.js';
import { Providers } from '../../../src/emit/providers.js';

const registered = { traces: new NodeTracerProvider(), metrics: new MeterProvider(), logs: new LoggerProvider() };
const started = { traces: new NodeTracerProvider(), metrics: new MeterProvider(), logs: new LoggerProvider() };

beforeEach(() => {
  trace.setGlobalTracerProvider(registered.traces);
  metrics.setGlobalMeterProvider(registered.metrics);
  logs.setGlobalLoggerProvider(registered.logs);
});
afterEach(() => {
  for (const api of [trace, metrics, logs]) api.disable();
  for (const part of ['traces', 'metrics', 'logs', 'propagator'] as const) delete startedProviders[part];
});

it('what is registered is the default, if no SDK was started', () => {
  expect(defaultTracerProvider()).toBe(trace.getTracerProvider());
  expect(defaultMeterProvider()).toBe(registered.metrics);
  expect(defaultLoggerProvider()).toBe(registered.logs);
});

it('an SDK that was started is the default, whatever is registered', () => {
  Object.assign(startedProviders, started);
  expect(defaultTracerProvider()).toBe(started.traces);
  expect(defaultMeterProvider()).toBe(started.metrics);
  expect(defaultLoggerProvider()).toBe(started.logs);
});

it('a signal that the SDK was started without goes nowhere', () => {
  Object.assign(startedProviders, { traces: undefined, metrics: undefined, logs: undefined });
  expect(defaultTracerProvider().getTracer('test').startSpan('lost').isRecording()).toBe(false);
  expect(defaultMeterProvider().getMeter('test')).not.toBeInstanceOf(registered.metrics.getMeter('test').constructor);
  const options = { context: ROOT_CONTEXT, severityNumber: 9, eventName: 'mcp_audit.request' };
  expect(defaultLoggerProvider()?.getLogger('test').enabled?.(options)).toBe(false);
});

it('messages carry context by the propagator of the SDK that the spans go to', () => {
  const propagator = new W3CTraceContextPropagator();
  startedProviders.propagator = propagator;
  expect(defaultPropagator()).toBe(propagation);
  startedProviders.traces = started.traces;
  expect(defaultPropagator()).toBe(propagator);
});

it('messages carry no context if the SDK was started without a propagator', () => {
  Object.assign(startedProviders, { traces: started.traces, propagator: undefined });
  const carrier = {};
  defaultPropagator().inject(
    trace.setSpan(ROOT_CONTEXT, started.traces.getTracer('test').startSpan('a')),
    carrier,
    SETTER,
  );
  expect(carrier).toEqual({});
  expect(defaultPropagator().fields()).toEqual([]);
  expect(defaultPropagator().extract(ROOT_CONTEXT, { traceparent: 'any' }, GETTER)).toBe(ROOT_CONTEXT);
});

it('a propagator that was registered before the SDK was started keeps its place', () => {
  startedProviders.traces = started.traces;
  expect(defaultPropagator()).toBe(propagation);
});

it('a tracer is made anew when the default changes', () => {
  const providers = new Providers();
  const recordsAt = () => (providers.tracer.startSpan('a') as unknown as { resource: unknown }).resource;
  startedProviders.traces = started.traces;
  const ours = providers.tracer;
  expect(providers.tracer).toBe(ours);
  expect(recordsAt()).toBe((started.traces as unknown as { _resource: unknown })._resource);
  delete startedProviders.traces;
  expect(providers.tracer).not.toBe(ours);
  expect(providers.tracer.startSpan('b').isRecording()).toBe(true);
});

it('spans of the application may go elsewhere than ours once it has registered an SDK', () => {
  expect(spansPartWays()).toBe(false);
  startedProviders.traces = registered.traces;
  expect(spansPartWays()).toBe(false);
  startedProviders.traces = started.traces;
  expect(spansPartWays()).toBe(true);
});
