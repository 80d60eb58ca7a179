/** An operator can set every variable that the code reads without being told that it is unknown. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { knownVariables } from '../../src/options/unknown-variables.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

it('all variables that src/ names are known, and no others are', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  // Constants of the conventions have the same prefix, and no quotes around them.
  const named = files.flatMap(
    (path) => readFileSync(join(SRC, path), 'utf8').match(/(?<=['"`])MCP_TRAIL_[A-Z_]*[A-Z](?=['"`])/g) ?? [],
  );
  expect([...new Set(named)].filter((name) => !knownVariables().includes(name))).toEqual([]);
  expect(
    knownVariables().filter((name) => !named.includes(name) && !named.some((each) => name.startsWith(each))),
  ).toEqual([]);
});
