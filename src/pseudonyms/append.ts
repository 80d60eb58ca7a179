/** Appends to a map, also while other processes do. */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { attempt } from '../lib/attempt.js';

const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const SPACE = 0x20;

/**
 * Appends lines, in one write. They begin with a line feed: what a killed process wrote of a line stays apart from them.
 *
 * @throws errors of the file system; what a full disk took of the lines is blanked
 */
export function appendLines(path: string, lines: readonly string[], create: boolean): void {
  const fd = openSync(path, create ? FLAGS | constants.O_CREAT : FLAGS, 0o600);
  try {
    const bytes = Buffer.from(`\n${lines.join('\n')}\n`);
    const count = writeSync(fd, bytes);
    if (count === bytes.length) return;
    attempt(() => blankEnd(path, bytes.subarray(0, count)));
    throw Object.assign(new Error(), { code: 'ENOSPC' });
  } finally {
    closeSync(fd);
  }
}

/** Not cut off: another process may be appending. */
function blankEnd(path: string, part: Buffer): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const from = fstatSync(fd).size - part.length;
    const end = Buffer.alloc(part.length);
    readSync(fd, end, 0, end.length, from);
    if (end.equals(part)) writeSync(fd, Buffer.alloc(part.length, SPACE), 0, part.length, from);
  } finally {
    closeSync(fd);
  }
}
