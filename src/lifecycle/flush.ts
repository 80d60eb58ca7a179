/** The telemetry that the process has to deliver before it ends: which providers hold it, and how it is flushed. */
import { metrics, trace } from '@opentelemetry/api';
import {
  allProcessorsOf,
  type Flushable,
  flushProvider,
  isPending,
  isShutDown,
  providerBehind,
  runExportsWithin,
} from '../emit/sdk-internals.js';
import { referenced, unreferenced } from './unref.js';

/** Where the telemetry of the process is. */
export interface TelemetrySource {
  /** The providers of the SDK that was started here; undefined if the application brings its own. */
  readonly started: readonly Flushable[] | undefined;
  /** The registered logger provider, which the tracing API does not lead to. */
  readonly logs: () => Flushable | undefined;
  /** Whether the last export of an exporter failed. */
  readonly isFailing?: (exporter: object) => boolean;
}

/** The providers of the process, from our SDK or the application's. */
export class Telemetry {
  /** Whether the SDK was started here. The application flushes and shuts down its own SDK. */
  readonly isOurs: boolean;
  readonly #started: readonly Flushable[];
  readonly #logs: () => Flushable | undefined;
  readonly #isFailing: (exporter: object) => boolean;
  /** Flushed once: whether they have more is unknown. */
  readonly #unknown = new WeakSet<object>();
  #flushing: Promise<void> | undefined;

  constructor({ started, logs, isFailing = () => false }: TelemetrySource) {
    this.isOurs = started !== undefined;
    this.#logs = logs;
    this.#isFailing = isFailing;
    this.#started = started ?? [];
    for (const provider of this.#started) runExportsWithin(provider, unreferenced, referenced);
  }

  /** Whether there is something to deliver, or being delivered. */
  get pending(): boolean {
    if (this.#flushing !== undefined) return true;
    return this.providers().some((provider) => isPending(provider) ?? !this.#unknown.has(provider));
  }

  /** The providers that can be flushed. */
  providers(): Flushable[] {
    const all = this.isOurs ? this.#started : this.#registered().filter((each) => this.#takesExports(each));
    return all.filter((provider) => typeof provider.forceFlush === 'function' && !isShutDown(provider));
  }

  /** The providers that are registered with the OpenTelemetry API. */
  #registered(): Flushable[] {
    const tracerProvider = providerBehind(trace.getTracerProvider());
    const loggerProvider = providerBehind(this.#logs());
    const meterProvider = metrics.getMeterProvider() as Flushable;
    return [tracerProvider, meterProvider, loggerProvider].filter((provider) => provider !== undefined);
  }

  /** Without us, the process would not wait for an endpoint that is down. */
  #takesExports(provider: Flushable): boolean {
    const exporters = allProcessorsOf(provider).flatMap(({ _exporter }) => _exporter ?? []);
    return exporters.length === 0 || !exporters.every(this.#isFailing);
  }

  /**
   * Sends what is pending, and waits for exports that have begun. Never rejects, and does not keep the process alive by
   * itself.
   */
  async flush(): Promise<void> {
    // A flush that has begun does not cover what came after its start.
    await this.#flushing;
    this.#flushing ??= this.#flush();
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const providers = this.providers();
    for (const provider of providers) if (isPending(provider) === undefined) this.#unknown.add(provider);
    try {
      await unreferenced(() => Promise.allSettled(providers.map(flushProvider)));
    } finally {
      this.#flushing = undefined;
    }
  }
}
