/** One writer at a time: a lock file that only one process can create. */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';

/** Locks are held for milliseconds: the holder of an older one was killed. */
const STALE_MS = 10_000;
const RETRY_MS = 5;

/** A folder, pipe or device is in the place of a file. */
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
  /** Unique to this holder. */
  readonly token: string;
  /** False if another process considered the lock stale and removed it. */
  held(): boolean;
  release(): void;
}

/**
 * Takes the lock; undefined if others hold it for longer than `waitMs`. Waiting blocks the thread.
 * @param removed called with the token of a stale lock that was removed
 * @throws the error of the file system if the lock cannot be created or removed
 */
export function acquireLock(path: string, waitMs: number, removed: (token: string) => void): Lock | undefined {
  const token = randomBytes(12).toString('hex');
  const lock: Lock = {
    token,
    held: () => readToken(path) === token,
    release: () => {
      // A lock that cannot be removed becomes stale.
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

/** The token of the removed stale lock; undefined if there was none, or another process was quicker. */
function removeStale(path: string, token: string): string | undefined {
  // It would never be released.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new NoFile(path);
  try {
    const stale = readFileSync(path, 'utf8');
    if (Date.now() - statSync(path).mtimeMs < STALE_MS) return undefined;
    const aside = `${path}.${token}`;
    renameSync(path, aside);
    // Another process may have replaced the stale lock by its own in between: that one goes back.
    const taken = readFileSync(aside, 'utf8');
    if (taken !== stale) linkSync(aside, path);
    unlinkSync(aside);
    return taken === stale ? stale : undefined;
  } catch (error) {
    const code = codeOf(error);
    // These codes mean that another process was quicker.
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
