/**
 * Inside the providers of an SDK: what waits in them to be exported, and what is on its way. Their API tells neither. The
 * members are private, and the same in both lines; where one is missing, nothing is known.
 */
import { attached, detached } from './unref.js';

/** A provider, a processor or an exporter. */
export interface Flushable {
  forceFlush?(): Promise<unknown>;
}

/** A processor of spans or log records, or a reader of metrics. */
export interface Processor extends Flushable {
  readonly _exporter?: Flushable;
  readonly _finishedSpans?: readonly unknown[];
  readonly _finishedLogRecords?: readonly unknown[];
  /** What is on its way. */
  readonly _isExporting?: boolean;
  readonly _currentExport?: { readonly exportCompleted?: Promise<unknown> } | null;
  readonly _ongoingExportPromise?: Promise<unknown> | null;
  readonly _pendingExports?: { readonly size: number };
}

interface ProviderInternals {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: readonly Processor[] };
  readonly _sharedState?: {
    readonly activeProcessor?: { readonly processors?: readonly Processor[] };
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

/** The processors, or the readers, of a provider. */
export function processorsOf(provider: object): readonly Processor[] {
  const { _activeSpanProcessor: spans, _sharedState: state } = provider as ProviderInternals;
  const readers = state?.metricCollectors?.flatMap(({ _metricReader: reader }) => reader ?? []);
  return spans?._spanProcessors ?? state?.activeProcessor?.processors ?? readers ?? [];
}

/** Whether something was recorded that is not exported; undefined where that cannot be told. */
export function isPending(provider: object): boolean | undefined {
  const processors = processorsOf(provider);
  const known = processors.map(waiting);
  if (known.includes(true) || (known.includes(false) && isMeasured(provider))) return true;
  return processors.length === 0 || known.includes(undefined) ? undefined : false;
}

function waiting(processor: Processor): boolean | undefined {
  const { _finishedSpans: spans, _finishedLogRecords: records, _pendingExports: simple } = processor;
  const { _isExporting, _currentExport, _ongoingExportPromise: metrics } = processor;
  if (spans === undefined && records === undefined && simple === undefined && metrics === undefined) return undefined;
  if ([spans, records].some((queue) => queue !== undefined && queue.length > 0)) return true;
  return _isExporting === true || Boolean(_currentExport) || Boolean(metrics) || (simple?.size ?? 0) > 0;
}

/** Scopes in which an SDK measures its own exports: each would give reason for the next. */
const SELF_MEASURING = /^@opentelemetry\/(?:sdk|otlp|exporter)/;

function isMeasured(provider: object): boolean {
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

/** One that is shut down has nothing any more, and warns when it is asked. */
export function isShutDown(provider: object): boolean {
  const { _shutdownOnce, _shutdown } = provider as ProviderInternals;
  return _shutdownOnce?.isCalled === true || _shutdown === true;
}

/**
 * A batch span processor's own flush is done at once when its timer has just handed a batch to the exporter: what is
 * under way is not waited for. The exporter knows of it.
 */
export async function flushProvider(provider: Flushable): Promise<void> {
  const exporters = processorsOf(provider).map(({ _exporter }) => _exporter);
  await Promise.allSettled([provider, ...exporters].map(async (each) => each?.forceFlush?.()));
}

/** The methods that begin an export, each with what tells of its end. */
const EXPORTS: Readonly<Record<string, (returned: unknown, processor: Processor) => unknown>> = {
  _flushOneBatch: (returned) => returned,
  _exportOneBatch: (_returned, { _currentExport: current }) => current?.exportCompleted,
  _runOnce: (returned) => returned,
};

/** Has the exports of a provider never keep the process alive, whatever they wait for. */
export function detachExports(provider: object): void {
  for (const processor of processorsOf(provider)) {
    for (const [name, endOf] of Object.entries(EXPORTS)) {
      replace(processor, name, (original) => {
        let returned: unknown;
        void detached(() => {
          returned = original();
          return endOf(returned, processor);
        });
        return returned;
      });
    }
    // Asks the application's own callbacks for what they observe.
    replace(processor, 'collect', attached);
  }
}

function replace(processor: Processor, name: string, around: (original: () => unknown) => unknown): void {
  const original = (processor as Record<string, unknown>)[name];
  if (typeof original !== 'function') return;
  const value = (...args: unknown[]) => around(() => original.apply(processor, args));
  Object.defineProperty(processor, name, { value, writable: true, configurable: true });
}
