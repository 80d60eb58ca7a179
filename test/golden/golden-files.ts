/**
 * Golden files, written only on demand: `UPDATE_GOLDENS=1 npx vitest run --config test/vitest.config.ts --root . test/golden`.
 * What they say is read before it is committed.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const FOLDER = fileURLToPath(new URL('./expected/', import.meta.url));
const UPDATING = process.env['UPDATE_GOLDENS'] === '1';

/** Compares a text with its golden file. A file that is not there is a failure. */
export function expectGolden(path: string, actual: string): void {
  const file = join(FOLDER, path);
  if (UPDATING) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${actual}\n`);
    return;
  }
  expect(`${actual}\n`, path).toBe(readGolden(file, actual));
}

function readGolden(file: string, actual: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`no golden file ${file}; UPDATE_GOLDENS=1 would write:\n${actual}`, { cause: error });
  }
}

/** No file may be there that nothing is compared with. */
export function expectNoOtherGoldens(paths: readonly string[]): void {
  const used = new Set(paths);
  const entries = readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const unused = entries
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)))
    .filter((path) => !used.has(path));
  if (UPDATING) for (const path of unused) rmSync(join(FOLDER, path));
  else expect(unused, 'golden files that nothing is compared with').toEqual([]);
}
