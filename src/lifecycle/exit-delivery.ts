/**
 * Delivering what is pending when the process ends by `process.exit`. Nothing asynchronous runs any more by then, and
 * everything in the SDK that sends is: a thread sends instead, while the one that ends waits for it.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { OtlpDestination, type ParseHeaders, type Signal } from './exit-delivery-request.js';
import { type Outcome, type Shipment, sendAll } from './exit-delivery-thread.js';
import type { Flushable } from './pipelines.js';
import { type Exporter, type Processor, Unconfirmed } from './unconfirmed-exports.js';

/** Private in both SDK lines: the way from an SDK to its processors. A signal that is off has no provider. */
export interface SdkInternals {
  readonly _resource?: { waitForAsyncAttributes?(): Promise<void> } | undefined;
  readonly _loggerProvider?: LoggerProviderInternals | undefined;
  readonly _tracerProvider?: TracerProviderInternals | undefined;
}

interface LoggerProviderInternals extends Flushable {
  readonly _sharedState?: { readonly registeredLogRecordProcessors?: readonly Processor[] };
}

interface TracerProviderInternals extends Flushable {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: readonly Processor[] };
}

/** Audit records first: time may run out. */
const SIGNALS: readonly {
  readonly signal: Signal;
  readonly provider: keyof SdkInternals;
  readonly processors: (sdk: SdkInternals) => readonly Processor[] | undefined;
}[] = [
  {
    signal: 'logs',
    provider: '_loggerProvider',
    processors: ({ _loggerProvider }) => _loggerProvider?._sharedState?.registeredLogRecordProcessors,
  },
  {
    signal: 'traces',
    provider: '_tracerProvider',
    processors: ({ _tracerProvider }) => _tracerProvider?._activeSpanProcessor?._spanProcessors,
  },
];

/** One exporter, and what it has not confirmed. */
interface Queue {
  readonly signal: Signal;
  readonly exporter: Exporter;
  readonly unconfirmed: Unconfirmed;
  readonly destination: OtlpDestination;
}

/** A batch that was sent, and what became of it. */
export interface Parcel {
  readonly signal: Signal;
  readonly exporter: object;
  /** How many spans or log records are in it. */
  readonly items: number;
  readonly arrived: boolean;
  /** Why it did not arrive; undefined where there was no answer in time. */
  readonly failure: string | undefined;
}

/** What an SDK that was started from the environment has not delivered yet, and how to. */
export class ExitDelivery {
  readonly #queues: readonly Queue[];

  /**
   * Watches an SDK from now on. Where it is made of something else than is known here, that is said, and nothing is
   * done.
   *
   * @param parseHeaders the SDK's own
   * @param warn tells the operator
   */
  constructor(sdk: SdkInternals, parseHeaders: ParseHeaders, warn: (text: string) => void) {
    // At the end a resource is read as far as it is known: what takes time is asked for at once.
    void sdk._resource?.waitForAsyncAttributes?.().catch(() => {});
    const queues = queuesOf(sdk, parseHeaders);
    this.#queues = queues ?? [];
    if (queues !== undefined) return;
    warn(
      'this version of @opentelemetry/sdk-node is not known: spans and log records that are queued when the process ' +
        'calls process.exit() are lost',
    );
  }

  /** Whether the SDK was given anything that it has not confirmed. */
  get pending(): boolean {
    return this.#queues.some(({ unconfirmed }) => unconfirmed.size > 0);
  }

  /** Sends what is pending, and returns when it has arrived, or after `limitMs`. Never throws. */
  deliver(limitMs: number): Parcel[] {
    if (!this.pending) return [];
    const deadline = performance.now() + limitMs;
    const batches = this.#queues.flatMap((queue) => queue.unconfirmed.take().map((batch) => ({ batch, ...queue })));
    // Time may run out while requests are made.
    const requests = batches.map(({ batch, destination }) =>
      performance.now() < deadline ? destination.request(batch) : undefined,
    );
    const outcomes = sendAndWait(requests, deadline);
    return batches.map(({ batch, signal, exporter }, index) => {
      const outcome = outcomes[index];
      const arrived = outcome !== undefined && outcome.failure === undefined;
      return { signal, exporter, items: batch.length, arrived, failure: outcome?.failure };
    });
  }
}

/** Undefined where something is not as it is known. */
function queuesOf(sdk: SdkInternals, parseHeaders: ParseHeaders): Queue[] | undefined {
  const found: (Omit<Queue, 'unconfirmed'> & { readonly processor: Processor })[] = [];
  for (const { signal, provider, processors } of SIGNALS) {
    if (!(provider in sdk)) return undefined;
    if (sdk[provider] === undefined) continue;
    for (const processor of processors(sdk) ?? [undefined]) {
      const exporter = processor?._exporter;
      if (processor === undefined || exporter === undefined) return undefined;
      // What goes to the console is not queued, and nothing else speaks OTLP.
      if (!exporter.constructor.name.startsWith('OTLP')) continue;
      const destination = OtlpDestination.of(exporter, signal, parseHeaders);
      if (destination === undefined) return undefined;
      found.push({ processor, signal, exporter, destination });
    }
  }
  return found.map(({ processor, ...queue }) => ({
    ...queue,
    unconfirmed: new Unconfirmed(processor, queue.exporter),
  }));
}

/** What became of each request, as far as that is known when the time is up. */
function sendAndWait(requests: Shipment['requests'], deadline: number): (Outcome | undefined)[] {
  const outcomes: (Outcome | undefined)[] = requests.map(() => undefined);
  if (requests.every((request) => request === undefined)) return outcomes;
  const { port1: inbox, port2: outbox } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: Shipment = { requests, outbox, done };
  try {
    // Nothing that starts the application is repeated there, and what is printed there goes nowhere.
    const apart = { execArgv: [], env: {}, stdout: true, stderr: true };
    new Worker(`(${sendAll})(require)`, { eval: true, workerData, transferList: [outbox], ...apart });
    Atomics.wait(done, 0, 0, Math.max(0, deadline - performance.now()));
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return requests.map((_, index) => ({ index, failure: `no thread could be started: ${code ?? name}` }));
  }
  for (let next = receiveMessageOnPort(inbox); next !== undefined; next = receiveMessageOnPort(inbox)) {
    const outcome = next.message as Outcome;
    outcomes[outcome.index] = outcome;
  }
  return outcomes;
}
