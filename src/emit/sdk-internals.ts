/**
 * Private members of OpenTelemetry's SDK, of both lines: its providers, processors, exporters and their transports. The API
 * tells neither what waits to be exported nor where it goes. Every member may be missing in another version; then nothing
 * is known. No other file reads these members.
 */
import { trace } from '@opentelemetry/api';
import { type Signal, shownEndpoint } from './export-failure.js';

/** Marks what is watched. Global: two copies of this package would report everything twice. */
export const WATCHED: unique symbol = Symbol.for('mcp-trail.watched');

export interface Flushable {
  forceFlush?(): Promise<unknown>;
}

/** `NodeSDK`. A signal that is off has no provider. */
export interface SdkInternals {
  readonly _resource?: { waitForAsyncAttributes?(): Promise<void> } | undefined;
  readonly _tracerProvider?: Flushable | undefined;
  readonly _meterProvider?: Flushable | undefined;
  readonly _loggerProvider?: Flushable | undefined;
}

export interface ExportResult {
  readonly code: number;
  readonly error?: unknown;
}

export type Export = (items: unknown, done: (result: ExportResult) => void) => void;

export interface Exporter extends Flushable {
  export?: Export;
  readonly _delegate?: { readonly _serializer?: Serializer; readonly _transport?: Transport };
  /** Zipkin's. */
  readonly _urlStr?: unknown;
  [WATCHED]?: true;
}

interface Serializer {
  serializeRequest?(items: readonly unknown[]): Uint8Array | undefined;
}

/** A transport that retries is around the one that sends. */
export interface Transport {
  send?: (...args: unknown[]) => Promise<{ readonly status?: string; readonly error?: unknown }>;
  readonly _transport?: Transport;
  readonly _parameters?: OtlpParameters;
}

export interface OtlpParameters {
  readonly compression?: unknown;
  /** Over HTTP. */
  readonly url?: unknown;
  /** Of gRPC: host and port without a scheme, or `unix:` and a path. */
  readonly address?: unknown;
  readonly grpcPath?: unknown;
}

/** A processor of spans or log records, or a reader of metrics. */
export interface Processor extends Flushable {
  readonly _exporter?: Exporter;
  readonly _maxQueueSize?: number;
  readonly _maxExportBatchSize?: number;
  readonly _finishedSpans?: readonly unknown[];
  readonly _finishedLogRecords?: readonly unknown[];
  /** Exports that have not ended. */
  readonly _isExporting?: boolean;
  readonly _currentExport?: { readonly exportCompleted?: Promise<unknown> } | null;
  readonly _ongoingExportPromise?: Promise<unknown> | null;
  readonly _pendingExports?: { readonly size: number };
  onEnd?: (item: unknown, ...rest: unknown[]) => void;
  onEmit?: (item: unknown, ...rest: unknown[]) => void;
  shutdown?(): Promise<unknown>;
  [WATCHED]?: true;
}

interface SpanProcessor {
  onStart(...args: unknown[]): unknown;
  onEnd(...args: unknown[]): unknown;
}

interface ProviderInternals {
  readonly _activeSpanProcessor?: Partial<SpanProcessor> & { readonly _spanProcessors?: readonly Processor[] };
  readonly _sharedState?: {
    readonly activeProcessor?: { readonly processors?: readonly Processor[] };
    readonly registeredLogRecordProcessors?: readonly Processor[];
    readonly metricCollectors?: readonly { readonly _metricReader?: Processor }[];
    readonly meterSharedStates?: ReadonlyMap<string, MeterState>;
  };
  readonly _shutdownOnce?: { readonly isCalled?: boolean };
  readonly _shutdown?: unknown;
}

interface MeterState {
  readonly _instrumentationScope?: { readonly name?: string };
  readonly metricStorageRegistry?: {
    readonly _sharedRegistry?: Storages;
    readonly _perCollectorRegistry?: Map<unknown, Storages>;
  };
}

type Storages = ReadonlyMap<string, readonly MetricStorage[]>;

interface MetricStorage {
  readonly _deltaMetricStorage?: { readonly _activeCollectionStorage?: { readonly size: number } };
}

/** The API hands out proxies, for an SDK that is registered later. */
interface Proxied {
  getDelegate?(): Flushable | undefined;
  _getDelegate?(): Flushable | undefined;
}

