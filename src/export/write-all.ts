/** Writing to a descriptor until everything is written, or nothing more can be. */
import { writeSync } from 'node:fs';

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
