/**
 * How a process ends: as it would without us, with its last telemetry delivered. A stdio server lives for seconds: its
 * client closes stdin, and sends SIGTERM two seconds later. Without a flush, a batch that waits for its timer is lost then.
 *
 * | the process ends by | what happens |
 * | --- | --- |
 * | a signal that the application handles | an SDK of ours is flushed while the application drains |
 * | a signal without a handler | open operations end, everything is flushed, then the signal terminates the process |
 * | nothing left to do (`beforeExit`) | what is pending is flushed, and again if there is more |
 * | `exit` | what is still pending is delivered synchronously |
 *
 * Only one timer keeps the process alive, within one time limit, while something is pending. An SDK of the application's
 * own is the application's to flush; what it leaves behind gets a shorter limit.
 */
import { isMainThread } from 'node:worker_threads';
import { runLater } from '../lib/timers.js';
import type { Telemetry } from './flush.js';
import { pendingWork } from './pending-work.js';
import { takeOverLosses } from './report-losses.js';
import { watchSignals } from './signals.js';
import { END_LIMIT_MS, EXIT_LIMIT_MS, OWN_SDK_LIMIT_MS, shareWithCheckpoints, TimeLimit } from './time-limit.js';
import { connectionLimit } from './unref.js';
import { WorkerThreads } from './worker-threads.js';

export interface ProcessEnd {
  readonly telemetry: Telemetry;
  /** Ends what is open; called if nothing can follow. */
  readonly endAll: () => void;
  /** Delivers what is pending without the event loop, within a time limit. */
  readonly deliver?: (limitMs: number) => void;
}

/** Delivers telemetry at the end of the process. Returns a function that does so at once and never rejects. */
export function deliverAtEnd(process: NodeJS.Process, { telemetry, endAll, deliver }: ProcessEnd): () => Promise<void> {
  const limitMs = () => (telemetry.isOurs ? END_LIMIT_MS : OWN_SDK_LIMIT_MS);
  const limit = new TimeLimit(limitMs);
  shareWithCheckpoints();
  const reportLosses = takeOverLosses();

  const threads = new WorkerThreads(process, async (isLast, threadLimitMs) => {
    if (isLast) endAll();
    const work = pendingWork(isLast);
    if ((isLast || telemetry.isOurs) && telemetry.pending) work.push(telemetry.flush());
    if (work.length > 0) await limit.hold(Promise.all(work), threadLimitMs);
    return work.length > 0;
  });

  /** Flushes this thread and the others. */
  const hold = async (isLast: boolean): Promise<void> => {
    const work: Promise<unknown>[] = [threads.end(isLast, limit.left()), ...pendingWork(isLast)];
    if (telemetry.pending) work.push(telemetry.flush());
    await limit.hold(Promise.all(work));
  };

  process.on('beforeExit', () => {
    // After the application's listeners: what they start is pending then, and an SDK that they shut down is not.
    process.nextTick(() => {
      if (telemetry.pending || threads.pending || pendingWork(false).length > 0) void hold(false);
    });
  });

  connectionLimit.limitMs = limitMs();

  atExit(process, limit, (leftMs) => {
    deliver?.(leftMs);
    reportLosses();
  });

  const endNow = async () => {
    endAll();
    await hold(true);
    reportLosses();
  };
  const handled = () => {
    void threads.end(false, limit.left());
    if (telemetry.isOurs && telemetry.pending) void telemetry.flush();
  };
  // Node.js delivers signals to the main thread only.
  if (isMainThread) watchSignals(process, { handled, unhandled: endNow });
  return endNow;
}

/**
 * Delivers before the application's listeners for `exit`, because one of them may throw, and again after all of them,
 * because they may end spans.
 */
function atExit(process: NodeJS.Process, limit: TimeLimit, deliver: (limitMs: number) => void): void {
  let left = EXIT_LIMIT_MS;
  const onExit = () => {
    const start = performance.now();
    deliver(limit.left(left));
    const took = performance.now() - start;
    left = Math.max(0, left - took);
    limit.spend(took);
  };
  const last = () => onExit();
  process.on('exit', onExit).on('exit', last);
  process.on('newListener', (event, listener) => {
    if (event !== 'exit' || listener === last) return;
    queueMicrotask(() => process.removeListener('exit', last).on('exit', last));
  });
}

/** How long after its input has ended a stdio server that still runs is flushed. */
const INPUT_GRACE_MS = 100;

/**
 * Flushes after the input of a stdio server has ended, if something else keeps its process running. A server with nothing
 * else to do ends by itself, and is flushed then.
 */
export function flushAfterInput(stdin: NodeJS.ReadableStream, telemetry: Telemetry): void {
  if (telemetry.isOurs) stdin.once('end', () => runLater(INPUT_GRACE_MS, () => void telemetry.flush()));
}
