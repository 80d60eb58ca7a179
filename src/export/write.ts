/** Writing to a descriptor, and the errors of it. */
import { writeSync } from 'node:fs';
import type { WriteError } from './types.js';

/** An error with a code, like those of the operating system. */
export function writeError(message: string, code?: string, cause?: unknown): WriteError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return code === undefined ? error : Object.assign(error, { code });
}

/** How many bytes were written, and why not all of them. */
interface Written {
  readonly bytes: number;
  readonly error?: unknown;
}

/**
 * Retries short writes until everything is written or a write fails. Never throws, and never waits on a non-blocking
 * descriptor.
 */
export function writeAll(fd: number, bytes: Uint8Array): Written {
  let done = 0;
  try {
    while (done < bytes.length) {
      const count = writeSync(fd, bytes, done, bytes.length - done);
      // No system does this, but the loop would never end.
      if (count <= 0) throw new Error('nothing was written');
      done += count;
    }
    return { bytes: done };
  } catch (error) {
    return { bytes: done, error };
  }
}
