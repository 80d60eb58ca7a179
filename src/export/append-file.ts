/** One open file that lines are appended to. Other processes may append to it, too. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fchownSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../lib/files.js';
import { writeError } from './failures.js';
import { writeAll } from './write-all.js';

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
