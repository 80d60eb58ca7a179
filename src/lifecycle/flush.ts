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
  /** Those of `started` that the application has replaced by its own; more may follow. */
  readonly replaced?: ReadonlySet<object> | undefined;
  /** The registered logger provider, which the tracing API does not lead to. */
  readonly logs: () => Flushable | undefined;
  /** Whether the last export of an exporter failed. */
  readonly isFailing?: (exporter: object) => boolean;
}

/** The providers of the process, from our SDK or the application's. */
export class Telemetry {
  readonly #started: readonly Flushable[] | undefined;
  readonly #replaced: ReadonlySet<object>;
  readonly #logs: () => Flushable | undefined;
  readonly #isFailing: (exporter: object) => boolean;
  /** Flushed once: whether they have more is unknown. */
  readonly #unknown = new WeakSet<object>();
  #flushing: Promise<void> | undefined;

  constructor({ started, replaced = new Set(), logs, isFailing = () => false }: TelemetrySource) {
    this.#logs = logs;
    this.#isFailing = isFailing;
    this.#started = started;
    this.#replaced = replaced;
    for (const provider of started ?? []) runExportsWithin(provider, unreferenced, referenced);
  }

  /** Whether the SDK was started here, and is still in use. The application flushes and shuts down its own SDK. */
  get isOurs(): boolean {
    const { size } = this.#replaced;
    return this.#started !== undefined && (size === 0 || size < this.#started.length);
  }

  /** Whether there is something to deliver, or being delivered. */
  get pending(): boolean {
    if (this.#flushing !== undefined) return true;
    return this.providers().some((provider) => isPending(provider) ?? !this.#unknown.has(provider));
  }

  /** The providers that can be flushed. */
  providers(): Flushable[] {
    const started = this.#started ?? [];
    const others =
      this.#started === undefined || this.#replaced.size > 0
        ? this.#registered().filter((each) => !started.includes(each) && this.#takesExports(each))
        : [];
    return [...started, ...others].filter(
      (provider) => typeof provider.forceFlush === 'function' && !isShutDown(provider),
    );
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
