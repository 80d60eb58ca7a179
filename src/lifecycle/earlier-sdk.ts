/**
 * An SDK of the application that was registered before us: none is started then, and spans and metrics go where it sends
 * them, not where the `OTEL_*` variables point. These are the warnings about that, and about one that is registered later
 * and gets nothing of MCP. Lost audit records have their own.
 */
import { metrics, trace } from '@opentelemetry/api';
import { endpointOf, processorsOf, providerBehind } from '../emit/sdk-internals.js';
import { otelGlobals } from '../report/otel-globals.js';
import type { Environment, Signal } from './otel-settings.js';

const PRINTING: readonly string[] = ['ConsoleSpanExporter', 'ConsoleMetricExporter'];

type Way = 'network' | 'console' | 'other';

/** Where each processor or reader of a provider sends to; undefined if unknown. */
export type WaysOut = (signal: Signal, provider: object) => readonly Way[] | undefined;

function waysOut(signal: Signal, provider: object): ReturnType<WaysOut> {
  return processorsOf(signal, provider)?.map(({ _exporter }): Way => {
    if (endpointOf(_exporter) !== undefined) return 'network';
    return PRINTING.includes(_exporter?.constructor?.name ?? '') ? 'console' : 'other';
  });
}

/** Whether a way out is one that the variable asks for: the console only where it is named. */
function isAskedFor(way: Way, exporters: string | undefined): boolean {
  const named = exporters?.split(',').map((name) => name.trim()) ?? [];
  return way === 'network' || (way === 'console' && named.includes('console'));
}

/** Whether the application or an earlier preload has registered a tracer provider, in any copy of the API. */
export function sdkIsRegistered(): boolean {
  return providerBehind(trace.getTracerProvider())?.constructor.name !== 'NoopTracerProvider' || isHidden();
}

/** Whether a tracer provider is registered in an API that is older than our copy, which cannot use it. */
function isHidden(): boolean {
  const registered = otelGlobals()?.trace;
  return registered !== undefined && registered !== trace.getTracerProvider();
}

/**
 * The warning about copies of the API that do not go together.
 *
 * @param startedApi version of the API that the SDK uses that was started here
 * @param lockedOut version of the application's API, if it cannot use what that SDK has registered
 */
export function apiMismatch(
  env: Environment,
  startedApi: string | undefined,
  lockedOut: () => string | undefined,
): string | undefined {
  if (isOff(env, TRACES)) return undefined;
  const { version, trace: registered } = otelGlobals() ?? {};
  if (typeof version !== 'string') return undefined;
  if (isHidden()) {
    return (
      `spans and metrics are lost or incomplete: the OpenTelemetry SDK is registered in @opentelemetry/api ${version}, ` +
      "which is older than mcp-trail's copy. Update it, or install mcp-trail in the application"
    );
  }
  if (startedApi === undefined) return undefined;
  if (registered !== undefined) {
    const newer = lockedOut();
    if (newer === undefined) return undefined;
    return (
      `the application uses @opentelemetry/api ${newer}, which is newer than that of the SDK that mcp-trail/register has ` +
      `started (${version}): its own spans are lost, and it cannot register an SDK. Set MCP_TRAIL_SDK=off to use only the ` +
      "application's SDK, or install @opentelemetry/sdk-node in the application"
    );
  }
  if (startedApi === version) return undefined;
  return (
    `the application's spans are lost: @opentelemetry/api ${version} was used before mcp-trail/register, which has started an SDK ` +
    `that uses ${startedApi}. Install one version of @opentelemetry/api, or load mcp-trail/register first`
  );
}

const TRACES = 'OTEL_TRACES_EXPORTER';
const METRICS = 'OTEL_METRICS_EXPORTER';

const WHY = 'an OpenTelemetry SDK was registered before mcp-trail/register, which has started none';

/** One warning for each signal that does not arrive where the variables point. */
export function signalsElsewhere(env: Environment, ways: WaysOut = waysOut): readonly string[] {
  if (isHidden()) return [];
  return [spansElsewhere, metricsElsewhere].flatMap((elsewhere) => elsewhere(env, ways) ?? []);
}

/** The warning about an SDK that the application has registered later. */
export function keptHere(endpoints: readonly string[]): string {
  const places = new Set(endpoints.map((endpoint) => endpoint.replace(/\/v1\/(?:traces|metrics|logs)$/, '')));
  return (
    'the application has registered an OpenTelemetry SDK that may send elsewhere. MCP telemetry still goes ' +
    `${places.size === 0 ? 'where OTEL_* says' : `to ${[...places].join(', ')}`}; ` +
    "MCP_TRAIL_SDK=off sends it through the application's SDK"
  );
}

function spansElsewhere(env: Environment, ways: WaysOut): string | undefined {
  const provider = providerBehind(trace.getTracerProvider()) as object;
  const known = ways('traces', provider);
  if (isOff(env, TRACES) || known?.some((way) => isAskedFor(way, env[TRACES]))) return undefined;
  if (known?.length === 0) return `spans are lost: ${WHY}, and that SDK has no span processor. Add one`;
  const setting = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT', TRACES].find((name) =>
    isSet(env, name),
  );
  if (setting === undefined) return undefined;
  return (
    `spans ${known === undefined ? 'may not' : 'do not'} go where ${setting} says: ${WHY}, and they go where that ` +
    `SDK${nameOf(provider)} sends them. Add an OTLP exporter to it`
  );
}

/** A class name such as `SentryTracerProvider`, unless a minifier has shortened it. */
function nameOf(provider: object): string {
  const { name } = provider.constructor;
  return /^[A-Z]\w{7,60}$/.test(name) ? ` (${name})` : '';
}

function metricsElsewhere(env: Environment, ways: WaysOut): string | undefined {
  const provider = metrics.getMeterProvider();
  if (isOff(env, METRICS)) return undefined;
  if (provider.constructor.name === 'NoopMeterProvider') {
    return (
      `metrics are lost: ${WHY}, and that SDK has no MeterProvider. Register one, load mcp-trail/register first, ` +
      'or set OTEL_METRICS_EXPORTER=none'
    );
  }
  const known = ways('metrics', provider);
  if (known === undefined || known.some((way) => isAskedFor(way, env[METRICS]))) return undefined;
  if (known.length === 0) return `metrics are lost: ${WHY}, and its MeterProvider has no reader. Add one`;
  const setting = ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', METRICS].find((name) => isSet(env, name));
  if (setting === undefined) return undefined;
  return `metrics do not go where ${setting} says: ${WHY}, and they go where that SDK sends them`;
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
    'wherever it sends them. Add an OTLP exporter to it'
  );
}
