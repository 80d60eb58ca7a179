/** Log records on stderr, one line each, without ever waiting for a reader. */
import { codeOf } from '../lib/files.js';
import { runLater } from '../lib/timers.js';
import { stderrExporterOptions } from '../options/exporters.js';
import { callHook } from '../report/guarded.js';
import { reportFailure } from '../report/report.js';
import { exportRecords, Failures } from './exporter.js';
import { isOneLine } from './line.js';
import type { ErrorHandler, ExportResultLike, LogRecordLike, WriteError } from './types.js';
import { writeAll, writeError } from './write.js';

/** How many bytes may wait for a reader, the application's own included. */
const MAX_QUEUED_BYTES = 1_048_576;
/** How long a flush waits for a reader. */
const FLUSH_MS = 2_000;
const STDERR = 2;

/** The members of `process.stderr` that are used. */
export interface StderrStream {
  /** The descriptor; 2 if undefined, as in worker threads. */
  readonly fd?: number | undefined;
  /** How many bytes the stream has yet to write. */
  readonly writableLength: number;
  write(bytes: Uint8Array, written: (error?: Error | null) => void): unknown;
  once(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  listenerCount(event: 'error'): number;
}

/** Options of {@link StderrLogRecordExporter}. */
export interface StderrLogRecordExporterOptions {
  /**
   * Receives the first failure of each kind at run time.
   *
   * @defaultValue a warning in the diagnostics of OpenTelemetry
   */
  readonly onError?: ErrorHandler | undefined;
  /**
   * Where to write. Never descriptor 1, which belongs to the protocol of stdio servers.
   *
   * @defaultValue `process.stderr`
   */
  readonly stream?: StderrStream | undefined;
}

/**
 * Writes log records to stderr, one line of JSON each. An ordinary exporter for the LoggerProvider of the OpenTelemetry
 * SDK, 2.x (`sdk-logs` 0.2xx) or 3.x; it also works without an SDK, with `write`.
 *
 * A line is in the pipe, the file or the terminal when the call returns. While a pipe is full, lines wait in memory behind
 * the application's own output, and are lost if the process dies; once 1 MiB waits, further lines fail with `EAGAIN`. Lines
 * are never torn or mixed with the application's, and nothing waits for the reader.
 */
export class StderrLogRecordExporter {
  readonly #stream: StderrStream;
  readonly #fd: number;
  readonly #failures: Failures;
  /** A line was begun that could not be ended. */
  #torn = false;
  #isShutDown = false;

  /** @throws TypeError or RangeError that names the option, its value, and what is accepted */
  constructor(options: StderrLogRecordExporterOptions = {}) {
    const { onError, stream } = stderrExporterOptions(options);
    // Only after Node.js has created this stream does writing to a full pipe fail instead of waiting.
    this.#stream = stream ?? process.stderr;
    this.#fd = this.#stream.fd ?? STDERR;
    this.#failures = new Failures(onError ?? ((error) => reportFailure('writing log records to stderr', error)));
  }

  /** Writes a record per line. Calls back before it returns: with code 1 and the first error if any record failed. */
  export(records: readonly LogRecordLike[], resultCallback: (result: ExportResultLike) => void): void {
    exportRecords(records, (line) => this.#send(line), resultCallback);
  }

  /**
   * Writes a finished line: without a line feed at its end, or a line break in it.
   *
   * @param onLost receives the reason if the line was not written: before this returns, or later if the line had to wait;
   *   errors it throws are swallowed
   * @returns true once the line is written or queued; false if it is lost
   */
  write(line: string, onLost?: ErrorHandler): boolean {
    const lost = (error: WriteError) => {
      if (onLost !== undefined) callHook('onLost', onLost, error);
    };
    const error = this.#send(line, lost);
    if (error !== undefined) lost(error);
    return error === undefined;
  }

  /** Waits up to two seconds until a reader has taken all queued lines. */
  forceFlush(): Promise<void> {
    if (this.#stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = runLater(FLUSH_MS, resolve);
      this.#queue(new Uint8Array(), () => {
        stop();
        resolve();
      });
    });
  }

  /** Flushes. Later records are not written. The stream stays open: it belongs to the application. */
  shutdown(): Promise<void> {
    this.#isShutDown = true;
    return this.forceFlush();
  }

  /** @param lostLater receives the error of a queued line that is not written after all */
  #send(line: string, lostLater: ErrorHandler = () => {}): WriteError | undefined {
    if (this.#isShutDown) return writeError('cannot write to stderr: it is shut down');
    try {
      if (typeof line !== 'string' || !isOneLine(line)) throw writeError('the text is not one line');
      this.#put(Buffer.from(`${this.#torn ? '\n' : ''}${line}\n`), lostLater);
      this.#torn = false;
      return undefined;
    } catch (error) {
      return this.#report(error);
    }
  }

  /** Queued lines go first. */
  #put(line: Uint8Array, lostLater: ErrorHandler): void {
    const queued = this.#stream.writableLength;
    const { bytes, error } = queued > 0 ? { bytes: 0, error: undefined } : writeAll(this.#fd, line);
    if (bytes === line.length) return;
    const mayWait = error === undefined || codeOf(error) === 'EAGAIN';
    const hasRoom = bytes > 0 || queued + line.length <= MAX_QUEUED_BYTES;
    if (!mayWait || !hasRoom) {
      if (bytes > 0) this.#torn = true;
      throw error ?? writeError('EAGAIN: the reader is too slow, and too much is queued', 'EAGAIN');
    }
    this.#queue(line.subarray(bytes), (failed) => failed && lostLater(this.#report(failed)));
  }

  /** An `error` event of stderr without a listener would end the process. */
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

  #report(error: unknown): WriteError {
    return this.#failures.report('write to', 'stderr', error);
  }
}
