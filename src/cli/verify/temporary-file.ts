/** A temporary file that only this process can reach. */
import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../../lib/attempt.js';
import { codeOf } from '../../lib/files.js';
import { Problem } from '../arguments.js';
import { visible } from '../text.js';

/**
 * Its name is removed as soon as it is open: nothing remains of it, however the process ends. Where the system does not
 * allow that, it is removed when it is closed.
 */
export class TemporaryFile {
  readonly #folder: string;
  readonly #fd: number;
  #size = 0;

  /** @throws Problem */
  constructor() {
    [this.#folder, this.#fd] = guarded(() => {
      // With the mode 0700.
      const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-'));
      const file = join(folder, 'sorted');
      const fd = openSync(file, 'wx+', 0o600);
      attempt(() => {
        unlinkSync(file);
        rmdirSync(folder);
      });
      return [folder, fd] as const;
    });
  }

  /**
   * Appends bytes, and returns where they begin.
   *
   * @throws Problem
   */
  append(bytes: Uint8Array): number {
    const start = this.#size;
    guarded(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, start + done);
      }
    });
    this.#size += bytes.length;
    return start;
  }

  /** Fills `into` with the bytes from `at` on; returns how many there were. */
  read(into: Uint8Array, at: number): number {
    return guarded(() => {
      let done = 0;
      while (done < into.length) {
        const read = readSync(this.#fd, into, done, into.length - done, at + done);
        if (read === 0) break;
        done += read;
      }
      return done;
    });
  }

  close(): void {
    attempt(() => closeSync(this.#fd));
    attempt(() => rmSync(this.#folder, { recursive: true, force: true }));
  }
}

function guarded<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    const folder = visible(tmpdir());
    throw new Problem(`cannot use a temporary file in ${folder}: ${codeOf(error)} (TMPDIR names another folder)`);
  }
}
