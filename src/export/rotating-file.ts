/** One open file that lines are appended to. Other processes may append to it, too. */
import { type BigIntStats, closeSync, constants, fchownSync, fdatasync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, basename, extname, join } from 'node:path';
import { codeOf } from '../lib/files.js';
import { writeAll, writeError } from './exporter.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const LINE_FEED = 0x0a;
/** How often the end of a file is looked at again while others go on writing. */
const MAX_TRIES = 100;

// Reading is for the last byte alone. A named pipe without a reader would be waited for, without the last of them.
// Where a flag does not exist it is undefined, and counts as 0.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A descriptor, and which file it is of. */
export class AppendFile {
  readonly #fd: number;
  readonly #opened: BigIntStats;
  /** The last writer did not get to the end of its line. */
  #torn: boolean;

  private constructor(fd: number) {
    this.#fd = fd;
    this.#opened = fstatSync(fd, { bigint: true });
    if (!this.#opened.isFile() && !this.#opened.isCharacterDevice()) {
      throw writeError('it is neither a file nor a device', 'EINVAL');
    }
    this.#torn = this.isRegular && isTorn(fd, this.#opened.size);
  }

  /**
   * Opens a file, and makes it and its folders where there are none, readable by their owner alone. A symbolic link is
   * not followed: whoever can write to the folder could send the lines to any file of ours, or to any reader.
   */
  static open(path: string): AppendFile {
    const fd = openDescriptor(path);
    try {
      return new AppendFile(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** As it was when it was opened. */
  get opened(): BigIntStats {
    return this.#opened;
  }

  /** Devices have no size, and are neither rotated nor moved. */
  get isRegular(): boolean {
    return this.#opened.isFile();
  }

  /** True when this is the file that was found at a path. */
  is(found: BigIntStats): boolean {
    return found.ino === this.#opened.ino && found.dev === this.#opened.dev;
  }

  /**
   * Appends a line with its line feed, at once: lines of several processes do not mix.
   *
   * @throws what the operating system says. A part of the line that was written is taken back, unless somebody has
   *   written behind it.
   */
  append(line: Uint8Array, sizeBefore: bigint): void {
    const bytes = this.#torn ? Buffer.concat([Buffer.of(LINE_FEED), line]) : line;
    const written = writeAll(this.#fd, bytes);
    if (written.error === undefined) {
      this.#torn = false;
      return;
    }
    if (written.bytes > 0) this.#takeBack(sizeBefore, written.bytes);
    throw written.error;
  }

  /** Has everything that was appended put onto the disk: against a loss of power; a process that dies loses nothing. */
  sync(): Promise<void> {
    if (!this.isRegular) return Promise.resolve();
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // The descriptor is gone either way.
    }
  }

  #takeBack(sizeBefore: bigint, written: number): void {
    try {
      const { size } = fstatSync(this.#fd, { bigint: true });
      if (this.isRegular && size === sizeBefore + BigInt(written)) ftruncateSync(this.#fd, Number(sizeBefore));
    } catch {
      // Whoever opens the file next finds the torn line, and ends it.
    }
  }
}

/** True where the last line has no end, and nobody is about to write it. */
function isTorn(fd: number, sizeAtFirst: bigint): boolean {
  const last = Buffer.alloc(1);
  let size = sizeAtFirst;
  for (let tries = 0; size > 0n && tries < MAX_TRIES; tries++) {
    readSync(fd, last, 0, 1, size - 1n);
    if (last[0] === LINE_FEED) return false;
    waitForWriter(fd);
    const before = size;
    size = fstatSync(fd, { bigint: true }).size;
    if (size === before) return true;
  }
  return false;
}

/**
 * While one process writes a line of several pages, others see it grow. A change of the owner, here to the one that it
 * has, is made once the write is done: the system does one after the other.
 */
function waitForWriter(fd: number): void {
  try {
    fchownSync(fd, -1, -1);
  } catch {
    // Then a line that is being written may be taken for a torn one, and is followed by an empty line.
  }
}

function openDescriptor(path: string): number {
  try {
    return openSync(path, FLAGS, FILE_MODE);
  } catch (error) {
    const code = codeOf(error);
    // The latter is what the BSDs say.
    if (code === 'ELOOP' || code === 'EMLINK') throw symbolicLink();
    if (code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  return openSync(path, FLAGS, FILE_MODE);
}

/** What is thrown for a path whose last part is a symbolic link. */
export function symbolicLink(): Error {
  return writeError(
    'it is a symbolic link, which is not followed because somebody else may have put it there; ' +
      'give the path that it leads to',
    'ELOOP',
  );
}

// The names of rotated files: `audit.jsonl` becomes `audit-2026-11-21T093000Z-1.jsonl`. Pure.

const TIME = /^-(\d{4}-\d{2}-\d{2}T\d{6}Z)-([1-9]\d{0,14})$/;
/** The last millisecond of the year 9999: later years have a name of another length. */
const MAX_TIME_MS = 253_402_300_799_999;

/** When a file was rotated, to the second, and which it was in that second. */
export interface RotatedName {
  readonly name: string;
  /** As in the name; texts like this sort by time. */
  readonly time: string;
  readonly number: number;
}

/** The names of a file's rotated ones among those of a folder, newest first. */
export function rotatedNames(path: string, names: readonly string[]): RotatedName[] {
  const { stem, extension } = parts(path);
  return names.flatMap((name) => parse(name, stem, extension) ?? []).sort(newestFirst);
}

/**
 * A name for a file that is rotated now, to be tried until one is free. It sorts behind every other, even where the
 * clock was set back: the oldest by name are the first to be deleted.
 */
export function nextName(path: string, nowMs: number, newest: RotatedName | undefined): RotatedName {
  const now = timeOf(nowMs);
  const time = newest !== undefined && newest.time > now ? newest.time : now;
  const number = newest?.time === time ? newest.number + 1 : 1;
  const { stem, extension } = parts(path);
  return { name: `${stem}-${time}-${number}${extension}`, time, number };
}

function parts(path: string): { stem: string; extension: string } {
  const extension = extname(path);
  return { stem: basename(path, extension), extension };
}

function parse(name: string, stem: string, extension: string): RotatedName | undefined {
  if (name.length < stem.length + extension.length || !name.startsWith(stem) || !name.endsWith(extension)) return;
  const match = TIME.exec(name.slice(stem.length, name.length - extension.length));
  return match === null ? undefined : { name, time: match[1] as string, number: Number(match[2]) };
}

function newestFirst(a: RotatedName, b: RotatedName): number {
  if (a.time === b.time) return b.number - a.number;
  return a.time < b.time ? 1 : -1;
}

function timeOf(ms: number): string {
  const clamped = Math.min(Math.max(ms, 0), MAX_TIME_MS);
  return new Date(clamped)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
}

//  * Putting a full log file aside. Several processes may do so at once: a file is renamed to a name that the process has
// made for itself, so that nothing is overwritten; that it renames a file which another process has only just begun
// is possible, and harmless.

/** How many names are tried when others take them at the same moment. */
const MAX_NAME_TRIES = 1_000;

/**
 * Renames a file to the next free name for rotated ones, unless it is no longer the one that it was.
 *
 * @throws what the operating system says; the file is where it was then.
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

/** Makes an empty file under a name that nobody has. */
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

/**
 * Deletes all but the newest rotated files. What has another name is not touched, nor what is no file, nor an empty
 * one, which does not count either: another process may have just made it as the name for its own.
 *
 * @throws the first failure, having tried them all.
 */
export function deleteOldest(path: string, maxFiles: number): void {
  const folder = dirname(path);
  const failures: unknown[] = [];
  const names = rotatedNames(path, readdirSync(folder));
  if (names.length <= maxFiles) return;
  let kept = 0;
  for (const { name } of names) {
    const file = join(folder, name);
    try {
      const found = lstatSync(file, { throwIfNoEntry: false });
      if (found === undefined || !found.isFile() || found.size === 0) continue;
      if (kept < maxFiles) kept += 1;
      else unlinkSync(file);
    } catch (error) {
      // Another process deletes them, too.
      if (codeOf(error) !== 'ENOENT') failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

// The file at a path, whichever that is at the time: opened when needed, put aside when full or of another day.

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
