/** Failures at run time: each kind is told once, and none of them goes any further. */
import { codeOf } from '../lib/files.js';
import { callHook } from '../report/guarded.js';
import type { ErrorHandler, WriteError } from './types.js';

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
