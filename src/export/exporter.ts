/** What an exporter does with the records that an SDK hands to it, whatever the lines are written to. */
import { callHook } from '../report/guarded.js';
import { recordLine } from './line.js';
import type { ExportResultLike, LogRecordLike, WriteError, ErrorHandler } from './types.js';
import { codeOf } from '../lib/files.js';
import { writeSync } from 'node:fs';

/** Writes one line; undefined when it was written. */
type SendLine = (line: string) => WriteError | undefined;

/** Writes the line of each record, and says once how that went. One that fails does not keep the others back. */
export function exportRecords(
  records: Iterable<LogRecordLike>,
  send: SendLine,
  resultCallback: (result: ExportResultLike) => void,
): void {
  let failure: Error | undefined;
  try {
    for (const record of records) {
      const error = send(recordLine(record));
      failure ??= error;
    }
  } catch (error) {
    // What was handed over is no list of records.
    failure ??= error instanceof Error ? error : new Error('the log records cannot be read');
  }
  callHook('resultCallback', resultCallback, failure === undefined ? { code: 0 } : { code: 1, error: failure });
}

// Failures at run time: each kind is told once, and none of them goes any further.

/** Codes come from the operating system; there are not this many. */
const MAX_KINDS = 100;

/** Tells a handler of every kind of failure once: a kind is what was being done, and the code. */
export class Failures {
  readonly #told = new Set<string>();
  readonly #handler: ErrorHandler;

  constructor(handler: ErrorHandler) {
    this.#handler = handler;
  }

  /** Makes the error that says what failed, tells it if it is the first of its kind, and returns it. */
  tell(doing: string, where: string, cause: unknown): WriteError {
    const code = codeOf(cause);
    const error = writeError(`cannot ${doing} ${where}: ${reason(cause)}`, code, cause);
    const kind = `${doing}:${code}`;
    if (!this.#told.has(kind) && this.#told.size < MAX_KINDS) {
      this.#told.add(kind);
      callHook('onError', this.#handler, error);
    }
    return error;
  }
}

/** An error with a code, as those of the operating system have one. */
export function writeError(message: string, code?: string, cause?: unknown): WriteError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return code === undefined ? error : Object.assign(error, { code });
}

/** Node.js writes `ENOSPC: no space left on device, write`, with the path behind it where there is one. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'of an unknown error';
  return (error as NodeJS.ErrnoException).syscall === undefined ? error.message : error.message.split(',', 1).join();
}

// Writing to a descriptor until everything is written, or nothing more can be.

/** How much was written, and why it was not all. */
interface Written {
  readonly bytes: number;
  readonly error?: unknown;
}

/** Writes again what a short write left over. Does not throw, and does not wait where the descriptor does not. */
export function writeAll(fd: number, bytes: Uint8Array): Written {
  let done = 0;
  try {
    while (done < bytes.length) {
      const count = writeSync(fd, bytes, done, bytes.length - done);
      // No system does this, and a loop would never end.
      if (count <= 0) throw new Error('nothing was written');
      done += count;
    }
    return { bytes: done };
  } catch (error) {
    return { bytes: done, error };
  }
}
