/** The files of published packages and of the tools here: `inCode` agrees with acorn's parser at every token. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { cache, install } from './install.mjs';
import { differences, tokensOf } from './positions.mjs';

const source = fileURLToPath(new URL('../../src/hook/bundle/code-positions.ts', import.meta.url));

/** Which files: all JavaScript of large bundles, and one of so many of everything else. */
export const publishedRows = [
  { name: 'positions chrome-devtools-mcp', group: 'published', under: 'node_modules/chrome-devtools-mcp', each: 1 },
  { name: 'positions playwright-core', group: 'published', under: 'node_modules/playwright-core', each: 1 },
  { name: 'positions mcp-remote', group: 'published', under: 'node_modules/mcp-remote', each: 1 },
  { name: 'positions notion', group: 'published', under: 'node_modules/@notionhq', each: 1 },
  { name: 'positions typescript', group: 'tools', under: 'node_modules/typescript', each: 1 },
  { name: 'positions published', group: 'published', under: 'node_modules', each: 20 },
  { name: 'positions tools', group: 'tools', under: 'node_modules', each: 40 },
  {
    name: 'positions bundles',
    group: 'v2-2.4.0',
    under: '.',
    each: 1,
    only: /\/app-[^/]+\/[^/]+\/(?:server|client)\.[cm]js$/,
  },
].map((row) => ({ ...row, type: 'published' }));

let loaded;

/** `inCode` from the source: the build contains it among much else. */
function load() {
  loaded ??= build({ entryPoints: [source], bundle: true, format: 'esm', write: false }).then(
    ({ outputFiles }) =>
      import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`),
  );
  return loaded;
}

/** @returns what was compared */
export async function runPublished({ group, under, each, only = /\.[cm]?js$/ }) {
  const acorn = createRequire(path.join(await install('tools'), 'package.json'))('acorn');
  const { inCode } = await load();
  const folder = path.join(await install(group), under);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .filter((file) => only.test(file))
    .sort()
    .filter((_, index) => index % each === 0);
  const told = { files: files.length, tokens: 0, unread: [], unparsed: 0 };
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const tokens = tokensOf(text, acorn);
    if (tokens === undefined) {
      told.unparsed += 1;
      continue;
    }
    const found = differences(text, tokens, inCode);
    if (found === undefined) told.unread.push(path.relative(cache, file));
    assert.deepEqual(found ?? [], [], `inCode and acorn differ in ${file}`);
    told.tokens += tokens.length;
  }
  assert.ok(told.unread.length <= told.files / 100, `unread:\n${told.unread.join('\n')}`);
  return `${told.files} files, ${told.tokens} tokens; acorn could not parse ${told.unparsed}, inCode could not read ${told.unread.length}`;
}
