/**
 * Crash reports of stdio servers: one line of JSON on stderr instead of the stack that Node.js prints, which quotes the
 * error's message. The last telemetry is sent before the process ends.
 */

import { isMainThread } from 'node:worker_threads';
import { attempt } from '../lib/attempt.js';
import type { CrashOrigin } from './crash-report-line.js';

/** Lines about exceptions that the application handles: an application that goes on may have many. */
const MAX_HANDLED = 100;

/** A process has one stdin; further servers use streams that the application made. */
const MAX_SERVERS = 16;

/** Node's exit code for an uncaught exception. */
const CRASHED = 1;

/** How a crash is reported, and what is done before the process ends. Errors of these functions are ignored. */
export interface CrashHandling {
  readonly lineFor: (thrown: unknown, origin: CrashOrigin) => string;
  /** Writes to stderr. */
  readonly write: (line: string) => unknown;
  /** Ends open operations and sends pending telemetry, within a time limit. */
  readonly finish: () => Promise<unknown>;
}

/** The streams of a stdio server. */
export interface ServerStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream | undefined;
}

/**
 * Returns a function to be called with the streams of each stdio server. From the first server on, each uncaught exception
 * and unhandled rejection is reported, and the process ends as Node.js would have ended it. Not before: a process that
 * inherits the environment need not be a server, and errors at its start are for a person to read.
 *
 * If the application listens for `uncaughtException`, it alone decides whether the process ends, and only the line is
 * written. A rejection handled in `unhandledRejection` is not a crash. We listen for `uncaughtException` only while one is
 * dealt with, because some libraries count its listeners to find out whether the process is going to end. Exceptions in
 * worker threads are left to the thread that started them.
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
      // Another monitor has added a listener that handles it.
      if (process.listenerCount('uncaughtException') > 0) return;
      isEnding = true;
      attempt(() => writeReport(process, thrown));
      end(process, servers, handling);
    };
    // Emitted right after the monitors, unless the exception is handled in a way unknown here.
    process.once('uncaughtException', onFatal);
    process.nextTick(() => process.removeListener('uncaughtException', onFatal));
  };
  process.on('uncaughtExceptionMonitor', onException);
  // Runs as the last monitor: no other monitor can find our listener and mistake the exception for a handled one.
  process.on('newListener', (event, listener) => {
    if (event !== 'uncaughtExceptionMonitor' || listener === onException) return;
    queueMicrotask(() => process.removeListener(event, onException).on(event, onException));
  });
}

/** Without us the process would be dead: until it is, it neither reads nor writes messages, and ignores further errors. */
function end(process: NodeJS.Process, servers: readonly ServerStreams[], { finish }: CrashHandling): void {
  // During `exit` there is no event loop to wait with.
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

/** Returns a function that restores the listeners, for the application's `exit` listeners. */
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

/** Stops reading and writing. Returns a function that permits writing again, for the application's `exit` listeners. */
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

/** A listener for `exit` that throws does not stop the exit, as in Node.js. */
function exit(process: NodeJS.Process, code: number | string): never {
  attempt(() => process.exit(code));
  process.exit();
}

/** The diagnostic report of `--report-uncaught-exception`. */
function writeReport(process: NodeJS.Process, thrown: unknown): void {
  if (process.report?.reportOnUncaughtException)
    process.report.writeReport(thrown instanceof Error ? thrown : undefined);
}
