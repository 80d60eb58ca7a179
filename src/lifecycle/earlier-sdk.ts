/**
 * Where spans and metrics go when somebody else has registered providers before us, and no SDK is started: there, or
 * nowhere, and not where `OTEL_*` says. Audit records are told of where they are lost.
 */
import { metrics, trace } from '@opentelemetry/api';
import type { Environment, Signal } from './otel-settings.js';

/** What is known of the way out of a provider: of each processor or reader, whether it sends to an address. */
export type Ways = (signal: Signal, provider: object) => readonly { readonly overNetwork: boolean }[] | undefined;

const FIRST = 'an OpenTelemetry SDK was registered before mcp-trail/register, which has started none';

/** One sentence for each signal that does not arrive where the operator looks for it. */
export function signalsElsewhere(env: Environment, ways: Ways): readonly string[] {
  const proxy = trace.getTracerProvider() as { getDelegate?(): object };
  const spans = spansElsewhere(env, proxy.getDelegate?.() ?? proxy, ways);
  const measured = metricsElsewhere(env, metrics.getMeterProvider(), ways);
  return [spans, measured].filter((text) => text !== undefined);
}

function spansElsewhere(env: Environment, provider: object, ways: Ways): string | undefined {
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

/** `SentryTracerProvider` says more than any description; what a minifier made of it says nothing. */
function nameOf(provider: object): string {
  const { name } = provider.constructor;
  return /^[A-Z]\w{7,60}$/.test(name) ? ` (${name})` : '';
}

function metricsElsewhere(env: Environment, provider: object, ways: Ways): string | undefined {
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

/** Somebody has registered one kind of provider before us, and the SDK that is being started has no use of its own. */
export function takenBefore(api: string): string | undefined {
  const noun = APIS[api];
  if (noun === undefined) return undefined;
  return (
    `${noun} do not go where OTEL_* says: a provider for them was registered before mcp-trail/register, and they go ` +
    'where that sends them. Load mcp-trail/register first, or add an OTLP exporter there'
  );
}
