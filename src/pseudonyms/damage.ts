/** Keeps a damaged map aside, and takes what cannot be read out of the one in use. */
import { chmodSync, copyFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ASIDE, parseLine } from './lines.js';
import { MAX_LINE_BYTES, withMap } from './read.js';

const SPACE = 0x20;

export interface Range {
  readonly at: number;
  readonly length: number;
}

/**
 * Copies the map, and blanks the lines in it, in place: other processes go on appending to it. Returns the copy's path, or
 * undefined where no line is damaged any more: an erasure was writing one.
 *
 * @throws errors of the file system; then the map is as it was
 */
export function keepAside(path: string, found: readonly Range[], now: number): string | undefined {
  const damaged = withMap(path, 'read', (fd) => found.filter((range) => isDamaged(fd, range)));
  if (damaged.length === 0) return undefined;
  const aside = join(dirname(path), `${ASIDE}${now}`);
  writeFileSync(aside, '', { flag: 'wx', mode: 0o600 });
  copyFileSync(path, aside);
  chmodSync(aside, 0o600);
  withMap(path, 'change', (fd) => {
    for (const range of damaged) blank(fd, range);
  });
  return aside;
}

function isDamaged(fd: number, { at, length }: Range): boolean {
  if (length > MAX_LINE_BYTES) return true;
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, at);
  return parseLine(bytes).is === 'damaged';
}

export function blank(fd: number, { at, length }: Range): void {
  writeSync(fd, Buffer.alloc(length, SPACE), 0, length, at);
}
