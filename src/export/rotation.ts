/**
 * Putting a full log file aside. Several processes may do so at once: a file is renamed to a name that the process has
 * made for itself, so that nothing is overwritten; that it renames a file which another process has only just begun
 * is possible, and harmless.
 */
import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../lib/files.js';
import { nextName, type RotatedName, rotatedNames } from './rotated-name.js';

/** How many names are tried when others take them at the same moment. */
const MAX_TRIES = 1_000;

/**
 * Renames a file to the next free name for rotated ones, unless it is no longer the one that it was.
 *
 * @throws what the operating system says; the file is where it was then.
 */
export function putAside(path: string, nowMs: number, isOurs: (found: BigIntStats) => boolean): void {
  const folder = dirname(path);
  const target = join(folder, reserve(path, folder, nowMs));
  let renamed = false;
  try {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined || !isOurs(found)) return;
    renameSync(path, target);
    renamed = true;
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== 'ENOENT') throw error;
  } finally {
    if (!renamed) unlinkSync(target);
  }
}

/** Makes an empty file under a name that nobody has. */
function reserve(path: string, folder: string, nowMs: number): string {
  let newest: RotatedName | undefined = rotatedNames(path, readdirSync(folder))[0];
  for (let tries = 1; ; tries++) {
    const next = nextName(path, nowMs, newest);
    try {
      closeSync(openSync(join(folder, next.name), 'wx', 0o600));
      return next.name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === MAX_TRIES) throw error;
    }
    newest = next;
  }
}

/**
 * Deletes all but the newest rotated files. What has another name is not touched, nor what is no file, nor an empty
 * one, which does not count either: another process may have just made it as the name for its own.
 *
 * @throws the first failure, having tried them all.
 */
export function deleteOldest(path: string, maxFiles: number): void {
  const folder = dirname(path);
  const failures: unknown[] = [];
  const names = rotatedNames(path, readdirSync(folder));
  if (names.length <= maxFiles) return;
  let kept = 0;
  for (const { name } of names) {
    const file = join(folder, name);
    try {
      const found = lstatSync(file, { throwIfNoEntry: false });
      if (found === undefined || !found.isFile() || found.size === 0) continue;
      if (kept < maxFiles) kept += 1;
      else unlinkSync(file);
    } catch (error) {
      // Another process deletes them, too.
      if (codeOf(error) !== 'ENOENT') failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
