/** Facts about files, and about errors of the file system. */
import { statSync } from 'node:fs';
import { attempt } from './attempt.js';

/** `ENOSPC` and the like; undefined if the error has no code. */
export function codeOf(error: unknown): string | undefined {
  // Where a test runner has realms of its own, errors of Node.js are no instances of its `Error`.
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** False also for a path that cannot be looked at. */
export function isFolder(path: string): boolean {
  return attempt(() => statSync(path, { throwIfNoEntry: false })?.isDirectory()) === true;
}

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const GROUP_READ = 0o040;
const GROUP_WRITE = 0o020;

/** Permissions that a data file should not have. Its group may read it: often that group collects it. */
export const DATA = OTHERS_READ | OTHERS_WRITE | GROUP_WRITE;
/** Permissions that a file with a secret should not have. */
export const SECRET = DATA | GROUP_READ;

/** The problem with the mode of a file, as a sentence without its subject; undefined if there is none, and on Windows. */
export function tooOpen(mode: number, forbidden: number, platform = process.platform): string | undefined {
  if (platform === 'win32' || (mode & forbidden) === 0) return undefined;
  const can = (mode & forbidden & (OTHERS_WRITE | GROUP_WRITE)) === 0 ? 'read' : 'write to';
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `has the mode ${octal}: others than its owner can ${can} it. It is used as it is; chmod 600 keeps them out`;
}