/** The provider behind the API's proxy. */
export function providerBehind(provider: object | undefined): Flushable | undefined {
  const { getDelegate, _getDelegate } = (provider ?? {}) as Proxied;
  return (getDelegate ?? _getDelegate)?.call(provider) ?? (provider as Flushable | undefined);
}

const PROCESSORS: Readonly<
  Record<Signal, (provider: ProviderInternals) => readonly (Processor | undefined)[] | undefined>
> = {
  traces: ({ _activeSpanProcessor }) => _activeSpanProcessor?._spanProcessors,
  metrics: ({ _sharedState }) => _sharedState?.metricCollectors?.map(({ _metricReader }) => _metricReader),
  logs: ({ _sharedState }) => _sharedState?.activeProcessor?.processors,
};

/** The processors or readers that a provider passes a signal to; undefined if unknown. */
export function processorsOf(signal: Signal, provider: object | undefined): readonly Processor[] | undefined {
  const behind = providerBehind(provider);
  const found = behind === undefined ? undefined : PROCESSORS[signal](behind as ProviderInternals);
  return found?.filter((processor) => processor !== undefined);
}

/** The processors or readers of a provider of any signal. */
export function allProcessorsOf(provider: object): readonly Processor[] {
  const { traces, logs, metrics } = PROCESSORS;
  const internals = provider as ProviderInternals;
  const found = traces(internals) ?? logs(internals) ?? metrics(internals) ?? [];
  return found.filter((processor) => processor !== undefined);
}

/** The processors of an SDK that was started from the environment: also none, where none is configured. */
export function configuredProcessors(sdk: SdkInternals, signal: 'traces' | 'logs'): readonly Processor[] | undefined {
  if (signal === 'traces') return PROCESSORS.traces(sdk._tracerProvider as ProviderInternals) as readonly Processor[];
  return (sdk._loggerProvider as ProviderInternals)._sharedState?.registeredLogRecordProcessors;
}

/** The address that an exporter sends to, as set, with any credentials; undefined if it does not send over the network. */
export function addressOf(exporter: object | undefined): string | undefined {
  const { _delegate, _urlStr } = (exporter ?? {}) as Exporter;
  const { url, address } = innermost(_delegate?._transport)?._parameters ?? {};
  return [url, address, _urlStr].find((each): each is string => typeof each === 'string');
}

/** The same as it may be shown. */
export function endpointOf(exporter: object | undefined): string | undefined {
  const address = addressOf(exporter);
  return address === undefined ? undefined : shownEndpoint(address);
}

/** The transport that sends. */
export function innermost(transport: Transport | undefined): Transport | undefined {
  let inner = transport;
  for (let depth = 0; inner?._transport !== undefined && depth < 5; depth++) inner = inner._transport;
  return inner;
}

/** How an OTLP exporter makes its requests, and where it sends them; undefined if unknown. */
export function otlpParts(exporter: Exporter):
  | {
      readonly serialize: (items: readonly unknown[]) => Uint8Array | undefined;
      readonly parameters: OtlpParameters;
    }
  | undefined {
  const { _serializer: serializer, _transport: transport } = exporter._delegate ?? {};
  const parameters = innermost(transport)?._parameters;
  if (typeof serializer?.serializeRequest !== 'function' || parameters === undefined) return undefined;
  return { serialize: (items) => serializer.serializeRequest?.(items), parameters };
}

/** Whether a provider has something that it has not exported; undefined if unknown. */
export function isPending(provider: object): boolean | undefined {
  if (paused.has(provider)) return false;
  const processors = allProcessorsOf(provider);
  const known = processors.map(isProcessorPending);
  if (known.includes(true) || (known.includes(false) && hasMeasurements(provider))) return true;
  return processors.length === 0 || known.includes(undefined) ? undefined : false;
}

function isProcessorPending(processor: Processor): boolean | undefined {
  const { _finishedSpans: spans, _finishedLogRecords: records, _pendingExports: simple } = processor;
  const { _isExporting, _currentExport, _ongoingExportPromise: metrics } = processor;
  if (spans === undefined && records === undefined && simple === undefined && metrics === undefined) return undefined;
  if ([spans, records].some((queue) => queue !== undefined && queue.length > 0)) return true;
  return _isExporting === true || Boolean(_currentExport) || Boolean(metrics) || (simple?.size ?? 0) > 0;
}

/** Scopes in which an SDK measures its own exports: counting them as pending would never end. */
const SELF_MEASURING = /^@opentelemetry\/(?:sdk|otlp|exporter)/;

