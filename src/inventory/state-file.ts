/** The state file, which processes share: read at the start, merged and replaced as a whole some seconds after a change. */
import {
  closeSync,
  copyFileSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { attempt } from '../lib/attempt.js';
import { makeFolder } from '../lib/files.js';
import { runLater, type Stop } from '../lib/timers.js';
import { acquireLock, NoFile } from './lock.js';
import { type MergeLimits, markSaved, mergeInto } from './merge.js';
import { readState, type Stored, writeState } from './snapshot.js';
import type { Servers } from './state.js';

/** The name of the state file in the state directory. */
export const INVENTORY_FILE = 'inventory.json';

/** Larger than any inventory. */
const MAX_BYTES = 64 * 1_048_576;

/**
 * What a state file holds; undefined if there is none.
 *
 * @throws errors of the file system, and {@link NoFile}
 */
export function readStateFile(path: string, now: number): Stored | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  // Reading a pipe would block.
  if (!found.isFile() && !found.isDirectory()) throw new NoFile();
  return found.size > MAX_BYTES ? 'corrupt' : readState(readFileSync(path, 'utf8'), now);
}

export interface StateFileOptions {
  readonly path: string;
  readonly now: () => number;
  readonly problem: (text: string) => void;
}

/**
 * How a save ended: `busy` if other processes were saving, `failed` after a reported problem, `unchanged` if there was nothing
 * to save.
 */
export type Saved = 'saved' | 'unchanged' | 'busy' | 'failed';

export class StateFile {
  readonly #options: StateFileOptions;
  /** The file that was read or written last. */
  #known: string | undefined;

  constructor(options: StateFileOptions) {
    this.#options = options;
  }

  /** Whether another process has replaced the file since. */
  get isNew(): boolean {
    return attempt(() => identityOf(this.#options.path)) !== this.#known;
  }

  /** The state that other processes and runs saved; undefined if there is none. */
  load(waitMs: number): Servers | undefined {
    return this.#guarded(undefined, () => {
      const stored = this.#read();
      // Only the lock's holder may move the file: another process may have replaced it by now.
      if (stored === 'corrupt') this.#locked(waitMs, () => this.#readOrMoveAside());
      return typeof stored === 'object' ? stored.servers : undefined;
    });
  }

  /**
   * Replaces the file by the result of `merged`, if there is one. With `durable`, it is on disk on return.
   * @param waitMs how long to wait for other processes, in milliseconds
   */
  save(merged: (stored: Servers | undefined) => Servers | undefined, durable: boolean, waitMs: number): Saved {
    return this.#guarded('failed', () =>
      this.#locked(waitMs, (token, held) => {
        const stored = this.#readOrMoveAside();
        if (stored === 'unusable') return 'failed';
        const servers = merged(stored);
        if (servers === undefined) return 'unchanged';
        return this.#replace(writeState(servers), token, durable, held) ? 'saved' : 'busy';
      }),
    );
  }

  #locked<T>(waitMs: number, action: (token: string, held: () => boolean) => T): T | 'busy' {
    const { path } = this.#options;
    makeFolder(dirname(path));
    // A process that was killed while saving leaves a temporary file.
    const lock = acquireLock(`${path}.lock`, waitMs, (token) => rmSync(temporary(path, token), { force: true }));
    if (lock === undefined) return 'busy';
    try {
      return action(lock.token, lock.held);
    } finally {
      lock.release();
    }
  }

  #read(): Exclude<Stored, 'newer'> | 'unusable' | undefined {
    const { path, now, problem } = this.#options;
    // Before it is read: what replaces it meanwhile is new.
    this.#known = identityOf(path);
    const stored = readStateFile(path, now());
    if (stored !== 'newer') return stored;
    problem(`the inventory file ${path} was written by a newer version of mcp-trail; it is neither read nor saved`);
    return 'unusable';
  }

  #readOrMoveAside(): Servers | 'unusable' | undefined {
    const { path, now, problem } = this.#options;
    const stored = this.#read();
    if (stored === undefined || stored === 'unusable') return stored;
    const aside = `${path}.corrupt-${now()}`;
    if (stored === 'corrupt') {
      renameSync(path, aside);
      problem(`the inventory file ${path} is not valid; it was kept as ${aside}, and a new one is started`);
      return undefined;
    }
    if (stored.damaged) {
      copyFileSync(path, aside);
      problem(
        `some servers in the inventory file ${path} are not valid and are left out; a copy of the file is ${aside}`,
      );
    }
    return stored.servers;
  }

  /** False if the lock was lost in between: then the file of the other process stays. */
  #replace(text: string, token: string, durable: boolean, held: () => boolean): boolean {
    const { path } = this.#options;
    const file = temporary(path, token);
    try {
      const descriptor = openSync(file, 'wx', 0o600);
      try {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
        keepOwner(descriptor, path);
        if (durable) fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (!held()) return false;
      this.#known = identityOf(file);
      renameSync(file, path);
      return true;
    } finally {
      rmSync(file, { force: true });
    }
  }

  #guarded<T>(otherwise: T, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const { code, path = this.#options.path } = error as NodeJS.ErrnoException;
      const lock = path.startsWith(`${this.#options.path}.lock`) ? `, for its lock ${path}` : '';
      this.#options.problem(
        `the inventory file ${this.#options.path} cannot be used (${code ?? (error as Error).name})${lock}`,
      );
      return otherwise;
    }
  }
}

/** A file that root replaced would be closed to the processes that use it. */
function keepOwner(descriptor: number, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
  if (uid !== 0) fchownSync(descriptor, uid, gid);
}

/** Every save makes another file. @throws errors of the file system */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeMs} ${found.size}`;
}

function temporary(path: string, token: string): string {
  return `${path}.tmp-${token}`;
}

/** How long a call of the application waits for other processes that are saving. */
const WAIT_MS = 500;

export interface SaverOptions {
  readonly file: StateFile;
  readonly servers: Servers;
  readonly limits: MergeLimits;
  readonly saveEveryMs: number;
}

export class Saver {
  readonly #options: SaverOptions;
  #stopTimer: Stop | undefined;
  #unsaved = false;
  /** Whether more than counts and times is unsaved: without the known definitions, changes would be missed. */
  #durable = false;
  #closed = false;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.refresh(WAIT_MS);
  }

  /** Merges what other processes have saved. */
  refresh(waitMs = 0): void {
    const { file, servers, limits } = this.#options;
    const stored = file.load(waitMs);
    if (stored !== undefined) mergeInto(servers, stored, limits);
  }

  /** Merges what other processes have saved since the file was last read or written here, such as an annotation. */
  follow(): void {
    if (this.#options.file.isNew) this.refresh();
  }

  /** Schedules a save. @param durable whether more than counts and times changed */
  touch(durable: boolean): void {
    this.#unsaved = true;
    this.#durable ||= durable;
    if (this.#stopTimer !== undefined || this.#closed) return;
    this.#stopTimer = runLater(this.#options.saveEveryMs, () => this.#save(0));
  }

  flush(): void {
    if (this.#unsaved) this.#save(WAIT_MS);
  }

  close(): void {
    this.#closed = true;
    this.flush();
    this.#stopTimer?.();
  }

  #save(waitMs: number): void {
    const { file, servers, limits } = this.#options;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const merge = (stored: Servers | undefined): Servers => {
      if (stored !== undefined) mergeInto(servers, stored, limits);
      return servers;
    };
    if (file.save(merge, this.#durable, waitMs) === 'saved') {
      markSaved(servers);
      this.#unsaved = false;
      this.#durable = false;
    } else {
      this.touch(false);
    }
  }
}
