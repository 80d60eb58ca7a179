/** What the process has to deliver before it ends, whoever started the SDK. */
import { metrics, trace } from '@opentelemetry/api';
import { detachExports, type Flushable, flushProvider, isPending, isShutDown, processorsOf } from './pipelines.js';
import { detached } from './unref.js';

/** The providers of the process, and what is in them. */
export class Telemetry {
  /** Whether their SDK was started here. Another one is the application's, to flush and to shut down. */
  readonly isOurs: boolean;
  readonly #started: readonly Flushable[];
  readonly #logs: () => Flushable | undefined;
  readonly #isFailing: (exporter: object) => boolean;
  /** Flushed once, as nothing can be told of them. */
  readonly #unknown = new WeakSet<object>();
  #flushing: Promise<void> | undefined;

  /**
   * @param started the providers of the SDK that was started here; nothing, where the application brings its own
   * @param logs the registered provider of logs: the tracing API does not lead to it
   * @param isFailing whether an exporter has got nothing through last
   */
  constructor(
    started: readonly Flushable[] | undefined,
    logs: () => Flushable | undefined,
    isFailing: (exporter: object) => boolean = () => false,
  ) {
    this.isOurs = started !== undefined;
    this.#logs = logs;
    this.#isFailing = isFailing;
    this.#started = started ?? [];
    for (const provider of this.#started) detachExports(provider);
  }

  /** Whether there is something to deliver, or on its way. */
  get pending(): boolean {
    if (this.#flushing !== undefined) return true;
    return this.providers().some((provider) => isPending(provider) ?? !this.#unknown.has(provider));
  }

  /** Those that can be flushed. */
  providers(): Flushable[] {
    const all = this.isOurs
      ? this.#started
      : [...registered(), ...delegateOf(this.#logs())].filter((each) => this.#isOpen(each));
    return all.filter((provider) => typeof provider.forceFlush === 'function' && !isShutDown(provider));
  }

  /** Without us, nobody would wait for an endpoint that takes nothing. */
  #isOpen(provider: Flushable): boolean {
    const exporters = processorsOf(provider).flatMap(({ _exporter }) => _exporter ?? []);
    return exporters.length === 0 || !exporters.every(this.#isFailing);
  }

  /**
   * Sends what is pending, and waits for what is on its way. Never rejects, and never keeps the process alive: who has to
   * know when it is done waits for that.
   */
  async flush(): Promise<void> {
    // What came in meanwhile is not part of a flush that is under way.
    await this.#flushing;
    this.#flushing ??= this.#flush();
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const providers = this.providers();
    for (const provider of providers) if (isPending(provider) === undefined) this.#unknown.add(provider);
    try {
      await detached(() => Promise.allSettled(providers.map(flushProvider)));
    } finally {
      this.#flushing = undefined;
    }
  }
}

/** What is registered with the OpenTelemetry API, beneath the proxies. */
function registered(): Flushable[] {
  return [...delegateOf(trace.getTracerProvider()), metrics.getMeterProvider() as Flushable];
}

interface Proxy extends Flushable {
  getDelegate?(): Flushable;
  _getDelegate?(): Flushable;
}

function delegateOf(provider: unknown): Flushable[] {
  if (provider === undefined) return [];
  const proxy = provider as Proxy;
  return [proxy.getDelegate?.() ?? proxy._getDelegate?.() ?? proxy];
}
