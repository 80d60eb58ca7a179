/**
 * The conformance comparison: the official suite must report the same for the example server and client with and without
 * mcp-trail, and for bundles of them with it; and for the server over stdio with and without `mcp-trail wrap`.
 * Usage: node test/conformance/run.mjs [server|client] [http|stdio] [2025-11-25|2026-07-28]
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { startOtlpReceiver } from './otlp-receiver.mjs';
import { runSuite } from './suite.mjs';
import { installToolchain } from './toolchain.mjs';

/** @typedef {import('./suite.mjs').Check} Check */
/**
 * @typedef {object} Cell
 * @property {'server' | 'client'} target
 * @property {'http' | 'stdio'} over
 * @property {string} revision
 * @property {number} minPassed minimum of passing checks, to notice examples that no longer exercise enough
 * @property {number} minSpans minimum of mcp-trail spans, to notice incomplete instrumentation
 * @property {number} [minProcesses] that send spans, where their number is not that of the scenarios
 */

/** @type {Cell[]} */
const CELLS = [
  { target: 'server', over: 'http', revision: '2025-11-25', minPassed: 84, minSpans: 100 },
  { target: 'server', over: 'http', revision: '2026-07-28', minPassed: 194, minSpans: 160 },
  { target: 'client', over: 'http', revision: '2025-11-25', minPassed: 321, minSpans: 100 },
  { target: 'client', over: 'http', revision: '2026-07-28', minPassed: 487, minSpans: 125 },
  { target: 'server', over: 'stdio', revision: '2025-11-25', minPassed: 80, minSpans: 100, minProcesses: 30 },
  { target: 'server', over: 'stdio', revision: '2026-07-28', minPassed: 170, minSpans: 200, minProcesses: 1 },
];

/** Limit of printed differences: a client that does not start differs in hundreds of checks. */
const MAX_DIFFERENCES_SHOWN = 40;

const REGISTER = new URL('../../dist/esm/register.js', import.meta.url);

const nameOfCell = (/** @type {Cell} */ { target, over, revision }) => `${target} ${over} ${revision}`;

const nameOf = (/** @type {Check} */ { scenario, id, status }) => `${scenario}  ${id}  ${status}`;

/**
 * Counts of each scenario, check and status. The order within a scenario can differ, the counts must not.
 * @param {Check[]} checks
 */
function count(checks) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const check of checks) counts.set(nameOf(check), (counts.get(nameOf(check)) ?? 0) + 1);
  return counts;
}

/**
 * @param {Check[]} plain
 * @param {Check[]} traced
 */
function compare(plain, traced) {
  const [before, after] = [count(plain), count(traced)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((key) => ({ key, without: before.get(key) ?? 0, with: after.get(key) ?? 0 }))
    .filter((row) => row.without !== row.with);
}

const tally = (/** @type {Check[]} */ checks, /** @type {string} */ status) =>
  checks.filter((check) => check.status === status).length;

/** The environment without variables that would instrument the plain run. */
function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL_|MCP_|NODE_OPTIONS$)/.test(name)));
}

const file = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const WRAP = file('../../dist/cjs/cli.js');

/** @typedef {{ program: string, args?: string[], nodeOptions?: string[] }} Start */
/**
 * How a target is started without mcp-trail, and every way with it.
 * @param {Cell} cell @param {string} node @param {Record<'server' | 'client', string>} bundles
 * @returns {{ plain: Start, traced: Record<string, Start> }}
 */
function startsOf({ target, over }, node, bundles) {
  if (over === 'stdio') {
    const behindBridge = (/** @type {string[]} */ ...words) => ({
      program: file('bridge.mjs'),
      args: [node, ...words],
    });
    const server = file('stdio-server.mjs');
    return { plain: behindBridge(server), traced: { wrapped: behindBridge(WRAP, 'wrap', '--', node, server) } };
  }
  const program = file(`${target}.mjs`);
  const nodeOptions = ['--import', REGISTER.href];
  return {
    plain: { program },
    traced: { 'with mcp-trail': { program, nodeOptions }, 'in a bundle': { program: bundles[target], nodeOptions } },
  };
}

/**
 * @param {Cell} cell
 * @param {import('./suite.mjs').Toolchain} toolchain
 * @param {Awaited<ReturnType<typeof startOtlpReceiver>>} receiver
 * @param {string} results
 * @param {Record<'server' | 'client', string>} bundles
 */
