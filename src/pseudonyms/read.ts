/** Reads the lines of a map, in bounded memory and linear time. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
/** Longer than any line: ids have 256 characters. */
export const MAX_LINE_BYTES = 16 * 1024;
/** A longer file is not a map. */
const MAX_READ_BYTES = 512 * 1024 * 1024;

// O_NONBLOCK: opening a named pipe must not wait. A flag that the platform lacks is undefined, and counts as 0.
const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface RawLine {
  /** Where in the file it begins. */
  readonly at: number;
  /** In bytes, without the line feed. */
  readonly length: number;
  /** Undefined if it is too long. Valid until the next line. */
  readonly bytes: Buffer | undefined;
  /** Whether it has a line feed. Only the last may have none: it may be in the making. */
  readonly whole: boolean;
}

/**
 * Opens a map, and closes it after its use.
 *
 * @throws errors of the file system; others, with a code, for what is no file or is too long
 */
export function withMap<T>(path: string, flags: 'read' | 'change', use: (fd: number, found: Stats) => T): T {
  const fd = openSync(path, (flags === 'read' ? constants.O_RDONLY : constants.O_RDWR) | SAFELY);
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw Object.assign(new Error(), { code: 'not a regular file' });
    if (found.size > MAX_READ_BYTES) throw Object.assign(new Error(), { code: `${found.size} bytes` });
    return use(fd, found);
  } finally {
    closeSync(fd);
  }
}

/** Takes each line between two places of a file; returns where the last whole one ends. */
export function readLines(fd: number, from: number, to: number, take: (line: RawLine) => void): number {
  const chunk = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, to - from)));
  let held: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  let begin = from;
  let position = from;
  while (position < to) {
    const count = readSync(fd, chunk, 0, Math.min(chunk.length, to - position), position);
    if (count === 0) break;
    const data = Buffer.concat([held, chunk.subarray(0, count)]);
    position += count;
    let at = 0;
    for (let end = data.indexOf(LINE_FEED); end !== -1; end = data.indexOf(LINE_FEED, at)) {
      const next = position - data.length + end + 1;
      const length = next - 1 - begin;
      const bytes = isTooLong || length > MAX_LINE_BYTES ? undefined : data.subarray(at, end);
      take({ at: begin, length, bytes, whole: true });
      isTooLong = false;
      begin = next;
      at = end + 1;
    }
    isTooLong ||= data.length - at > MAX_LINE_BYTES;
    held = isTooLong ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }
  if (position > begin) {
    take({ at: begin, length: position - begin, bytes: isTooLong ? undefined : held, whole: false });
  }
  return begin;
}
