/** A file of lines that rotates by size and by day, also while other processes append to it. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fchownSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { codeOf } from '../lib/files.js';
import { writeAll, writeError } from './exporter.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const LINE_FEED = 0x0a;
/** How often to look at the end of the file again while another process writes. */
const MAX_TRIES = 100;

// O_RDWR: the last byte is read. O_NONBLOCK: opening a named pipe without a reader must not wait. A flag that the platform
// lacks is undefined, and counts as 0.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** An open file. */
export class AppendFile {
  readonly #fd: number;
  readonly #opened: BigIntStats;
  /** The last line in the file has no end. */
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
   * Opens a file, and creates it and its folders if missing, for their owner alone. Refuses a symbolic link: anyone who can
   * write to the folder could redirect the lines.
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

  /** As found when it was opened. */
  get opened(): BigIntStats {
    return this.#opened;
  }

  /** False for devices, which have no size and do not rotate. */
  get isRegular(): boolean {
    return this.#opened.isFile();
  }

  /** Whether this is the file that was found at a path. */
  is(found: BigIntStats): boolean {
    return found.ino === this.#opened.ino && found.dev === this.#opened.dev;
  }

  /**
   * Appends a line with its line feed in one write, so that lines of several processes do not mix.
   *
   * @throws the operating system's error; a partly written line is removed first, unless another process has written behind
   *   it
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

  /** Syncs everything to disk, against a loss of power. */
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
      // The next process that opens the file finds the torn line, and ends it.
    }
  }
}

/** Whether the last line has no end, and no process is about to write it. */
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
 * While one process writes a line of several pages, others see it grow. The system orders writes and changes of the owner,
 * so changing the owner to the same one returns after the write.
 */
function waitForWriter(fd: number): void {
  try {
    fchownSync(fd, -1, -1);
  } catch {
    // Without it, an unfinished line may be taken for a torn one, and an empty line follows it.
  }
}

function openDescriptor(path: string): number {
  try {
    return openSync(path, FLAGS, FILE_MODE);
  } catch (error) {
    const code = codeOf(error);
    // The BSDs use EMLINK.
    if (code === 'ELOOP' || code === 'EMLINK') throw symbolicLink();
    if (code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  return openSync(path, FLAGS, FILE_MODE);
}

function symbolicLink(): Error {
  return writeError(
    'it is a symbolic link, and links are refused because anyone who can write to the folder can create one; ' +
      'give the path it leads to',
    'ELOOP',
  );
}

const TIME = /^-(\d{4}-\d{2}-\d{2}T\d{6}Z)-([1-9]\d{0,14})$/;
/** The last millisecond of the year 9999: later years would make a longer name. */
const MAX_TIME_MS = 253_402_300_799_999;

/** When a file was rotated, to the second, and its number within that second. */
export interface RotatedName {
  readonly name: string;
  /** As in the name; such texts sort by time. */
  readonly time: string;
  readonly number: number;
}

/** The rotated files of a path among the names of a folder, newest first. */
export function rotatedNames(path: string, names: readonly string[]): RotatedName[] {
  const { stem, extension } = parts(path);
  return names.flatMap((name) => parse(name, stem, extension) ?? []).sort(newestFirst);
}

/**
 * The next candidate for a rotated file's name. It sorts behind all others, even if the clock was set back, because the
 * first by name are deleted first.
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

/** How many names to try while other processes take them. */
const MAX_NAME_TRIES = 1_000;

/**
 * Renames a file to the next free name, unless it is no longer ours. The name is reserved with an empty file first, so that
 * processes that rotate at once overwrite nothing. One of them may rename a file that another has just begun, which is
 * harmless.
 *
 * @throws the operating system's error; the file is then where it was
 */
function putAside(path: string, nowMs: number, isOurs: (found: BigIntStats) => boolean): void {
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

/**
 * Deletes all but the newest rotated files. Skips other names, anything but files, and empty files: another process may
 * have just reserved one.
 *
 * @throws the first failure, after trying all files
 */
function deleteOldest(path: string, maxFiles: number): void {
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

const DAY_MS = 86_400_000;
/** If rotation fails, retrying it with every line would cost more than the line. */
const RETRY_MS = 60_000;

/** Validated settings. */
interface RotatingFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly now: () => number;
  /** Receives the mode of a file that existed before. */
  readonly onContinued: (mode: number) => void;
  readonly onRotationError: (doing: 'put aside' | 'delete the oldest files beside', error: unknown) => void;
}

/** Appends to a path. Looks at the path before every line: another process may have moved or deleted the file. */
export class RotatingFile {
  readonly #settings: RotatingFileSettings;
  #file: AppendFile | undefined;
  /** Days since 1970 of the file's lines. */
  #day = 0;
  #notPutAsideMs = Number.NEGATIVE_INFINITY;

  constructor(settings: RotatingFileSettings) {
    this.#settings = settings;
  }

  /** @throws the operating system's error; nothing of the line is in the file then */
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
      // Reopening repairs what could not be taken back.
      this.close();
      throw error;
    }
  }

  async sync(): Promise<void> {
    const file = this.#file;
    try {
      await file?.sync();
    } catch (error) {
      // It was rotated in the meantime.
      if (file === this.#file) throw error;
    }
  }

  close(): void {
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
    if (found?.isFile()) this.#settings.onContinued(Number(file.opened.mode));
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

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
