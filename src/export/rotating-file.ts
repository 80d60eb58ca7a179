/** A file of lines that rotates by size and by day, also while other processes append to it. */
import {
  type BigIntStats,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';
import { AppendFile, symbolicLink } from './append-file.js';
import { Reserve } from './reserve.js';
import { deleteOldest, sizeOfRotated } from './rotated-files.js';
import { nextName, type RotatedName, rotatedNames } from './rotated-name.js';

/** How many names to try while other processes take them. */
const MAX_NAME_TRIES = 1_000;

/**
 * Renames a file to the next free name, unless it is no longer ours. The name is reserved with an empty file first, so that
 * processes that rotate at once overwrite nothing. One of them may rename a file that another has just begun, which is
 * harmless.
 *
 * @throws the operating system's error; the file is then where it was
 */
export function putAside(path: string, nowMs: number, isOurs: (found: BigIntStats) => boolean): void {
  const folder = dirname(path);
  const target = join(folder, reserve(path, folder, nowMs));
  let renamed = false;
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined || !isOurs(found)) return;
    renameSync(path, target);
    renamed = true;
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    if (!renamed) unlinkSync(target);
  }
}

/** Creates an empty file under an unused name. */
function reserve(path: string, folder: string, nowMs: number): string {
  let newest: RotatedName | undefined = rotatedNames(path, readdirSync(folder))[0];
  for (let tries = 1; ; tries++) {
    const next = nextName(path, nowMs, newest);
    try {
      closeSync(openSync(join(folder, next.name), 'wx', 0o600));
      return next.name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === MAX_NAME_TRIES) throw error;
    }
    newest = next;
  }
}

const DAY_MS = 86_400_000;
/** If rotation fails, retrying it with every line would cost more than the line. */
const RETRY_MS = 60_000;
/** Rotated files that take up less are nobody's problem. */
const MUCH_BYTES = 10 * 2 ** 30;
/** Looking at every rotated file takes its time where there are very many. */
const LOOK_MS = 3_600_000;

/** Validated settings. */
interface RotatingFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  /** Undefined: nothing is deleted. */
  readonly maxFiles: number | undefined;
  /** Bytes of the file system that stay free. */
  readonly reserve: number;
  readonly now: () => number;
  /** Receives the mode of a file that existed before. */
  readonly onContinued: (mode: number) => void;
  /** Receives the name of each file that was deleted, without its folder. */
  readonly onDeleted: (name: string) => void;
  /** Nothing is deleted, and the rotated files take up 10 GiB or more: receives their size in bytes. */
  readonly onMuch: (bytes: number) => void;
  readonly onRotationError: (doing: 'put aside' | 'delete the oldest files beside', error: unknown) => void;
}

/** Appends to a path. Looks at the path before every line: another process may have moved or deleted the file. */
export class RotatingFile {
  readonly #settings: RotatingFileSettings;
  readonly #reserve: Reserve;
  #file: AppendFile | undefined;
  /** Days since 1970 of the file's lines. */
  #day = 0;
  #notPutAsideMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #keepsOnDisk = false;
  /** Its name may not be on disk. */
  #isNew = false;
  /** Of a file that has been closed. */
  #unsynced: { readonly notSynced?: unknown } = {};

  constructor(settings: RotatingFileSettings) {
    this.#settings = settings;
    this.#reserve = new Reserve(dirname(settings.path), settings.reserve);
  }

  /** @throws the operating system's error, or that of the reserve; nothing of the line is in the file then */
  append(line: Uint8Array): void {
    const nowMs = this.#nowMs();
    let size = this.#open(nowMs);
    if (this.#file?.isRegular === true) this.#reserve.check(line.length, nowMs);
    if (this.#isDue(size, line.length, nowMs)) {
      this.#rotate(nowMs);
      size = this.#open(nowMs);
    }
    try {
      this.#file?.append(line);
    } catch (error) {
      // Reopening repairs what could not be taken back.
      this.close();
      throw error;
    }
  }

  /** From now on, a file is synced before it is closed, and so is the name of a new one. */
  keepOnDisk(): void {
    this.#keepsOnDisk = true;
  }

  async sync(): Promise<void> {
    const { notSynced } = this.#unsynced;
    this.#unsynced = {};
    if (notSynced !== undefined) throw notSynced;
    const file = this.#file;
    try {
      await file?.sync();
      if (this.#isNew && this.#keepsOnDisk) {
        this.#isNew = false;
        syncFolder(dirname(this.#settings.path));
      }
    } catch (error) {
      // It was rotated in the meantime.
      if (file === this.#file) throw error;
    }
  }

  /** Syncs now what is not synced yet, where files are kept on disk. */
  syncNow(): void {
    if (!this.#keepsOnDisk) return;
    try {
      this.#file?.syncNow();
    } catch (notSynced) {
      this.#unsynced = { notSynced };
    }
  }

  close(): void {
    this.syncNow();
    this.#file?.close();
    this.#file = undefined;
  }

  /** Makes sure that the open file is the one at the path, and returns its size. */
  #open(nowMs: number): bigint {
    const found = lstatSync(this.#settings.path, { bigint: true, throwIfNoEntry: false });
    if (this.#file !== undefined && found !== undefined && this.#file.is(found)) return found.size;
    this.close();
    // For systems without O_NOFOLLOW.
    if (found?.isSymbolicLink()) throw symbolicLink();
    const file = AppendFile.open(this.#settings.path);
    this.#file = file;
    this.#isNew = true;
    if (found?.isFile()) this.#settings.onContinued(Number(file.opened.mode));
    this.#lookAtSize(nowMs);
    this.#day = dayOf(file.opened.size === 0n ? nowMs : Number(file.opened.mtimeMs));
    return file.opened.size;
  }

  #isDue(size: bigint, more: number, nowMs: number): boolean {
    if (size === 0n || this.#file?.isRegular !== true) return false;
    if (Math.abs(nowMs - this.#notPutAsideMs) < RETRY_MS) return false;
    // Not `!==`: a clock that is set back must not rotate today's file.
    return Number(size) + more > this.#settings.maxBytes || dayOf(nowMs) > this.#day;
  }

  #rotate(nowMs: number): void {
    const { path, maxFiles, onDeleted, onRotationError } = this.#settings;
    const isOurs = (found: BigIntStats) => this.#file?.is(found) === true;
    try {
      putAside(path, nowMs, isOurs);
    } catch (error) {
      this.#notPutAsideMs = nowMs;
      onRotationError('put aside', error);
      return;
    }
    if (maxFiles === undefined) return;
    try {
      deleteOldest(path, maxFiles, onDeleted);
    } catch (error) {
      onRotationError('delete the oldest files beside', error);
    }
  }

  #lookAtSize(nowMs: number): void {
    const { path, maxFiles, onMuch } = this.#settings;
    if (maxFiles !== undefined || Math.abs(nowMs - this.#lookedMs) < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const bytes = attempt(() => sizeOfRotated(path)) ?? 0;
    if (bytes >= MUCH_BYTES) onMuch(bytes);
  }

  /** The application's clock may throw, or return NaN. */
  #nowMs(): number {
    try {
      const ms = this.#settings.now();
      return Number.isFinite(ms) ? ms : Date.now();
    } catch {
      return Date.now();
    }
  }
}

/** Systems that let nobody open or sync a folder keep its names on disk by themselves. */
const NO_FOLDERS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EINVAL', 'EISDIR', 'EPERM']);

/** @throws the operating system's error */
export function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
  } catch (error) {
    if (!NO_FOLDERS.has(codeOf(error))) throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
