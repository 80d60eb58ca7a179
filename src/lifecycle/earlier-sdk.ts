/**
 * An SDK that was registered before us. None is started then: spans and metrics go where the earlier SDK sends them, and
 * not where the `OTEL_*` variables point. These are the warnings about that; lost audit records have their own.
 */
import { metrics, trace } from '@opentelemetry/api';
import { endpointOf, processorsOf, providerBehind } from '../emit/sdk-internals.js';
import type { Environment, Signal } from './otel-settings.js';

/** Of each processor or reader of a provider, whether it sends over the network; undefined if unknown. */
export type WaysOut = (signal: Signal, provider: object) => readonly { readonly overNetwork: boolean }[] | undefined;

function waysOut(signal: Signal, provider: object): ReturnType<WaysOut> {
  return processorsOf(signal, provider)?.map(({ _exporter }) => ({ overNetwork: endpointOf(_exporter) !== undefined }));
}

/** Whether the application or an earlier preload has registered a tracer provider. */
export function sdkIsRegistered(): boolean {
  return providerBehind(trace.getTracerProvider())?.constructor.name !== 'NoopTracerProvider';
}

const FIRST = 'an OpenTelemetry SDK was registered before mcp-trail/register, which has started none';

/** One warning for each signal that does not arrive where the variables point. */
export function signalsElsewhere(env: Environment, ways: WaysOut = waysOut): readonly string[] {
  const spans = spansElsewhere(env, providerBehind(trace.getTracerProvider()) as object, ways);
  const measured = metricsElsewhere(env, metrics.getMeterProvider(), ways);
  return [spans, measured].filter((text) => text !== undefined);
}

function spansElsewhere(env: Environment, provider: object, ways: WaysOut): string | undefined {
  const known = ways('traces', provider);
  if (isOff(env, 'OTEL_TRACES_EXPORTER') || known?.some(({ overNetwork }) => overNetwork)) return undefined;
  if (known?.length === 0) {
    return `spans are lost: ${FIRST}, and that SDK has no span processor. Add one, or load mcp-trail/register first`;
  }
  const setting = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_EXPORTER'].find(
    (name) => isSet(env, name),
  );
  if (setting === undefined) return undefined;
  return (
    `spans ${known === undefined ? 'may not' : 'do not'} go where ${setting} says: ${FIRST}, and they go where that ` +
    `SDK${nameOf(provider)} sends them. Add an OTLP exporter to it, or load mcp-trail/register first`
  );
}

/** A class name such as `SentryTracerProvider`, unless a minifier has shortened it. */
function nameOf(provider: object): string {
  const { name } = provider.constructor;
  return /^[A-Z]\w{7,60}$/.test(name) ? ` (${name})` : '';
}

function metricsElsewhere(env: Environment, provider: object, ways: WaysOut): string | undefined {
  if (isOff(env, 'OTEL_METRICS_EXPORTER')) return undefined;
  if (provider.constructor.name === 'NoopMeterProvider') {
    return (
      `metrics are lost: ${FIRST}, and that SDK has no MeterProvider. Register one, load mcp-trail/register first, ` +
      'or set OTEL_METRICS_EXPORTER=none'
    );
  }
  const known = ways('metrics', provider);
  if (known === undefined || known.some(({ overNetwork }) => overNetwork)) return undefined;
  if (known.length === 0) return `metrics are lost: ${FIRST}, and its MeterProvider has no reader. Add one`;
  const setting = ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_METRICS_EXPORTER'].find((name) => isSet(env, name));
  if (setting === undefined) return undefined;
  return `metrics do not go where ${setting} says: ${FIRST}, and they go where that SDK sends them`;
}

function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}

function isOff(env: Environment, name: string): boolean {
  return env[name]?.trim() === 'none';
}

const APIS: Readonly<Record<string, string>> = { trace: 'spans', metrics: 'metrics', logs: 'log records' };

/** The warning about one kind of provider that was registered before the SDK that is being started. */
export function takenBefore(api: string): string | undefined {
  const noun = APIS[api];
  if (noun === undefined) return undefined;
  return (
    `${noun} do not go where OTEL_* says: a provider for them was registered before mcp-trail/register, and they go ` +
    'where that sends them. Load mcp-trail/register first, or add an OTLP exporter there'
  );
}
