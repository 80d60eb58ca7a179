/**
 * A cell that compiles a consumer of the published types, as ESM and CommonJS, including library declarations.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mcpSdks, otelLines } from './axes.mjs';
import { checkInstalled, checkLine } from './installed.mjs';
import { compiler, freshApp } from './packages.mjs';
import { describeEnd, run } from './processes.mjs';

const sources = fileURLToPath(new URL('types/', import.meta.url));
const limitMs = 180_000;

const strictest = [
  ...['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--lib', 'es2022'],
  ...['--module', 'nodenext', '--moduleResolution', 'nodenext', '--types', 'node'],
];

/** Additional dependencies of each consumer (a file in `types/`). */
const neighbours = {
  consumer: { '@types/node': '20.19.43' },
  sdks: { '@types/node': '20.19.43', ...mcpSdks['v1-1.32.2'], ...mcpSdks['v2-2.4.0'] },
};

export const folderOf = ({ node, otel, consumer }) => `${node} ${otel} types ${consumer}`;

/** Dependencies are installed before the cells, and not part of the test. */
export const installsFirst = true;

export async function prepare({ node, otel, consumer }, { on, packed, folder }) {
  const dependencies = { ...otelLines[otel], ...neighbours[consumer] };
  await freshApp({ name: node, on, dependencies }, folder);
  await on.npm(['install', '--engine-strict', packed.file], folder);
  await checkInstalled(folder, { ...dependencies, [packed.name]: packed.version });
  await checkLine(folder, otel);
  for (const extension of ['mts', 'cts']) {
    await copyFile(path.join(sources, `${consumer}.mts`), path.join(folder, `${consumer}.${extension}`));
  }
}

/** Every export must be used by the consumer, or nothing would compile it. */
async function checkEveryExportUsed(folder) {
  const entry = await readFile(path.join(folder, 'node_modules', 'mcp-trail', 'dist', 'cjs', 'index.d.ts'), 'utf8');
  const exported = [...entry.matchAll(/export (?:type )?\{([^}]*)\}/g)]
    .flatMap(([, names]) => names.split(','))
    .map((name) => name.trim().split(' ').pop())
    .filter(Boolean);
  assert.ok(exported.length > 0, 'no export found in index.d.ts');
  const used = await readFile(path.join(sources, 'consumer.mts'), 'utf8');
  const unused = exported.filter((name) => !new RegExp(`\\b${name}\\b`).test(used));
  assert.deepEqual(unused, [], 'exports that types/consumer.mts does not use');
}

/**
 * The declarations of the MCP SDKs have errors under some compilers; those of OpenTelemetry do not.
 */
const foreign = /^node_modules\/@modelcontextprotocol\//;

export async function runCell({ consumer, typescript }, { on, folder }) {
  await checkEveryExportUsed(folder);
  const args = [await compiler(typescript), ...strictest, `${consumer}.mts`, `${consumer}.cts`];
  const result = await run(on.node, args, { cwd: folder, env: on.env, limitMs });
  const diagnostics = result.stdout.split(/\n(?=\S)/).filter(Boolean); // indented lines continue the one above
  assert.deepEqual(
    diagnostics.filter((text) => !foreign.test(text)),
    [],
    describeEnd(result, limitMs),
  );
  assert.ok(result.code === 0 || diagnostics.length > 0, `${describeEnd(result, limitMs)}\n${result.stderr}`);
}