function hasMeasurements(provider: object): boolean {
  const { meterSharedStates = new Map<string, MeterState>() } = (provider as ProviderInternals)._sharedState ?? {};
  for (const { _instrumentationScope: scope, metricStorageRegistry: registry } of meterSharedStates.values()) {
    if (SELF_MEASURING.test(scope?.name ?? '')) continue;
    const maps = [registry?._sharedRegistry, ...(registry?._perCollectorRegistry?.values() ?? [])];
    const storages = maps.flatMap((map) => [...(map?.values() ?? [])]).flat();
    if (storages.some(({ _deltaMetricStorage: delta }) => (delta?._activeCollectionStorage?.size ?? 0) > 0))
      return true;
  }
  return false;
}

/** A provider that is shut down warns when it is flushed. */
export function isShutDown(provider: object): boolean {
  const { _shutdownOnce, _shutdown } = provider as ProviderInternals;
  return _shutdownOnce?.isCalled === true || _shutdown === true;
}

/**
 * Flushes a provider and its exporters. The flush of a batch span processor returns at once if its timer has just handed a
 * batch to the exporter; the exporter's own flush waits for that batch.
 */
export async function flushProvider(provider: Flushable): Promise<void> {
  const exporters = allProcessorsOf(provider).map(({ _exporter }) => _exporter);
  await Promise.allSettled([provider, ...exporters].map(async (each) => each?.forceFlush?.()));
}

/** The methods that begin an export, each with the promise of its end. */
const EXPORTS: Readonly<Record<string, (returned: unknown, processor: Processor) => unknown>> = {
  _flushOneBatch: (returned) => returned,
  _exportOneBatch: (_returned, { _currentExport: current }) => current?.exportCompleted,
  _runOnce: (returned) => returned,
};

type Runner = <T>(run: () => T) => T;

/**
 * Runs the exports of a provider within functions of the caller.
 *
 * @param exporting runs an export; what it runs returns the promise of the export's end
 * @param collecting runs the application's callbacks that are asked for metrics, in the middle of an export
 */
export function runExportsWithin(provider: object, exporting: Runner, collecting: Runner): void {
  for (const processor of allProcessorsOf(provider)) {
    for (const [name, endOf] of Object.entries(EXPORTS)) {
      replace(processor, name, (original) => {
        let returned: unknown;
        void exporting(() => {
          returned = original();
          return endOf(returned, processor);
        });
        return returned;
      });
    }
    replace(processor, 'collect', collecting);
  }
}

/** Providers whose readers export nothing. */
const paused = new WeakSet<object>();

/** Has the readers of a provider of metrics export nothing. Returns the function that has them go on. */
export function pauseReaders(provider: object): () => void {
  paused.add(provider);
  for (const reader of allProcessorsOf(provider)) {
    replace(reader, '_runOnce', (original) => (paused.has(provider) ? Promise.resolve() : original()));
  }
  return () => void paused.delete(provider);
}

function replace(processor: Processor, name: string, around: (original: () => unknown) => unknown): void {
  const original = (processor as Record<string, unknown>)[name];
  if (typeof original !== 'function') return;
  const value = (...args: unknown[]) => around(() => original.apply(processor, args));
  Object.defineProperty(processor, name, { value, writable: true, configurable: true });
}

/**
 * Shows every span of the registered SDK, at its start and at its end, to `look`, until that returns true: also spans that
 * are neither ours nor our parents. Attributes may be set after the start.
 *
 * @param look must not throw
 */
export function watchSpans(look: (span: unknown) => boolean): void {
  const processor = (providerBehind(trace.getTracerProvider()) as ProviderInternals)._activeSpanProcessor;
  if (typeof processor?.onStart !== 'function' || typeof processor.onEnd !== 'function') return;
  const watched = processor as SpanProcessor;
  const { onStart, onEnd } = watched;
  const show = (span: unknown) => {
    if (!look(span)) return;
    if (watched.onStart === start) watched.onStart = onStart;
    if (watched.onEnd === end) watched.onEnd = onEnd;
  };
  const start: SpanProcessor['onStart'] = function (this: unknown, ...args) {
    show(args[0]);
    return onStart.apply(this, args);
  };
  const end: SpanProcessor['onEnd'] = function (this: unknown, ...args) {
    show(args[0]);
    return onEnd.apply(this, args);
  };
  watched.onStart = start;
  watched.onEnd = end;
}
