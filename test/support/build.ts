/** Tests start real processes from `dist/`: before any of them runs, it has to be what `src/` says. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INPUTS = ['src', 'package.json', 'tsconfig.json'];
/** The last file that a build writes: without it, the last build was not finished. */
const STAMP = 'dist/cjs/package.json';

export default function buildWhenStale(): void {
  const built = modifiedAt(STAMP);
  const newest = Math.max(...INPUTS.flatMap(filesUnder).map(modifiedAt));
  if (newest > built) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}

function filesUnder(path: string): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  const entries = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return entries.map((entry) => join(path, entry));
}

/** Zero for what does not exist. Folders count too: a file that was removed changes nothing else. */
function modifiedAt(path: string): number {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
