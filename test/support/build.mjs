/**
 * Builds `dist/` if it is older than `src/`, because tests start real processes from it. `node test/support/build.mjs` does so, too:
 * a build that is not needed would take it from those who run beside.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INPUTS = ['src', 'package.json', 'tsconfig.json'];
/** The last file of a build: if it is missing, the last build did not finish. */
const STAMP = 'dist/cjs/package.json';

export default function buildWhenStale() {
  const built = modifiedAt(STAMP);
  const newest = Math.max(...INPUTS.flatMap(filesUnder).map(modifiedAt));
  if (newest > built) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  const entries = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return entries.map((entry) => join(path, entry));
}

/** Zero for a missing path. Includes folders, whose time changes when a file is removed. @param {string} path */
function modifiedAt(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWhenStale();
