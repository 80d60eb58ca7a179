/** A file that lines are appended to, also by other processes. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fchownSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, makeFolder } from '../lib/files.js';
import { writeAll, writeError } from './write.js';

const FILE_MODE = 0o600;
const LINE_FEED = 0x0a;
/** How often to look at the end of the file again while another process writes. */
const MAX_TRIES = 100;

// O_RDWR: the last byte is read. O_NONBLOCK: opening a named pipe without a reader must not wait. A flag that the platform
// lacks is undefined, and counts as 0.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Those that the system shows of an open file. Together, they tell it from files that others have open. */
export const SHOWN_FLAGS = FLAGS & ~constants.O_CREAT;

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
  append(line: Uint8Array): void {
    const bytes = this.#torn ? Buffer.concat([Buffer.of(LINE_FEED), line]) : line;
    const written = writeAll(this.#fd, bytes);
    if (written.error === undefined) {
      this.#torn = false;
      return;
    }
    if (written.bytes > 0 && !this.#takeBack(bytes.subarray(0, written.bytes))) this.#torn = true;
    throw written.error;
  }

  /** Syncs everything to disk, against a loss of power. */
  sync(): Promise<void> {
    if (!this.isRegular) return Promise.resolve();
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** The same, at once. @throws the operating system's error */
  syncNow(): void {
    if (this.isRegular) fdatasyncSync(this.#fd);
  }

  close(): void {
    try {
      closeSync(this.#fd);
    } catch {
      // The descriptor is gone either way.
    }
  }

  /** Cuts off what was written of a line, if the file ends with it. Otherwise returns false. */
  #takeBack(part: Uint8Array): boolean {
    try {
      const from = Number(fstatSync(this.#fd, { bigint: true }).size) - part.length;
      const end = Buffer.alloc(part.length);
      if (!this.isRegular || from < 0) return false;
      readSync(this.#fd, end, 0, end.length, from);
      if (!end.equals(part)) return false;
      ftruncateSync(this.#fd, from);
      return true;
    } catch {
      return false;
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
  makeFolder(dirname(path));
  return openSync(path, FLAGS, FILE_MODE);
}

/** The refusal of a symbolic link. */
export function symbolicLink(): Error {
  return writeError(
    'it is a symbolic link, and links are refused because anyone who can write to the folder can create one; ' +
      'give the path it leads to',
    'ELOOP',
  );
}
