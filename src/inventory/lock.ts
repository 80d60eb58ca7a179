/** One writer at a time: a file that only one process can create. */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';

/** A lock is held for a few milliseconds; who held it this long was killed. */
const STALE_MS = 10_000;
const RETRY_MS = 5;

/** Something else is where a file belongs. */
export class NoFile extends Error {
  readonly code = 'no file';
  override readonly name = 'NoFile';
  readonly path: string | undefined;

  constructor(path?: string) {
    super();
    this.path = path;
  }
}

export interface Lock {
  /** Names this holder, and nobody else. */
  readonly token: string;
  /** False when others took the lock for a stale one. */
  held(): boolean;
  release(): void;
}

/**
 * Takes the lock; undefined when others hold it for longer than may be waited, in milliseconds. Waiting blocks the thread.
 * @param removed called with the token of a stale lock that was taken away
 * @throws what the file system says when the lock can be created by nobody, or removed by nobody
 */
export function acquireLock(path: string, waitMs: number, removed: (token: string) => void): Lock | undefined {
  const token = randomBytes(12).toString('hex');
  const lock: Lock = {
    token,
    held: () => readToken(path) === token,
    release: () => {
      // One that cannot be removed becomes stale; what was done under it is done.
      if (readToken(path) === token) rmQuietly(path);
    },
  };
  const end = performance.now() + waitMs;
  for (;;) {
    if (create(path, token)) return lock;
    const stale = removeStale(path, token);
    if (stale !== undefined) removed(stale);
    else if (performance.now() >= end) return undefined;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }
}

function create(path: string, token: string): boolean {
  try {
    writeFileSync(path, token, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The token of the stale lock that was removed; undefined when there was none, or somebody else was quicker. */
function removeStale(path: string, token: string): string | undefined {
  // Nobody ever releases it.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new NoFile(path);
  try {
    const stale = readFileSync(path, 'utf8');
    if (Date.now() - statSync(path).mtimeMs < STALE_MS) return undefined;
    const aside = `${path}.${token}`;
    renameSync(path, aside);
    // Between reading and renaming another process may have replaced the stale lock by its own: that one goes back.
    const taken = readFileSync(aside, 'utf8');
    if (taken !== stale) linkSync(aside, path);
    unlinkSync(aside);
    return taken === stale ? stale : undefined;
  } catch (error) {
    const code = codeOf(error);
    // Anything else than that another process was quicker stays as it is.
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
    return undefined;
  }
}

function rmQuietly(path: string): void {
  attempt(() => unlinkSync(path));
}

function readToken(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}
