/**
 * How a stdio server crashes: with one line of JSON on stderr in place of the stack that Node.js prints, which quotes the
 * error's message, and with its last telemetry sent.
 */

import { isMainThread } from 'node:worker_threads';
import { attempt } from '../lib/attempt.js';
import type { CrashOrigin } from './crash-report-line.js';

/** Lines about exceptions that the application handles itself: one that goes on in spite of them may have many. */
const MAX_HANDLED = 100;

/** A process has one stdin; more servers are on streams of the application's own. */
const MAX_SERVERS = 16;

/** Node's exit code for an exception that nobody catches. */
const CRASHED = 1;

/** How a crash is told, and what is done before the end. What one of them throws is ignored. */
export interface CrashHandling {
  readonly lineFor: (thrown: unknown, origin: CrashOrigin) => string;
  /** Writes to stderr. */
  readonly write: (line: string) => unknown;
  /** Ends what is open, and sends what there is, within a limit. */
  readonly finish: () => Promise<unknown>;
}

/** What a stdio server talks over. */
export interface ServerStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream | undefined;
}

/**
 * Returns what is to be called with each stdio server. From the first one on, each exception that nobody catches and each
 * rejection that nobody handles is told of, and the process ends as Node.js would have ended it. Not before: who inherits
 * the environment is not known to be a server, and what goes wrong at its start is for a person to read.
 *
 * Where the application listens for `uncaughtException`, what happens to the process is its decision alone, and only the
 * line is written; a rejection that it takes in `unhandledRejection` is no crash. Nothing of ours listens for
 * `uncaughtException` but while one is dealt with: others count its listeners to know whether the process is going to
 * end. Worker threads are left alone: their exceptions belong to the thread that started them.
 */
export function crashReporter(process: NodeJS.Process, handling: CrashHandling): (streams: ServerStreams) => void {
  const servers: ServerStreams[] = [];
  return (streams) => {
    if (!isMainThread || servers.length === MAX_SERVERS) return;
    if (servers.push(streams) === 1) reportCrashes(process, servers, handling);
  };
}

function reportCrashes(process: NodeJS.Process, servers: readonly ServerStreams[], handling: CrashHandling): void {
  let isEnding = false;
  let handled = 0;

  const onException = (thrown: unknown, origin: CrashOrigin) => {
    if (isEnding) return;
    const isFatal = process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback();
    if (!isFatal && ++handled > MAX_HANDLED) return;
    attempt(() => handling.write(handling.lineFor(thrown, origin)));
    if (!isFatal) return;
    const onFatal = () => {
      // Another monitor has had somebody take it.
      if (process.listenerCount('uncaughtException') > 0) return;
      isEnding = true;
      attempt(() => writeReport(process, thrown));
      end(process, servers, handling);
    };
    // Emitted right after this, unless a way of taking exceptions that is not known here comes first.
    process.once('uncaughtException', onFatal);
    process.nextTick(() => process.removeListener('uncaughtException', onFatal));
  };
  process.on('uncaughtExceptionMonitor', onException);
  // The last of the monitors: none of the others finds a listener of ours, from which it would think that somebody takes it.
  process.on('newListener', (event, listener) => {
    if (event !== 'uncaughtExceptionMonitor' || listener === onException) return;
    queueMicrotask(() => process.removeListener(event, onException).on(event, onException));
  });
}

/** The process would be dead by now: until it is, it takes no more messages, sends none, and nothing else is handled. */
function end(process: NodeJS.Process, servers: readonly ServerStreams[], { finish }: CrashHandling): void {
  // Where events are not processed any more, nothing can be waited for.
  if ((process as { _exiting?: boolean })._exiting === true) exit(process, process.exitCode ?? CRASHED);
  const releases = [...servers.map(hold), ignoreErrors(process)];
  const leave = () => {
    for (const release of releases) attempt(release);
    exit(process, CRASHED);
  };
  let finishing: Promise<unknown> | undefined;
  attempt(() => {
    finishing = finish();
  });
  Promise.resolve(finishing).then(leave, leave);
}

/** Returns how to end that: listeners for `exit` find the others as they were. */
function ignoreErrors(process: NodeJS.Process): () => void {
  const ignore = () => {};
  const rejections = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
  process.on('uncaughtException', ignore);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', ignore);
  return () => {
    process.removeListener('uncaughtException', ignore).removeListener('unhandledRejection', ignore);
    for (const listener of rejections) process.on('unhandledRejection', listener);
  };
}

/** Stops reading and writing. Returns how to write again: listeners for `exit` may have something to say. */
function hold({ input, output }: ServerStreams): () => void {
  attempt(() => input.pause());
  if (output === undefined) return () => {};
  const { write } = output;
  attempt(() => {
    output.write = () => false;
  });
  return () => {
    output.write = write;
  };
}

/** A listener for `exit` that throws ends nothing, neither here nor in Node.js. */
function exit(process: NodeJS.Process, code: number | string): never {
  attempt(() => process.exit(code));
  process.exit();
}

/** The diagnostic report that Node.js was asked for with `--report-uncaught-exception`. */
function writeReport(process: NodeJS.Process, thrown: unknown): void {
  if (process.report?.reportOnUncaughtException)
    process.report.writeReport(thrown instanceof Error ? thrown : undefined);
}
