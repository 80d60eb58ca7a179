/** A cell with a Cloudflare Worker, bundled, with manual instrumentation, in the runtime that Cloudflare publishes. */
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { mcpSdks, otelLines, workerd } from './axes.mjs';
import { checkInstalled, checkLine } from './installed.mjs';
import { freshApp, tool } from './packages.mjs';
import { describeEnd, run } from './processes.mjs';
import { listSpans } from './telemetry.mjs';

const limitMs = 60_000;

export const folderOf = ({ name }) => name;

export const installsFirst = true;

export async function prepare({ node, otel, mcp }, { on, packed, folder }) {
  const dependencies = { ...otelLines[otel], ...mcpSdks[mcp] };
  await freshApp({ name: node, on, dependencies }, folder);
  await on.npm(['install', '--engine-strict', packed.file], folder);
  await checkInstalled(folder, { ...dependencies, [packed.name]: packed.version });
  await checkLine(folder, otel);
  for (const file of ['workerd/worker.mjs', 'workerd/run-worker.mjs', 'app/tools.cjs'])
    await cp(fileURLToPath(new URL(file, import.meta.url)), path.join(folder, path.basename(file)));
}

/** As Cloudflare's own tool bundles. */
const bundle = (folder) =>
  build({
    entryPoints: [path.join(folder, 'worker.mjs')],
    outfile: path.join(folder, 'bundled.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', ...builtinModules],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    logLevel: 'error',
  });

const [INTERNAL, SERVER, CLIENT] = [0, 1, 2];

/** Each span with its parent, from the first to the last of a call. */
const CHAINS = [
  ['tools/call add', [INTERNAL, 'agent'], [CLIENT, 'tools/call add'], [SERVER, 'tools/call add'], [INTERNAL, 'work']],
  ['tools/call fail', [INTERNAL, 'agent'], [CLIENT, 'tools/call fail'], [SERVER, 'tools/call fail']],
  [
    'tools/call ask',
    [INTERNAL, 'agent'],
    [CLIENT, 'tools/call ask'],
    [SERVER, 'tools/call ask'],
    [CLIENT, 'sampling/createMessage'],
    [SERVER, 'sampling/createMessage'],
  ],
];

function checkChains(spans, version) {
  for (const [what, ...chain] of CHAINS) {
    let parent;
    for (const [kind, name] of chain) {
      const found = spans.filter((span) => span.kind === kind && span.name === name);
      assert.equal(found.length, 1, `${found.length} × kind ${kind} "${name}"`);
      const [span] = found;
      if (parent !== undefined) assert.equal(span.parentSpanId, parent.spanId, `parent of "${name}" in ${what}`);
      parent = span;
    }
  }
  for (const span of spans.filter(({ scope }) => scope.name !== 'matrix')) {
    assert.deepEqual([span.scope.name, span.scope.version], ['mcp-trail', version]);
    assert.equal(span.attributes['mcp.method.name'], span.name.split(' ')[0]);
    assert.equal(span.attributes['error.type'], span.name === 'tools/call fail' ? 'tool_error' : undefined);
  }
}

export async function runCell(_cell, { on, packed, folder }) {
  await bundle(folder);
  const miniflare = path.join(await tool('miniflare', workerd.miniflare), 'dist', 'src', 'index.js');
  const result = await run(on.node, ['run-worker.mjs', miniflare, 'bundled.mjs'], {
    cwd: folder,
    env: on.env,
    limitMs,
  });
  assert.equal(result.code, 0, `${describeEnd(result, limitMs)}\n${result.stderr}`);
  const { results, spans } = JSON.parse(result.stdout);
  assert.equal(results.add.content[0].text, '5');
  assert.deepEqual([results.fail.isError, results.fail.content[0].text], [true, 'it did not work']);
  assert.equal(results.ask.content[0].text, 'forty-two');
  try {
    checkChains(spans, packed.version);
  } catch (error) {
    throw new Error(`${error.message}\nspans:\n${listSpans(spans.map((span) => ({ ...span, resource: {} })))}`);
  }
  assert.equal(result.stderr, '', 'unexpected output on stderr');
}
