/** The rotated files of a path: what they take up, and which of them are deleted. */
import { lstatSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../lib/files.js';
import { rotatedNames } from './rotated-name.js';

/**
 * Deletes all but the newest rotated files. Skips other names, anything but files, and empty files: another process may
 * have just reserved one.
 *
 * @param onDeleted receives the name of each file that this call deleted, without its folder
 * @throws the first failure, after trying all files
 */
export function deleteOldest(path: string, maxFiles: number, onDeleted: (name: string) => void): void {
  const failures: unknown[] = [];
  const names = rotatedNames(path, readdirSync(dirname(path)));
  if (names.length <= maxFiles) return;
  let kept = 0;
  for (const { name } of names) {
    try {
      if (fileAt(path, name) === undefined) continue;
      if (kept < maxFiles) kept += 1;
      else {
        unlinkSync(join(dirname(path), name));
        onDeleted(name);
      }
    } catch (error) {
      // Another process deletes them, too.
      if (codeOf(error) !== 'ENOENT') failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The size of all rotated files together, in bytes. @throws the operating system's error */
export function sizeOfRotated(path: string): number {
  const sizes = rotatedNames(path, readdirSync(dirname(path))).map(({ name }) => fileAt(path, name)?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A rotated file that is one, and is not empty. */
function fileAt(path: string, name: string): Stats | undefined {
  const found = lstatSync(join(dirname(path), name), { throwIfNoEntry: false });
  return found?.isFile() && found.size > 0 ? found : undefined;
}
