/** What the exporters share: passing on an SDK's records line by line, and reporting failures. */
import { codeOf } from '../lib/files.js';
import { callHook } from '../report/guarded.js';
import { recordLine } from './line.js';
import type { ErrorHandler, ExportResultLike, LogRecordLike, WriteError } from './types.js';
import { writeError } from './write.js';

/** Writes one line, and returns why it could not. */
type SendLine = (line: string) => WriteError | undefined;

/** Writes a line per record, and calls back once. A record that fails does not stop the others. */
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
    // The argument was not an iterable of log records.
    failure ??= error instanceof Error ? error : new Error('the log records cannot be read');
  }
  callHook('resultCallback', resultCallback, failure === undefined ? { code: 0 } : { code: 1, error: failure });
}

/** Codes come from the operating system, which has fewer. */
const MAX_KINDS = 100;

/** Passes the first failure of each kind to a handler. Failures of one kind have the same action and the same code. */
export class Failures {
  readonly #reported = new Set<string>();
  readonly #handler: ErrorHandler;

  constructor(handler: ErrorHandler) {
    this.#handler = handler;
  }

  /** Makes the error for a failed action, reports it if it is the first of its kind, and returns it. */
  report(doing: string, where: string, cause: unknown): WriteError {
    const code = codeOf(cause);
    const error = writeError(`cannot ${doing} ${where}: ${reason(cause)}`, code, cause);
    const kind = `${doing}:${code}`;
    if (!this.#reported.has(kind) && this.#reported.size < MAX_KINDS) {
      this.#reported.add(kind);
      callHook('onError', this.#handler, error);
    }
    return error;
  }
}

/** Node.js writes `ENOSPC: no space left on device, write`, and sometimes the path behind it. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'of an unknown error';
  return (error as NodeJS.ErrnoException).syscall === undefined ? error.message : error.message.split(',', 1).join();
}
