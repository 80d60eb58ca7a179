/**
 * Getting the last telemetry out before the process ends. Servers on stdio live for seconds: their client closes stdin,
 * and sends SIGTERM two seconds later. A batch that waits for its timer is lost then.
 */
import { metrics, trace } from '@opentelemetry/api';

/** How long an exporter may hold up the end of the process. Its own patience is 10 s and more. */
export const FLUSH_LIMIT_MS = 2000;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A provider of either SDK line. */
export interface Flushable {
  forceFlush?(): Promise<unknown>;
}

/** Private in both lines: the way from a tracer provider to its exporters. */
interface TracerProviderInternals {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: readonly { readonly _exporter?: Flushable }[] };
}

/** What is registered with the OpenTelemetry API, beneath the proxies. */
function registered(): Flushable[] {
  const proxy = trace.getTracerProvider() as { getDelegate?(): Flushable } & Flushable;
  return [proxy.getDelegate?.() ?? proxy, metrics.getMeterProvider() as Flushable];
}

/** Flushes all providers, for at most `limitMs`. Never rejects; says whether everything was done in time. */
export async function flush(others: readonly Flushable[] = [], limitMs = FLUSH_LIMIT_MS): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const flushing = Promise.allSettled([...registered(), ...others].map(flushOne));
  const done = await Promise.race([flushing.then(() => true), limit]);
  clearTimeout(timer);
  return done;
}

/**
 * A batch span processor's own flush is done at once when its timer has just handed a batch to the exporter: what is
 * under way is not waited for. The exporter knows of it.
 */
async function flushOne(provider: Flushable): Promise<void> {
  const processors = (provider as TracerProviderInternals)._activeSpanProcessor?._spanProcessors ?? [];
  const exporters = processors.map(({ _exporter }) => _exporter);
  await Promise.allSettled([provider, ...exporters].map(async (each) => each?.forceFlush?.()));
}

/** How long a stdio server is left to itself when its input has ended. */
const INPUT_GRACE_MS = 100;

/**
 * Flushes when the input of a stdio server has ended and something else keeps its process running. One that has nothing
 * else to do ends by itself, and flushes then: an export under way would only hold it up.
 */
export function flushAfterInput(stdin: NodeJS.ReadableStream, others: readonly Flushable[]): void {
  stdin.once('end', () => setTimeout(() => void flush(others), INPUT_GRACE_MS).unref());
}

/**
 * Flushes on the signals that end a process, and when its event loop runs empty. `endAll` is called before, where
 * nothing can follow: it ends what is open, which is lost otherwise.
 */
export function flushBeforeExit(process: NodeJS.Process, endAll: () => void, others: readonly Flushable[]): void {
  for (const signal of SIGNALS) flushOnSignal(process, signal, endAll, others);
  process.once('beforeExit', async (code) => {
    endAll();
    // A connection that never answers would keep alive for ten seconds more what was about to end.
    if (!(await flush(others))) process.exit(process.exitCode ?? code);
  });
}

function flushOnSignal(
  process: NodeJS.Process,
  signal: NodeJS.Signals,
  endAll: () => void,
  others: readonly Flushable[],
): void {
  let flushing = false;
  const raise = () => {
    process.removeListener(signal, onSignal);
    process.kill(process.pid, signal);
  };
  const onSignal = () => {
    // The application's own handler decides what the signal does. Without one, it does what it always did. Counted now:
    // a handler that was added with `once` is gone by the time that everything is flushed.
    const alone = process.listenerCount(signal) === 1;
    // Whoever asks twice does not want to wait.
    if (flushing) return alone ? raise() : undefined;
    flushing = true;
    if (alone) endAll();
    void flush(others).then(() => {
      flushing = false;
      if (alone) raise();
    });
  };
  process.on(signal, onSignal);
}
