/**
 * Delivers pending spans and log records at `process.exit`. Nothing asynchronous runs any more by then, so the SDK cannot
 * send: a worker thread does, and the exiting thread waits for it.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { configuredProcessors, type Exporter, type Processor, type SdkInternals } from '../emit/sdk-internals.js';
import { OtlpDestination, type ParseHeaders, type Signal } from './exit-delivery-request.js';
import { type ExitOutcome, type Shipment, sendAll } from './exit-delivery-thread.js';
import { UnconfirmedExports } from './unconfirmed-exports.js';

/** Audit records first: time may run out. */
const SIGNALS: readonly { readonly signal: Signal; readonly provider: keyof SdkInternals }[] = [
  { signal: 'logs', provider: '_loggerProvider' },
  { signal: 'traces', provider: '_tracerProvider' },
];

/** One exporter and what it has not confirmed. */
interface ExitQueue {
  readonly signal: Signal;
  readonly exporter: Exporter;
  readonly unconfirmed: UnconfirmedExports;
  readonly destination: OtlpDestination;
}

/** A batch that was sent at exit, and whether it arrived. */
export interface Parcel {
  readonly signal: Signal;
  readonly exporter: object;
  /** Number of spans or log records. */
  readonly items: number;
  readonly arrived: boolean;
  /** Why it did not arrive; undefined if no answer came in time. */
  readonly failure: string | undefined;
}

/** What an SDK that was started from the environment has not delivered yet. */
export class ExitDelivery {
  readonly #queues: readonly ExitQueue[];

  /**
   * Follows an SDK from now on. If its version is unknown, warns and does nothing.
   *
   * @param parseHeaders the SDK's own
   * @param warn shows the operator a line
   */
  constructor(sdk: SdkInternals, parseHeaders: ParseHeaders, warn: (text: string) => void) {
    // Asynchronous attributes of the resource have to be there when the process exits: starts to detect them now.
    void sdk._resource?.waitForAsyncAttributes?.().catch(() => {});
    const queues = queuesOf(sdk, parseHeaders);
    this.#queues = queues ?? [];
    if (queues !== undefined) return;
    warn(
      'this version of @opentelemetry/sdk-node is not known: spans and log records that are queued when the process ' +
        'calls process.exit() are lost',
    );
  }

  /** Whether there is something that no exporter has confirmed. */
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

/** Undefined if a part of the SDK is not as expected. */
function queuesOf(sdk: SdkInternals, parseHeaders: ParseHeaders): ExitQueue[] | undefined {
  const found: (Omit<ExitQueue, 'unconfirmed'> & { readonly processor: Processor })[] = [];
  for (const { signal, provider } of SIGNALS) {
    if (!(provider in sdk)) return undefined;
    if (sdk[provider] === undefined) continue;
    for (const processor of configuredProcessors(sdk, signal) ?? [undefined]) {
      const exporter = processor?._exporter;
      if (processor === undefined || exporter === undefined) return undefined;
      // Console exporters have no queue, and other exporters do not use OTLP.
      if (!exporter.constructor.name.startsWith('OTLP')) continue;
      const destination = OtlpDestination.of(exporter, signal, parseHeaders);
      if (destination === undefined) return undefined;
      found.push({ processor, signal, exporter, destination });
    }
  }
  return found.map(({ processor, ...queue }) => ({
    ...queue,
    unconfirmed: new UnconfirmedExports(processor, queue.exporter),
  }));
}

/** Sends from another thread while this one waits. Returns the outcomes that are known when the time is up. */
export function sendAndWait(requests: Shipment['requests'], deadline: number): (ExitOutcome | undefined)[] {
  const outcomes: (ExitOutcome | undefined)[] = requests.map(() => undefined);
  if (requests.every((request) => request === undefined)) return outcomes;
  const { port1: inbox, port2: outbox } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: Shipment = { requests, outbox, done };
  try {
    // No preload of the application runs in the thread, and its output is discarded.
    const apart = { execArgv: [], env: {}, stdout: true, stderr: true };
    new Worker(`(${sendAll})(require)`, { eval: true, workerData, transferList: [outbox], ...apart });
    Atomics.wait(done, 0, 0, Math.max(0, deadline - performance.now()));
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return requests.map((_, index) => ({ index, failure: `no thread could be started: ${code ?? name}` }));
  }
  for (let next = receiveMessageOnPort(inbox); next !== undefined; next = receiveMessageOnPort(inbox)) {
    const outcome = next.message as ExitOutcome;
    outcomes[outcome.index] = outcome;
  }
  return outcomes;
}
