/** Log records onto stderr, one line each, without ever waiting for whoever reads it. */

import { codeOf } from '../lib/files.js';
import { stderrExporterOptions } from '../options/exporters.js';
import { callHook } from '../report/guarded.js';
import { reportFailure } from '../report/report.js';
import { Failures, exportRecords, writeAll, writeError } from './exporter.js';
import { isOneLine } from './line.js';
import type { ErrorHandler, ExportResultLike, LogRecordLike, WriteError } from './types.js';

/** How many bytes may wait for a reader: what the application has written to stderr and what is ours together. */
const MAX_QUEUED_BYTES = 1_048_576;
/** How long a flush waits for a reader. */
const FLUSH_MS = 2_000;
const STDERR = 2;

/** What is used of `process.stderr`. */
export interface StderrStream {
  /** The descriptor; 2 where there is none, as in worker threads. */
  readonly fd?: number | undefined;
  /** How many bytes were given to the stream that it has not written yet. */
  readonly writableLength: number;
  write(bytes: Uint8Array, written: (error?: Error | null) => void): unknown;
  once(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  listenerCount(event: 'error'): number;
}

/** Options of {@link StderrLogRecordExporter}. */
export interface StderrLogRecordExporterOptions {
  /**
   * Hears of failures at run time: of each kind once.
   *
   * @defaultValue a warning in the diagnostics of OpenTelemetry
   */
  readonly onError?: ErrorHandler | undefined;
  /**
   * Where to write. Never descriptor 1, which is the protocol of servers on stdio.
   *
   * @defaultValue `process.stderr`
   */
  readonly stream?: StderrStream | undefined;
}

/**
 * Writes log records to stderr, one line of JSON each. It is an ordinary exporter for the LoggerProvider of the
 * OpenTelemetry SDK, 2.x (`sdk-logs` 0.2xx) or 3.x, and can be written to without one.
 *
 * A line goes to the descriptor at once, and is in the pipe, the file or the terminal when the call returns. While
 * nobody reads a pipe and it is full, lines wait in the memory of the process, behind what the application itself has
 * written to stderr, and are lost with it; of more than 1 MiB that wait, further lines fail with `EAGAIN`. Lines are
 * neither torn nor mixed with the application's, and nothing waits for the reader.
 */
export class StderrLogRecordExporter {
  readonly #stream: StderrStream;
  readonly #fd: number;
  readonly #failures: Failures;
  /** A line was begun that could not be ended. */
  #torn = false;
  #isShutDown = false;

  /** @throws TypeError or RangeError naming the option, what it is, and what is accepted. */
  constructor(options: StderrLogRecordExporterOptions = {}) {
    const { onError, stream } = stderrExporterOptions(options);
    // Only once Node.js has made this stream does writing to a pipe that is full fail instead of waiting.
    this.#stream = stream ?? process.stderr;
    this.#fd = this.#stream.fd ?? STDERR;
    this.#failures = new Failures(onError ?? ((error) => reportFailure('writing log records to stderr', error)));
  }

  /** Writes a record per line. Calls back before it returns: with 1 and the first error when any of them failed. */
  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResultLike) => void): void {
    exportRecords(records, (line) => this.#send(line), resultCallback);
  }

  /**
   * Writes a finished line, without a line feed at its end, and none within.
   *
   * @param onLost called with the reason for which the line was not written: before this returns or, where the line waits
   * in its turn, later. What it throws is swallowed.
   * @returns true once the line is written, or waits in its turn; false when it is not.
   */
  write(line: string, onLost?: ErrorHandler): boolean {
    const lost = (error: WriteError) => {
      if (onLost !== undefined) callHook('onLost', onLost, error);
    };
    const error = this.#send(line, lost);
    if (error !== undefined) lost(error);
    return error === undefined;
  }

  /** Waits for a reader to have taken what waits, for two seconds at most. */
  forceFlush(): Promise<void> {
    if (this.#stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS).unref();
      this.#queue(new Uint8Array(), () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Flushes. What comes after is not written. The stream stays open: it is the application's. */
  shutdown(): Promise<void> {
    this.#isShutDown = true;
    return this.forceFlush();
  }

  /** @param lostLater hears of a line that waits and is not written after all */
  #send(line: string, lostLater: ErrorHandler = () => {}): WriteError | undefined {
    if (this.#isShutDown) return writeError('cannot write to stderr: it is shut down');
    try {
      if (typeof line !== 'string' || !isOneLine(line)) throw writeError('what was given is not one line');
      this.#put(Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`), lostLater);
      this.#torn = false;
      return undefined;
    } catch (error) {
      return this.#tell(error);
    }
  }

  /** What waits goes first. */
  #put(line: Uint8Array, lostLater: ErrorHandler): void {
    const queued = this.#stream.writableLength;
    const { bytes, error } = queued > 0 ? { bytes: 0, error: undefined } : writeAll(this.#fd, line);
    if (bytes === line.length) return;
    const mayWait = error === undefined || codeOf(error) === 'EAGAIN';
    const hasRoom = bytes > 0 || queued + line.length <= MAX_QUEUED_BYTES;
    if (!mayWait || !hasRoom) {
      if (bytes > 0) this.#torn = true;
      throw error ?? writeError('EAGAIN: nobody reads it, and too much waits already', 'EAGAIN');
    }
    this.#queue(line.subarray(bytes), (failed) => failed && lostLater(this.#tell(failed)));
  }

  /** An error of stderr's that nobody listens for would end the process. */
  #queue(bytes: Uint8Array, written: (error?: Error | null) => void): void {
    const stream = this.#stream;
    const ignore = () => {};
    stream.once('error', ignore);
    try {
      stream.write(bytes, (error) => {
        if (error && stream.listenerCount('error') === 0) stream.once('error', ignore);
        written(error);
      });
    } finally {
      stream.removeListener('error', ignore);
    }
  }

  #tell(error: unknown): WriteError {
    return this.#failures.tell('write to', 'stderr', error);
  }
}
