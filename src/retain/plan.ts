/** What a run would do with the files that it finds, as far as their names and times tell. Pure. */
import { rotationTime } from '../export/rotated-name.js';
import { closedFile, isWritten, readArchiveName } from './names.js';
import { HOUR } from './period.js';

/** A plain file in the folder. Times are in milliseconds since 1970. */
export interface FileFound {
  readonly name: string;
  readonly size: number;
  readonly mtime: number;
  readonly ctime: number;
}

/** A plain file in the folder of archives. */
export interface ArchiveFound {
  readonly name: string;
  /** The time of its newest record, if its description tells. */
  readonly newest: number | undefined;
}

/** What is older than these times is due; undefined for never. */
export interface Limits {
  readonly now: number;
  readonly archive: number | undefined;
  readonly delete: number | undefined;
}

export interface Plan {
  /** Closed files that may be due for deletion: their records decide. */
  readonly toDelete: readonly string[];
  readonly toArchive: readonly string[];
  /** Files of processes that are gone. */
  readonly toPutAside: readonly string[];
  /** Archives that may be due for deletion. */
  readonly archivesToDelete: readonly string[];
  /** From the future: they are left alone. */
  readonly ofFuture: readonly string[];
  /** Closed files and archives that are not due. */
  readonly waiting: number;
}

/** A Collector may still read the file, and a process may still have it open. */
const QUIET_MS = HOUR;
/** Clocks of the machine and of its file server differ. */
const TOLERANCE_MS = 5 * 60_000;

type Verdict = 'toDelete' | 'toArchive' | 'toPutAside' | 'archivesToDelete' | 'ofFuture' | 'waiting' | 'other';

export function planOf(files: readonly FileFound[], archives: readonly ArchiveFound[], limits: Limits): Plan {
  const named: Record<Verdict, string[]> = {
    toDelete: [],
    toArchive: [],
    toPutAside: [],
    archivesToDelete: [],
    ofFuture: [],
    waiting: [],
    other: [],
  };
  for (const file of files) named[ofFile(file, limits)].push(file.name);
  for (const archive of archives) named[ofArchive(archive, limits)].push(archive.name);
  const { waiting, other: _, ...plan } = named;
  return { ...plan, waiting: waiting.length };
}

function ofFile({ name, size, mtime, ctime }: FileFound, limits: Limits): Verdict {
  const isClosed = closedFile(name) !== undefined;
  // Empty ones are names that a process has just reserved.
  if (size === 0 || !(isClosed || isWritten(name))) return 'other';
  if (mtime > limits.now + TOLERANCE_MS) return 'ofFuture';
  const isQuiet = ctime <= limits.now - QUIET_MS;
  const isDue = (limit: number | undefined) => isQuiet && limit !== undefined && mtime < limit;
  if (!isClosed) return isDue(limits.archive ?? limits.delete) ? 'toPutAside' : 'other';
  if (isDue(limits.delete)) return 'toDelete';
  return isDue(limits.archive) ? 'toArchive' : 'waiting';
}

function ofArchive({ name, newest }: ArchiveFound, limits: Limits): Verdict {
  const archive = readArchiveName(name);
  if (archive === undefined) return 'other';
  // Reading each archive in each run would cost too much: a wrong time here only keeps it.
  const time = newest ?? rotationTime(archive.original);
  if (time > limits.now + TOLERANCE_MS) return 'ofFuture';
  return limits.delete !== undefined && time < limits.delete ? 'archivesToDelete' : 'waiting';
}
