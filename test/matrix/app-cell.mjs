/**
 * A cell that runs an application: a client process that starts a server process, both exporting to one receiver.
 */
import assert from 'node:assert/strict';
import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAudit, checkStderr, listAudit } from './audit.mjs';
import { mcpSdks, otelLines, runtimes, starts } from './axes.mjs';
import { checkInstalled, checkLine } from './installed.mjs';
import { freshApp } from './packages.mjs';
import { describeEnd, run } from './processes.mjs';
import { exportTo, startReceiver } from './receiver.mjs';
import { checkMetrics, checkSpans, isModern, listSpans, withoutCopies } from './telemetry.mjs';

const sources = fileURLToPath(new URL('app/', import.meta.url));
const extensions = { esm: 'mjs', cjs: 'cjs' };
const preloadFlags = { esm: '--import', cjs: '--require' };
const limitMs = 60_000;

/** Cells with the same dependencies share a folder. */
export const folderOf = ({ node, otel, mcp }) => `${node} ${otel} ${mcp}`;

/** Dependencies are installed before the cells, and not part of the test. */
export const installsFirst = true;

/** Installs the third-party packages, then the package, like a user who adds it to an application. */
export async function prepare({ node, otel, mcp }, { on, packed, folder }) {
  const dependencies = { ...otelLines[otel], ...mcpSdks[mcp] };
  await freshApp({ name: node, on, dependencies }, folder);
  await on.npm(['install', '--engine-strict', packed.file], folder);
  await checkInstalled(folder, { ...dependencies, [packed.name]: packed.version });
  await checkLine(folder, otel);
  if (node === 'deno') await dependOnVersion(packed, folder);
  await cp(sources, folder, { recursive: true });
  await copyFile(path.join(sources, 'setup', `providers.${otel}.cjs`), path.join(folder, 'setup', 'providers.cjs'));
}

/** Deno does not find a package that was installed from a file. */
async function dependOnVersion({ name, version }, folder) {
  const file = path.join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, dependencies: { ...manifest.dependencies, [name]: version } }));
}

/** The first releases of SDK v1 have no `McpServer`, which the application's other half uses. */
const sourceOf = ({ mcp, sdk }) => (mcp === 'v1-1.0.1' ? 'v1-first' : sdk);

/** Arguments of the runtime. */
function runtimeArgs({ node, module, start }) {
  const { args = [], preload = (name) => [preloadFlags[module], name] } = runtimes[node] ?? {};
  const preloads = starts[start].preload.map((name) =>
    name.startsWith('./') ? `${name}.${extensions[module]}` : name,
  );
  return [...args, ...preloads.flatMap(preload)];
}

function applicationArgs(cell) {
  const source = sourceOf(cell);
  const extension = extensions[cell.module];
  return [`./${source}/client.${extension}`, cell.transport, `./${source}/server.${extension}`];
}

/** Checks the application's own results, regardless of telemetry. */
function checkAnswers(report, cell, version) {
  assert.equal(report.version, version, 'the application ran under another version');
  const { add, fail, ask } = report.results;
  assert.equal(add.content[0].text, '5');
  assert.deepEqual([fail.isError, fail.content[0].text], [true, 'it did not work']);
  if (!isModern(cell)) assert.equal(ask.content[0].text, 'forty-two');
  // If mcp-trail has the only handler, the server still ends with SIGTERM; applications with their own SDK exit.
  const serverEnd = { stdio: undefined, http: cell.start === 'register' ? 'SIGTERM' : 0 }[cell.wire];
  assert.equal(report.serverEnd, serverEnd, 'end of the HTTP server');
}

export async function runCell(cell, { on, packed, folder }) {
  const receiver = await startReceiver();
  const exporting = { ...exportTo(receiver.endpoint), OTEL_SERVICE_NAME: 'matrix-client', MCP_TRAIL_AUDIT: 'otel' };
  const args = runtimeArgs(cell);
  const env = {
    ...on.env,
    ...starts[cell.start].env,
    ...exporting,
    MATRIX_SERVER_ARGS: JSON.stringify(cell.start === 'propagate' ? [] : args),
  };
  const result = await run(on.node, [...args, ...applicationArgs(cell)], { cwd: folder, env, limitMs });
  await receiver.close();
  try {
    assert.equal(result.code, 0, describeEnd(result, limitMs));
    const report = JSON.parse(result.stdout);
    checkAnswers(report, cell, on.version);
    assert.deepEqual(receiver.errors, [], 'the receiver could not read an export');
    const tools = Object.keys(report.results);
    const exits = cell.start === 'register-exit';
    const received = exits ? withoutCopies(receiver) : receiver;
    checkSpans(received, cell, tools, packed.version);
    // Metrics cannot be collected while a process exits.
    if (!exits) checkMetrics(received, cell, tools);
    checkAudit(received, cell, tools, packed.version);
    checkStderr(receiver, result.stderr);
  } catch (error) {
    const received = `spans received:\n${listSpans(receiver.spans)}\naudit records received:\n${listAudit(receiver.logs)}`;
    throw new Error(`${error.message}\n${received}\nstderr:\n${result.stderr}`);
  }
}
