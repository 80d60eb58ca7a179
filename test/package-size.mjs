/** Prints the size of what npm would publish, and ends with 1 above the limits. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAX_BYTES = 2_000_000;
const MAX_FILES = 200;

const cwd = fileURLToPath(new URL('../', import.meta.url));
const answer = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd, encoding: 'utf8' }),
);
// A list up to npm 11, keyed by name since.
const [{ unpackedSize, entryCount, files }] = Object.values(answer);

const parts = new Map();
for (const { path, size } of files) {
  const [part] = path.split('/');
  parts.set(part, (parts.get(part) ?? 0) + size);
}
for (const [part, size] of [...parts].sort(([, a], [, b]) => b - a)) {
  console.log(`${String(Math.ceil(size / 1000)).padStart(6)} kB  ${part}`);
}
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(`${megabytes(unpackedSize)} in ${entryCount} files; at most ${megabytes(MAX_BYTES)} in ${MAX_FILES} files`);
if (unpackedSize > MAX_BYTES || entryCount > MAX_FILES) process.exitCode = 1;
