/** The file at a path, whichever that is at the time: opened when needed, put aside when full or of another day. */
import { type BigIntStats, lstatSync } from 'node:fs';
import { AppendFile, symbolicLink } from './append-file.js';
import { deleteOldest, putAside } from './rotation.js';

const DAY_MS = 86_400_000;
/** Where a file cannot be put aside, trying it with every line would cost more than the line. */
const RETRY_MS = 60_000;

/** Where to write, and when to put aside. All of it has been checked. */
interface RotatingFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly now: () => number;
  /** Told of a file that was there before, with its mode. */
  readonly onContinued: (mode: number) => void;
  readonly onRotationError: (doing: 'put aside' | 'delete the oldest files beside', error: unknown) => void;
}

/** Appends to a path. Finds out before every line what is there: another process may have moved or deleted it. */
export class RotatingFile {
  readonly #settings: RotatingFileSettings;
  #file: AppendFile | undefined;
  /** Days since 1970 of the lines in the file. */
  #day = 0;
  #notPutAsideMs = Number.NEGATIVE_INFINITY;

  constructor(settings: RotatingFileSettings) {
    this.#settings = settings;
  }

  /** @throws what the operating system says; nothing of the line is in the file then. */
  append(line: Uint8Array): void {
    const nowMs = this.#nowMs();
    let size = this.#open(nowMs);
    if (this.#isDue(size, line.length, nowMs)) {
      this.#rotate(nowMs);
      size = this.#open(nowMs);
    }
    try {
      this.#file?.append(line, size);
    } catch (error) {
      // Opening it again is a new start, and repairs what could not be taken back.
      this.close();
      throw error;
    }
  }

  async sync(): Promise<void> {
    const file = this.#file;
    try {
      await file?.sync();
    } catch (error) {
      // It was put aside in the meantime.
      if (file === this.#file) throw error;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Makes sure that the open file is the one at the path, and says how large it is. */
  #open(nowMs: number): bigint {
    const found = lstatSync(this.#settings.path, { bigint: true, throwIfNoEntry: false });
    if (this.#file !== undefined && found !== undefined && this.#file.is(found)) return found.size;
    this.close();
    // Where the system can refuse a link as it opens, this says nothing new.
    if (found?.isSymbolicLink()) throw symbolicLink();
    const file = AppendFile.open(this.#settings.path);
    this.#file = file;
    if (found?.isFile()) this.#settings.onContinued(Number(file.opened.mode));
    this.#day = dayOf(file.opened.size === 0n ? nowMs : Number(file.opened.mtimeMs));
    return file.opened.size;
  }

  #isDue(size: bigint, more: number, nowMs: number): boolean {
    if (size === 0n || this.#file?.isRegular !== true) return false;
    if (Math.abs(nowMs - this.#notPutAsideMs) < RETRY_MS) return false;
    // A clock that was set back does not make yesterday's file of today's.
    return Number(size) + more > this.#settings.maxBytes || dayOf(nowMs) > this.#day;
  }

  #rotate(nowMs: number): void {
    const { path, maxFiles, onRotationError } = this.#settings;
    const isOurs = (found: BigIntStats) => this.#file?.is(found) === true;
    try {
      putAside(path, nowMs, isOurs);
    } catch (error) {
      this.#notPutAsideMs = nowMs;
      onRotationError('put aside', error);
      return;
    }
    try {
      deleteOldest(path, maxFiles);
    } catch (error) {
      onRotationError('delete the oldest files beside', error);
    }
  }

  /** A clock of somebody else's may throw, or know no time. */
  #nowMs(): number {
    try {
      const ms = this.#settings.now();
      return Number.isFinite(ms) ? ms : Date.now();
    } catch {
      return Date.now();
    }
  }
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
