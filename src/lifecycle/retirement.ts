/**
 * What the SDK that was started here does when the application registers providers of its own in place of its. What the
 * application records goes to those from then on. MCP telemetry follows only to a provider that sends where ours does: the
 * operator has chosen that place, and the author of the application may have chosen another.
 */
import type { ContextManager } from '@opentelemetry/api';
import { follow, REGISTERED, startedProviders } from '../emit/default-providers.js';
import type { Signal } from '../emit/export-failure.js';
import {
  endpointOf,
  type Flushable,
  flushProvider,
  pauseReaders,
  processorsOf,
  providerBehind,
  type SdkInternals,
} from '../emit/sdk-internals.js';
import { attempt } from '../lib/attempt.js';
import { guarded } from '../report/guarded.js';
import { handsOver } from './hand-over.js';
import { sendsToSame } from './same-destination.js';
import { unreferenced } from './unref.js';

const SITE = "looking at the application's OpenTelemetry SDK";

interface Place {
  readonly signal: Signal;
  readonly provider: Exclude<keyof SdkInternals, '_resource'>;
  /** What a provider makes that others keep: by which of its methods, and the one method of that with an effect. */
  readonly makes?: readonly [make: string, use: string];
}

const PLACES: Readonly<Record<string, Place>> = {
  trace: {
    signal: 'traces',
    provider: '_tracerProvider',
    makes: ['getTracer', 'startSpan'],
  },
  metrics: { signal: 'metrics', provider: '_meterProvider' },
  logs: {
    signal: 'logs',
    provider: '_loggerProvider',
    makes: ['getLogger', 'emit'],
  },
};

/** A provider that the application has registered in place of one of ours. */
interface Succession {
  readonly signal: Signal;
  readonly ours: Flushable;
  readonly theirs: object;
}

export class Retirement {
  /** The providers that are not used now. */
  readonly replaced: Set<Flushable> = new Set();
  readonly #sdk: SdkInternals;
  readonly #onKept: (endpoints: readonly string[]) => void;
  readonly #handOver = new Map<string, (successor: object) => void>();
  #successions: Succession[] = [];

  /**
   * Follows an SDK that has just started, and has MCP telemetry sent to it.
   *
   * @param onKept called when the application has registered providers, but MCP telemetry still goes to these endpoints
   */
  constructor(sdk: SdkInternals, onKept: (endpoints: readonly string[]) => void) {
    this.#sdk = sdk;
    this.#onKept = onKept;
    for (const [name, { signal, provider, makes }] of Object.entries(PLACES)) {
      const ours = sdk[provider];
      const holder = providerBehind(REGISTERED[signal]());
      // What was registered before the SDK was started keeps its place.
      if (holder === undefined || holder === ours) Object.assign(startedProviders, { [signal]: ours });
      if (ours !== undefined && makes !== undefined) this.#handOver.set(name, handsOver(ours, ...makes));
    }
  }

  /** Something has taken a place of the SDK in the API. */
  replace(name: string, successor: object, replaced: object): void {
    if (name === 'context') (replaced as ContextManager).disable();
    const place = PLACES[name];
    const ours = place && this.#sdk[place.provider];
    if (place === undefined || ours === undefined) return;
    this.#handOver.get(name)?.(successor);
    // Later: the application is in the middle of its registration.
    if (this.#successions.length === 0) queueMicrotask(() => guarded(SITE, () => this.#settle()));
    this.#successions.push({ signal: place.signal, ours, theirs: successor });
  }

  #settle(): void {
    const successions = this.#successions;
    this.#successions = [];
    const kept = successions.filter((each) => !attempt(() => this.#follow(each)));
    if (kept.length === 0) return;
    const exporters = kept.flatMap(({ signal, ours }) => processorsOf(signal, ours) ?? []);
    this.#onKept(exporters.flatMap(({ _exporter }) => endpointOf(_exporter) ?? []));
  }

  /**
   * Has MCP telemetry go to a successor, if it sends to the same place, for as long as that is registered: what comes next
   * may send elsewhere. Returns whether it does.
   */
  #follow({ signal, ours, theirs }: Succession): boolean {
    if (!sendsToSame(signal, theirs, ours, process.env)) return false;
    this.replaced.add(ours);
    let goOn: (() => void) | undefined;
    let isBack = false;
    follow(signal, theirs, () => {
      isBack = true;
      this.replaced.delete(ours);
      goOn?.();
    });
    void unreferenced(async () => {
      await flushProvider(ours);
      // It would send the metrics that it has again and again. Nothing new comes to the others, except open spans.
      if (!isBack) goOn = pauseReaders(ours);
    });
    return true;
  }
}
