/** Space that lines leave free on their file system, for everything else that writes to it. */
import * as fs from 'node:fs';
import { attempt } from '../lib/attempt.js';
import type { WriteError } from './types.js';
import { writeError } from './write.js';

/** The code of the error, and the cause in the record of the gap. */
export const RESERVE_REACHED = 'reserve';

/** Space in bytes. */
export interface Space {
  readonly size: number;
  readonly free: number;
}

/** How long what was seen is believed. */
const LOOK_MS = 1000;
/** The part of the reserve that may be written meanwhile. */
const PART_WRITTEN = 1 / 16;
/** The part of a file system that a reserve is at most: small ones could otherwise not be written to at all. */
const MAX_PART = 0.1;

export class Reserve {
  readonly #bytes: number;
  readonly #spaceNow: () => Space | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Bytes since then. */
  #written = 0;
  /** What is kept free of this file system. */
  #kept = 0;

  /**
   * @param folder where the lines are written
   * @param bytes 0 keeps nothing free
   */
  constructor(folder: string, bytes: number, spaceNow = () => spaceOf(folder)) {
    this.#bytes = bytes;
    this.#spaceNow = spaceNow;
  }

  /** Call before every write. @throws an error with the code {@link RESERVE_REACHED} if less is free */
  check(bytes: number, nowMs: number): void {
    if (this.#bytes === 0) return;
    this.#written += bytes;
    if (Math.abs(nowMs - this.#lookedMs) < LOOK_MS && this.#written <= this.#kept * PART_WRITTEN) return;
    const space = attempt(this.#spaceNow);
    this.#kept = Math.min(this.#bytes, (space?.size ?? Number.POSITIVE_INFINITY) * MAX_PART);
    if (space !== undefined && space.free - bytes < this.#kept) {
      // The next line looks again: instead of a write, and not in addition to one.
      this.#lookedMs = Number.NEGATIVE_INFINITY;
      throw reached(space.free, this.#kept);
    }
    this.#lookedMs = nowMs;
    this.#written = 0;
  }
}

function reached(free: number, kept: number): WriteError {
  return writeError(
    `only ${inWords(free)} are free, and ${inWords(kept)} are kept free (the reserve)`,
    RESERVE_REACHED,
  );
}

function inWords(bytes: number): string {
  const kib = Math.floor(bytes / 1024);
  return kib < 1024 ? `${kib} KiB` : `${Math.floor(kib / 1024)} MiB`;
}

/** Undefined if the file system does not say. Not a named import: a runtime without the function could not load this. */
function spaceOf(folder: string): Space | undefined {
  const { blocks, bavail, bsize } = fs.statfsSync(folder);
  return blocks > 0 ? { size: blocks * bsize, free: bavail * bsize } : undefined;
}
