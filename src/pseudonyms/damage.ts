/** Keeps a damaged map aside, and takes what cannot be read out of the one in use. */
import { chmodSync, copyFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ASIDE } from './lines.js';
import { withMap } from './read.js';

const SPACE = 0x20;

export interface Range {
  readonly at: number;
  readonly length: number;
}

/**
 * Copies the map, and blanks the lines in it, in place: other processes go on appending to it. Returns the copy's path.
 *
 * @throws errors of the file system; then the map is as it was
 */
export function keepAside(path: string, damaged: readonly Range[], now: number): string {
  const aside = join(dirname(path), `${ASIDE}${now}`);
  writeFileSync(aside, '', { flag: 'wx', mode: 0o600 });
  copyFileSync(path, aside);
  chmodSync(aside, 0o600);
  withMap(path, 'change', (fd) => {
    for (const range of damaged) blank(fd, range);
  });
  return aside;
}

export function blank(fd: number, { at, length }: Range): void {
  writeSync(fd, Buffer.alloc(length, SPACE), 0, length, at);
}
