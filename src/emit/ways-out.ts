/**
 * The ways out of a provider: its processors or readers, their exporters, and the transports of those. All of this is
 * private in the SDKs, of either line, and looked for.
 */
import { type Signal, shownEndpoint } from './export-failure.js';

/** Global: another copy of this package has its own eyes, and two would say everything twice. */
export const WATCHED: unique symbol = Symbol.for('mcp-trail.watched');

export interface ExportResult {
  readonly code: number;
  readonly error?: unknown;
}

export type Export = (items: unknown, done: (result: ExportResult) => void) => void;

export interface Transport {
  send?: (...args: unknown[]) => Promise<{ readonly status?: string; readonly error?: unknown }>;
  readonly _transport?: Transport;
  readonly _parameters?: { readonly url?: unknown; readonly address?: unknown };
}

/** An exporter of either line. */
export interface Exporter {
  export?: Export;
  readonly _delegate?: { readonly _transport?: Transport };
  /** Zipkin's. */
  readonly _urlStr?: unknown;
  [WATCHED]?: true;
}

/** A processor or reader of either line. */
export interface Processor {
  readonly _exporter?: Exporter;
  readonly _maxQueueSize?: number;
  readonly _finishedSpans?: readonly unknown[];
  readonly _finishedLogRecords?: readonly unknown[];
  onEnd?: Take;
  onEmit?: Take;
  [WATCHED]?: true;
}

type Take = (item: unknown, ...rest: unknown[]) => void;

interface ProviderInternals {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: readonly Processor[] };
  readonly _sharedState?: {
    readonly activeProcessor?: { readonly processors?: readonly Processor[] };
    readonly metricCollectors?: readonly { readonly _metricReader?: Processor }[];
  };
}

/** The API hands out proxies, for an SDK that is registered later. */
interface Proxied {
  getDelegate?(): object | undefined;
  _getDelegate?(): object | undefined;
}

const PROCESSORS: Readonly<
  Record<Signal, (provider: ProviderInternals) => readonly (Processor | undefined)[] | undefined>
> = {
  traces: ({ _activeSpanProcessor }) => _activeSpanProcessor?._spanProcessors,
  metrics: ({ _sharedState }) => _sharedState?.metricCollectors?.map(({ _metricReader }) => _metricReader),
  logs: ({ _sharedState }) => _sharedState?.activeProcessor?.processors,
};

/** What a provider passes a signal on to; undefined where that cannot be known. */
export function processorsOf(signal: Signal, provider: object | undefined): readonly Processor[] | undefined {
  const { getDelegate, _getDelegate } = (provider ?? {}) as Proxied;
  const beneath = (getDelegate ?? _getDelegate)?.call(provider) ?? provider;
  const found = beneath === undefined ? undefined : PROCESSORS[signal](beneath as ProviderInternals);
  return found?.filter((processor) => processor !== undefined);
}

/** Where an exporter sends to, as far as it is one that sends over the network. */
export function endpointOf(exporter: object | undefined): string | undefined {
  const { _delegate, _urlStr } = (exporter ?? {}) as Exporter;
  const { url, address } = innermost(_delegate?._transport)?._parameters ?? {};
  const found = [url, address, _urlStr].find((each) => typeof each === 'string');
  return found === undefined ? undefined : shownEndpoint(found as string);
}

/** The transport that sends: one that tries again is around it. */
export function innermost(transport: Transport | undefined): Transport | undefined {
  let inner = transport;
  for (let depth = 0; inner?._transport !== undefined && depth < 5; depth++) inner = inner._transport;
  return inner;
}
