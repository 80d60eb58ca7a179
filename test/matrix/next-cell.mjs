/**
 * A cell with a server in Next.js: a route that Next.js has compiled with or without the MCP SDK inside, observed without code.
 * The builds are cached with the packages, because mcp-trail is not part of them.
 */
import assert from 'node:assert/strict';
import { cp, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAudit, listAudit } from './audit.mjs';
import { mcpSdks, nextBuilds, nextVersions, otelLines } from './axes.mjs';
import { checkInstalled, checkLine } from './installed.mjs';
import { freshApp } from './packages.mjs';
import { describeEnd, run, runOrThrow } from './processes.mjs';
import { exportTo, startReceiver } from './receiver.mjs';
import { checkSpans, listSpans } from './telemetry.mjs';

const sources = fileURLToPath(new URL('next/', import.meta.url));
const limitMs = 60_000;
const buildLimitMs = 600_000;
const tools = ['add', 'fail'];

export const folderOf = ({ node, otel, mcp, next }) => `${node} ${otel} ${mcp} ${next}`;

export const installsFirst = true;

/** Where Next.js puts a build, and which packages it leaves out of it. */
const envOf = (build) => ({
  MATRIX_DIST: `.next-${build}`,
  MATRIX_EXTERNAL: JSON.stringify(nextBuilds[build]),
  NEXT_TELEMETRY_DISABLED: '1',
});

const nextCli = path.join('node_modules', 'next', 'dist', 'bin', 'next');

async function buildAll(on, folder) {
  await cp(sources, folder, { recursive: true });
  for (const build of Object.keys(nextBuilds)) {
    await runOrThrow(on.node, [nextCli, 'build'], {
      cwd: folder,
      env: { ...on.env, ...envOf(build) },
      limitMs: buildLimitMs,
    });
  }
}

async function textOfSources() {
  const files = await readdir(sources, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  return Promise.all(paths.sort().map((file) => readFile(file, 'utf8')));
}

export async function prepare({ node, otel, mcp, next }, { on, packed, folder }) {
  const dependencies = { ...otelLines[otel], ...mcpSdks[mcp], ...nextVersions[next].packages };
  const after = { recipe: [await textOfSources(), nextBuilds], run: (fresh) => buildAll(on, fresh) };
  await freshApp({ name: node, on, dependencies, after }, folder);
  await on.npm(['install', '--engine-strict', packed.file], folder);
  await checkInstalled(folder, { ...dependencies, [packed.name]: packed.version });
  await checkLine(folder, otel);
}

function checkAnswers(report, { end }) {
  const { add, fail } = report.results;
  assert.equal(add.content[0].text, '5');
  assert.deepEqual([fail.isError, fail.content[0].text], [true, 'it did not work']);
  assert.equal(report.serverEnd, end, 'end of next start');
}

/** The spans that the other cells have, and Next.js' own span of the request, which each server span links to. */
function checkTelemetry({ spans, logs }, cell, version) {
  const own = spans.filter(({ scope }) => scope.name !== 'next.js');
  checkSpans({ spans: own }, cell, tools, version);
  checkAudit({ logs, spans: own }, cell, tools, version);
  const requests = spans.filter(({ scope, name }) => scope.name === 'next.js' && name === nextVersions[cell.next].span);
  for (const span of own.filter(({ kind, name }) => kind === 2 && name.startsWith('tools/call'))) {
    const inNext = span.links?.some(({ traceId }) => requests.some((request) => request.traceId === traceId));
    assert.ok(inNext, `${span.name} has no link to Next.js' span`);
  }
}

export async function runCell(cell, { on, packed, folder }) {
  const receiver = await startReceiver();
  const env = { ...on.env, ...envOf(cell.build), ...exportTo(receiver.endpoint), MCP_TRAIL_AUDIT: 'otel' };
  const result = await run(on.node, ['run.mjs'], { cwd: folder, env, limitMs });
  await receiver.close();
  try {
    assert.equal(result.code, 0, describeEnd(result, limitMs));
    checkAnswers(JSON.parse(result.stdout), nextVersions[cell.next]);
    assert.deepEqual(receiver.errors, [], 'the receiver could not read an export');
    checkTelemetry(receiver, cell, packed.version);
    assert.equal(result.stderr, '', 'unexpected output on stderr');
  } catch (error) {
    const received = `spans received:\n${listSpans(receiver.spans)}\naudit records received:\n${listAudit(receiver.logs)}`;
    throw new Error(`${error.message}\n${received}\nstderr:\n${result.stderr}`);
  }
}