async function runCell(cell, toolchain, receiver, results, bundles) {
  const { target, over, revision, minPassed, minSpans, minProcesses } = cell;
  const env = cleanEnvironment();
  const starts = startsOf(cell, toolchain.node, bundles);
  const run = async (/** @type {string} */ name, /** @type {Start} */ start, extra = {}) => {
    receiver.take();
    const checks = await runSuite(toolchain, {
      target,
      revision,
      nodeOptions: [],
      ...start,
      env: { ...env, ...extra },
      results: join(results, `${target}-${over}-${revision}-${name.replaceAll(' ', '-')}`),
    });
    return { name, checks, ...receiver.take() };
  };

  const plain = await run('without', starts.plain);
  const traced = [];
  for (const [name, start] of Object.entries(starts.traced)) {
    const exporter = {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    };
    const result = await run(name, start, exporter);
    traced.push({ ...result, differences: compare(plain.checks, result.checks) });
  }
  const scenarios = new Set(plain.checks.map(({ scenario }) => scenario)).size;
  // The server is one process over HTTP; there is one client process per scenario.
  const expectedProcesses = target === 'server' ? 1 : scenarios;
  const isExpected = (/** @type {number} */ processes) =>
    minProcesses === undefined ? processes === expectedProcesses : processes >= minProcesses;
  const all = [plain, ...traced];
  const each = (/** @type {string} */ status) => all.map(({ checks }) => tally(checks, status)).join(' / ');

  return {
    row: {
      target,
      over,
      revision,
      scenarios,
      checks: plain.checks.length,
      passed: each('SUCCESS'),
      failed: each('FAILURE'),
      different: traced.map(({ differences }) => differences.length).join(' / '),
      spans: traced.map(({ spans }) => spans).join(' / '),
    },
    differences: traced.flatMap(({ differences }) => differences),
    traced: traced.flatMap(({ checks }) => checks),
    verdicts: [
      { says: `at least ${minPassed} checks pass`, holds: tally(plain.checks, 'SUCCESS') >= minPassed },
      ...traced.flatMap(({ name, differences, spans, processes }) => [
        { says: `no check differs ${name}`, holds: differences.length === 0 },
        {
          says: `at least ${minSpans} spans of ${minProcesses ?? expectedProcesses} processes ${name} arrive (${spans} of ${processes} did)`,
          holds: spans >= minSpans && isExpected(processes),
        },
      ]),
    ],
  };
}

async function main() {
  if (!existsSync(REGISTER)) throw new Error(`${fileURLToPath(REGISTER)} is missing: run "npm run build" first`);
  const wanted = process.argv.slice(2);
  const cells = CELLS.filter((cell) => wanted.every((word) => [cell.target, cell.over, cell.revision].includes(word)));
  if (cells.length === 0) throw new Error(`No such cell: ${wanted.join(' ')}`);

  const toolchain = await installToolchain();
  const receiver = await startOtlpReceiver();
  const results = await mkdtemp(join(tmpdir(), 'conformance-'));
  const bundles = await bundle(join(results, 'bundles'));
  let [passed, failed] = [0, 0];
  const rows = [];
  /** @type {string[]} */
  const notes = [];

  /** @param {Cell} cell @param {string} folder @returns {Promise<Awaited<ReturnType<typeof runCell>>['verdicts']>} */
  const judge = async (cell, folder) => {
    const name = nameOfCell(cell);
    try {
      await mkdir(folder, { recursive: true });
      const { row, differences, traced, verdicts } = await runCell(cell, toolchain, receiver, folder, bundles);
      rows.push(row);
      for (const { says, holds } of verdicts) if (!holds) notes.push(`FAILED  ${name}: ${says}`);
      for (const { key, ...times } of differences.slice(0, MAX_DIFFERENCES_SHOWN)) {
        const example = traced.find((check) => nameOf(check) === key);
        notes.push(`  ${key}: ${times.without} without, ${times.with} with${example ? ` (${example.message})` : ''}`);
      }
      if (differences.length > MAX_DIFFERENCES_SHOWN)
        notes.push(`  and ${differences.length - MAX_DIFFERENCES_SHOWN} more`);
      return verdicts;
    } catch (error) {
      notes.push(`FAILED  ${name}: ${error instanceof Error ? error.message : error}`);
      return [{ says: 'the suite runs', holds: false }];
    }
  };

  try {
    for (const cell of cells) {
      let verdicts = await judge(cell, results);
      // Some checks of the suite measure time, which a busy machine distorts: what differs must do so twice.
      if (!verdicts.every(({ holds }) => holds)) {
        notes.push(`once more: ${nameOfCell(cell)}`);
        verdicts = await judge(cell, join(results, 'again'));
      }
      passed += verdicts.filter(({ holds }) => holds).length;
      failed += verdicts.filter(({ holds }) => !holds).length;
    }
  } finally {
    receiver.close();
    if (failed === 0) await rm(results, { recursive: true, force: true });
  }
  console.log('Without / with mcp-trail / with it in a bundle; over stdio: without / with wrap:');
  console.table(rows);
  for (const note of notes) console.log(note);
  if (failed > 0) console.log(`Everything the suite wrote is in ${results}`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main();
