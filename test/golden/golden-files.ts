/**
 * Golden files, written only by `UPDATE_GOLDENS=1 npx vitest run --config test/vitest.config.ts --root . test/golden`.
 * Review the diff before you commit them.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const FOLDER = fileURLToPath(new URL('./expected/', import.meta.url));
const UPDATING = process.env['UPDATE_GOLDENS'] === '1';

/** Compares a text with its golden file; fails if the file is missing. */
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

/** Fails on golden files that no test uses. */
export function expectNoOtherGoldens(paths: readonly string[]): void {
  const used = new Set(paths);
  const entries = readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const unused = entries
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)))
    .filter((path) => !used.has(path));
  if (UPDATING) for (const path of unused) rmSync(join(FOLDER, path));
  else expect(unused, 'unused golden files').toEqual([]);
}
