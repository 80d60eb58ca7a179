/** Facts about files, and about errors of the file system. */
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { attempt } from './attempt.js';

/** `ENOSPC` and the like; undefined if the error has no code. */
export function codeOf(error: unknown): string | undefined {
  // Where a test runner has realms of its own, errors of Node.js are not instances of its `Error`.
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const FOLDER_MODE = 0o700;

/** False also for a path that cannot be looked at. */
export function isFolder(path: string): boolean {
  return attempt(() => statSync(path, { throwIfNoEntry: false })?.isDirectory()) === true;
}

/** Longer names are not shown, unless there is such a file. */
const MAX_SHOWN_CHARS = 255;
const LIKE_A_PATH = /[/\\]|\.[a-z]{1,8}$/i;

/**
 * Whether what was given as the path of a file with a key can be quoted: it may be the key itself. Base64 has slashes, too,
 * but it hardly ever has no capitals.
 */
export function mayBeShown(path: string): boolean {
  if (attempt(() => lstatSync(path)) !== undefined) return true;
  if (path.length > MAX_SHOWN_CHARS || !LIKE_A_PATH.test(path)) return false;
  return !/\p{Lu}/u.test(path) || attempt(() => isInSomeFolder(path)) === true;
}

/** Any text is a name in the working directory, and any that begins with a slash can be one in the root. */
function isInSomeFolder(path: string): boolean {
  const folder = dirname(resolve(path));
  return folder !== process.cwd() && folder !== parse(folder).root && isFolder(folder);
}

/**
 * Makes a folder and those above it, for their owner alone. Not with the `recursive` of Node.js: where the system answers
 * ENOENT to `mkdir`, as `/proc` does, Node.js 20 tries without an end.
 *
 * @throws the operating system's error
 */
export function makeFolder(path: string): void {
  try {
    makeOne(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    makeOne(path);
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, FOLDER_MODE);
  } catch (error) {
    // What a system answers for a folder that is there varies, above all for the root.
    if (!isFolder(path)) throw error;
  }
}

const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const GROUP_READ = 0o040;
const GROUP_WRITE = 0o020;

/** Permissions that a data file should not have. Its group may read it: often that group collects it. */
export const DATA = OTHERS_READ | OTHERS_WRITE | GROUP_WRITE;
/** Permissions that a file with a secret should not have. */
export const SECRET = DATA | GROUP_READ;

/** What follows the problem with a mode where the file is used in spite of it. */
export const USED_ANYWAY = 'It is used anyway; chmod 600 keeps them out';

/** The problem with the mode of a file, as a sentence without its subject; undefined if there is none, and on Windows. */
export function tooOpen(mode: number, forbidden: number, platform = process.platform): string | undefined {
  if (platform === 'win32' || (mode & forbidden) === 0) return undefined;
  const can = (mode & forbidden & (OTHERS_WRITE | GROUP_WRITE)) === 0 ? 'read' : 'write to';
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return `has the mode ${octal}: users other than its owner can ${can} it`;
}
