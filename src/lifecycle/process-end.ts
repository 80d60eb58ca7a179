/**
 * How a process ends: as it would without us, with its last telemetry delivered. Servers on stdio live for seconds: their
 * client closes stdin, and sends SIGTERM two seconds later. A batch that waits for its timer is lost then.
 *
 * | the end | what is done |
 * | --- | --- |
 * | a signal that the application handles | an SDK of ours is flushed while the application drains |
 * | a signal that nobody handles | what is open ends, everything is flushed, the process dies by the signal |
 * | nothing left to do (`beforeExit`) | what is pending is flushed, and again when there is more |
 * | `exit` | what is still pending is delivered at once |
 *
 * Nothing of this keeps the process alive but one timer, within one budget, while something is pending. An SDK that the
 * application brings is the application's to flush; what it leaves behind gets a moment.
 */
import { isMainThread } from 'node:worker_threads';
import type { Telemetry } from './flush.js';
import { watchSignals } from './signals.js';
import { Budget, END_LIMIT_MS, EXIT_LIMIT_MS, OTHERS_LIMIT_MS } from './time-limit.js';
import { connects } from './unref.js';
import { Threads } from './worker-threads.js';

export interface Ending {
  readonly telemetry: Telemetry;
  /** Ends what is open, where nothing can follow. */
  readonly endAll: () => void;
  /** Told when nothing more can be sent, and `exit` does not come. */
  readonly onLost: () => void;
  /** Delivers what is pending without the event loop, for at most so long. */
  readonly deliver?: (limitMs: number) => void;
}

/** Returns what ends everything at once, and never rejects: for who is about to end the process in another way. */
export function endWith(process: NodeJS.Process, { telemetry, endAll, onLost, deliver }: Ending): () => Promise<void> {
  const limitMs = telemetry.isOurs ? END_LIMIT_MS : OTHERS_LIMIT_MS;
  const budget = new Budget(limitMs);

  const threads = new Threads(process, async (isLast, threadLimitMs) => {
    if (isLast) endAll();
    const pending = (isLast || telemetry.isOurs) && telemetry.pending;
    if (pending) await budget.hold(telemetry.flush(), threadLimitMs);
    return pending;
  });

  /** Delivers everything, here and in the other threads. */
  const hold = async (isLast: boolean): Promise<void> => {
    const work: Promise<unknown>[] = [threads.end(isLast, budget.left())];
    if (telemetry.pending) work.push(telemetry.flush());
    await budget.hold(Promise.all(work));
  };

  process.on('beforeExit', () => {
    // The application's own listeners come first: what they begin is pending then, and an SDK that they shut down is not.
    process.nextTick(() => {
      if (telemetry.pending || threads.pending) void hold(false);
    });
  });

  // Meanwhile the process was held as well.
  connects.onGivenUp = (milliseconds) => budget.spend(milliseconds);
  connects.limitMs = limitMs;

  atExit(process, budget, (leftMs) => {
    deliver?.(leftMs);
    onLost();
  });

  const endNow = async () => {
    endAll();
    await hold(true);
    onLost();
  };
  const handled = () => {
    void threads.end(false, budget.left());
    if (telemetry.isOurs && telemetry.pending) void telemetry.flush();
  };
  // A thread hears of no signals.
  if (isMainThread) watchSignals(process, { handled, last: endNow });
  return endNow;
}

/**
 * Delivers before the application's listeners for `exit`, of which one may throw, and once more after all of them, which
 * may have ended spans of their own.
 */
function atExit(process: NodeJS.Process, budget: Budget, deliver: (limitMs: number) => void): void {
  let left = EXIT_LIMIT_MS;
  const onExit = () => {
    const start = performance.now();
    deliver(budget.left(left));
    const took = performance.now() - start;
    left = Math.max(0, left - took);
    budget.spend(took);
  };
  const last = () => onExit();
  process.on('exit', onExit).on('exit', last);
  process.on('newListener', (event, listener) => {
    if (event !== 'exit' || listener === last) return;
    queueMicrotask(() => process.removeListener('exit', last).on('exit', last));
  });
}

/** How long a stdio server is left to itself when its input has ended. */
const INPUT_GRACE_MS = 100;

/**
 * Flushes when the input of a stdio server has ended and something else keeps its process running. One that has nothing
 * else to do ends by itself, and flushes then.
 */
export function flushAfterInput(stdin: NodeJS.ReadableStream, telemetry: Telemetry): void {
  if (telemetry.isOurs) stdin.once('end', () => setTimeout(() => void telemetry.flush(), INPUT_GRACE_MS).unref());
}
