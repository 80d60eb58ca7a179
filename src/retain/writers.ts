/** Which files are open for writing: what a process writes to one after it is deleted is lost. Linux tells it, other systems do not. */
import { constants, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { SHOWN_FLAGS } from '../export/append-file.js';
import { attempt } from '../lib/attempt.js';

/** Files that are looked at: some seconds. */
const MAX_OPEN = 200_000;
const FLAGS = /^flags:\s*([0-7]+)$/m;

type Found = Pick<Stats, 'dev' | 'ino'>;

/** The process that writes to a file, other than with our exporter, which looks at the path before each line. */
export type WriterOf = (file: Found) => string | undefined;

/** Looks once, at the processes that this one may look into. */
export async function findWriters(): Promise<WriterOf> {
  const writers = new Map<string, string>();
  let left = MAX_OPEN;
  for (const pid of (await namesIn('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of (await namesIn(`/proc/${pid}/fd`)).slice(0, left)) {
      left -= 1;
      // Either may end meanwhile.
      const file = attempt(() => writtenFile(`/proc/${pid}`, descriptor));
      if (file !== undefined) writers.set(keyOf(file), pid);
    }
  }
  return (file) => writers.get(keyOf(file));
}

function writtenFile(process: string, descriptor: string): Found | undefined {
  const link = `${process}/fd/${descriptor}`;
  if (!readlinkSync(link).startsWith('/')) return undefined;
  const flags = Number.parseInt(FLAGS.exec(readFileSync(`${process}/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '', 8);
  const isForWriting = (flags & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
  return isForWriting && (flags & SHOWN_FLAGS) !== SHOWN_FLAGS ? statSync(link) : undefined;
}

function keyOf({ dev, ino }: Found): string {
  return `${dev} ${ino}`;
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
