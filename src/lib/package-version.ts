/** The version of an installed package, whether or not its `exports` show its `package.json`. */
import { dirname, join } from 'node:path';
import { ownValue } from './foreign.js';
import { readJsonFile } from './json-file.js';
import { startOf } from './text.js';

const MAX_FOLDERS = 10;
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_VERSION_CHARS = 64;

/**
 * Undefined if it cannot be read.
 *
 * @param file path of a file of the package
 */
export function packageVersion(name: string, file: string): string | undefined {
  let folder = dirname(file);
  for (let up = 0; up < MAX_FOLDERS; up++) {
    const read = readJsonFile(join(folder, 'package.json'), MAX_MANIFEST_BYTES);
    // Builds have manifests of their own, without a name.
    if ('value' in read && ownValue(read.value, 'name') === name) {
      const version = ownValue(read.value, 'version');
      return typeof version === 'string' ? startOf(version, MAX_VERSION_CHARS) : undefined;
    }
    folder = dirname(folder);
  }
  return undefined;
}
