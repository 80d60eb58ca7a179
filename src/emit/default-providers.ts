/**
 * Where MCP telemetry goes without a provider of the instrumentation's own, and how messages carry its context. An SDK that
 * was started here keeps both, whatever the application registers: the operator has chosen where that SDK sends, and what
 * strangers may read in messages.
 */
import {
  createNoopMeter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  propagation,
  type TextMapPropagator,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { attempt } from '../lib/attempt.js';
import { otelGlobals } from '../report/otel-globals.js';
import type { Signal } from './export-failure.js';
import { currentLoggerProvider, type LoggerProvider } from './logger-provider.js';
import { providerBehind } from './sdk-internals.js';

/** Of the SDK that was started here: its providers, by signal, and its propagator. */
export interface StartedProviders {
  traces?: TracerProvider | undefined;
  metrics?: MeterProvider | undefined;
  logs?: LoggerProvider | undefined;
  propagator?: TextMapPropagator | undefined;
}

/** Without an entry, or while another provider is followed, the registered one is used; an entry that is `undefined` stands for one that does nothing. */
export const startedProviders: StartedProviders = {};

const NO_SPANS: TracerProvider = new ProxyTracerProvider();
const NO_METRICS: MeterProvider = { getMeter: () => createNoopMeter() };
const NO_RECORDS: LoggerProvider = { getLogger: () => ({ emit() {}, enabled: () => false }) };
const NO_PROPAGATOR: TextMapPropagator = { inject() {}, extract: (base) => base, fields: () => [] };

/** What is registered for a signal, in whatever copy of the API. */
export const REGISTERED: Readonly<Record<Signal, () => object | undefined>> = {
  traces: () => otelGlobals()?.trace,
  metrics: () => otelGlobals()?.metrics,
  logs: currentLoggerProvider,
};

interface Followed {
  readonly provider: object | undefined;
  readonly onGone: () => void;
}

const followed = new Map<Signal, Followed>();

/**
 * Has MCP telemetry go to a provider of the application, and not to ours, for as long as it is the registered one.
 *
 * @param onGone called when MCP telemetry is about to go to ours again
 */
export function follow(signal: Signal, theirs: object, onGone: () => void): void {
  followed.set(signal, { provider: providerBehind(theirs), onGone });
}

/** Whether the telemetry of a signal goes to the SDK that was started here. */
function isOurs(signal: Signal): boolean {
  if (!(signal in startedProviders)) return false;
  const other = followed.get(signal);
  if (other === undefined) return true;
  if (providerBehind(REGISTERED[signal]()) === other.provider) return false;
  followed.delete(signal);
  attempt(other.onGone);
  return true;
}

export function defaultTracerProvider(): TracerProvider {
  return isOurs('traces') ? (startedProviders.traces ?? NO_SPANS) : trace.getTracerProvider();
}

export function defaultMeterProvider(): MeterProvider {
  return isOurs('metrics') ? (startedProviders.metrics ?? NO_METRICS) : metrics.getMeterProvider();
}

export function defaultLoggerProvider(): LoggerProvider | undefined {
  return isOurs('logs') ? (startedProviders.logs ?? NO_RECORDS) : currentLoggerProvider();
}

/** The one that goes with the spans: a receiver must find the parent where they are. */
export function defaultPropagator(): TextMapPropagator {
  const keeps = isOurs('traces') && 'propagator' in startedProviders;
  return keeps ? (startedProviders.propagator ?? NO_PROPAGATOR) : propagation;
}

/** Whether the application's spans go to another provider than ours. */
export function spansPartWays(): boolean {
  return isOurs('traces') && startedProviders.traces !== providerBehind(trace.getTracerProvider());
}
