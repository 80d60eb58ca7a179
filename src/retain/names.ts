/** The names of what `retain` reads and writes. Pure. */
import { type RotatedName, rotatedFrom } from '../export/rotated-name.js';

/** The subfolder of archives. */
export const ARCHIVE_FOLDER = 'archive';
/** The trail of the command itself. */
export const OWN_TRAIL = 'retention.jsonl';
export const LOCK = 'retention.lock';
/** The end of a file that is not whole yet. */
const UNFINISHED = '.unfinished';
const LINES = '.jsonl';
const ARCHIVE = /^(.+)-([0-9a-f]{16})\.jsonl\.gz(\.age)?$/;

/** A file in the folder, by its name. */
export type Closed = RotatedName & { readonly before: string };

/** A rotated file of any trail, and none of the command's own; undefined for any other name. */
export function closedFile(name: string): Closed | undefined {
  const closed = rotatedFrom(name);
  return closed?.before === OWN_TRAIL ? undefined : closed;
}

/** Whether a file is one that a process writes, or wrote: `weather-4711.jsonl`. */
export function isWritten(name: string): boolean {
  return name.endsWith(LINES) && name !== OWN_TRAIL && rotatedFrom(name) === undefined;
}

/**
 * The name of an archive. A rotated file's name may come again, after a clock was set back: the hash keeps them apart, and
 * makes the archive of a file the same in each run.
 */
export function archiveName(name: string, sha256: string, encrypted: boolean): string {
  const stem = name.endsWith(LINES) ? name.slice(0, -LINES.length) : name;
  return `${stem}-${sha256.slice(0, 16)}${LINES}.gz${encrypted ? '.age' : ''}`;
}

/** What the name of an archive tells. */
export interface ArchiveName {
  /** The name of the file that was archived. */
  readonly original: Closed;
  /** The start of the SHA-256 of its bytes. */
  readonly hash: string;
  readonly encrypted: boolean;
}

/** Undefined for any other name. */
export function readArchiveName(name: string): ArchiveName | undefined {
  const [, stem = '', hash = '', age] = ARCHIVE.exec(name) ?? [];
  const original = closedFile(`${stem}${LINES}`) ?? closedFile(stem);
  return original && { original, hash, encrypted: age !== undefined };
}

/** The name of the description of an archive. */
export function descriptionName(archive: string): string {
  return `${archive}.json`;
}

/** @param token unique to a run */
export function unfinishedName(name: string, token: string): string {
  return `${name}.${token}${UNFINISHED}`;
}

/** Whether a file is one that a run has not finished, or will never finish. */
export function isUnfinished(name: string): boolean {
  return /\.[0-9a-f]{24}\.unfinished$/.test(name);
}
