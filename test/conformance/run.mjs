/**
 * The conformance comparison: the official suite must report the same for the example server and client with and without
 * mcp-trail, and for bundles of them with it.
 * Usage: node test/conformance/run.mjs [server|client] [2025-11-25|2026-07-28]
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
 * @property {string} revision
 * @property {number} minPassed minimum of passing checks, to notice examples that no longer exercise enough
 * @property {number} minSpans minimum of mcp-trail spans, to notice incomplete instrumentation
 */

/** @type {Cell[]} */
const CELLS = [
  { target: 'server', revision: '2025-11-25', minPassed: 84, minSpans: 100 },
  { target: 'server', revision: '2026-07-28', minPassed: 194, minSpans: 160 },
  { target: 'client', revision: '2025-11-25', minPassed: 321, minSpans: 100 },
  { target: 'client', revision: '2026-07-28', minPassed: 487, minSpans: 125 },
];

/** Limit of printed differences: a client that does not start differs in hundreds of checks. */
const MAX_DIFFERENCES_SHOWN = 40;

const REGISTER = new URL('../../dist/esm/register.js', import.meta.url);

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

const PROGRAMS = {
  server: fileURLToPath(new URL('server.mjs', import.meta.url)),
  client: fileURLToPath(new URL('client.mjs', import.meta.url)),
};

/**
 * @param {Cell} cell
 * @param {import('./suite.mjs').Toolchain} toolchain
 * @param {Awaited<ReturnType<typeof startOtlpReceiver>>} receiver
 * @param {string} results
 * @param {Record<'server' | 'client', string>} bundles
 */
async function runCell({ target, revision, minPassed, minSpans }, toolchain, receiver, results, bundles) {
  const env = cleanEnvironment();
  const run = (/** @type {string} */ name, program = PROGRAMS[target], nodeOptions = [], extra = {}) =>
    runSuite(toolchain, {
      target,
      revision,
      program,
      nodeOptions,
      env: { ...env, ...extra },
      results: join(results, `${target}-${revision}-${name}`),
    });
  const runTraced = async (/** @type {string} */ name, /** @type {string} */ program) => {
    receiver.take();
    const checks = await run(name, program, ['--import', REGISTER.href], {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    });
    return { checks, ...receiver.take() };
  };

  const plain = await run('without');
  const traced = await runTraced('with', PROGRAMS[target]);
  const bundled = await runTraced('bundled', bundles[target]);
  const scenarios = new Set(plain.map(({ scenario }) => scenario)).size;
  // The server is one process; there is one client process per scenario.
  const expectedProcesses = target === 'server' ? 1 : scenarios;
  const differences = [traced, bundled].map(({ checks }) => compare(plain, checks));
  const arrived = (/** @type {string} */ what, /** @type {typeof traced} */ { spans, processes }) => ({
    says: `at least ${minSpans} spans of ${expectedProcesses} processes ${what} arrive (${spans} of ${processes} did)`,
    holds: spans >= minSpans && processes === expectedProcesses,
  });

  return {
    row: {
      target,
      revision,
      scenarios,
      checks: plain.length,
      passed: [plain, traced.checks, bundled.checks].map((checks) => tally(checks, 'SUCCESS')).join(' / '),
      failed: [plain, traced.checks, bundled.checks].map((checks) => tally(checks, 'FAILURE')).join(' / '),
      different: differences.map(({ length }) => length).join(' / '),
      spans: `${traced.spans} / ${bundled.spans}`,
    },
    differences: differences.flat(),
    traced: [...traced.checks, ...bundled.checks],
    verdicts: [
      { says: 'no check differs', holds: differences[0]?.length === 0 },
      { says: 'no check differs in a bundle', holds: differences[1]?.length === 0 },
      { says: `at least ${minPassed} checks pass`, holds: tally(plain, 'SUCCESS') >= minPassed },
      arrived('with mcp-trail', traced),
      arrived('in a bundle', bundled),
    ],
  };
}

async function main() {
  if (!existsSync(REGISTER)) throw new Error(`${fileURLToPath(REGISTER)} is missing: run "npm run build" first`);
  const wanted = process.argv.slice(2);
  const cells = CELLS.filter((cell) => wanted.every((word) => word === cell.target || word === cell.revision));
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
    const name = `${cell.target} ${cell.revision}`;
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
        notes.push(`once more: ${cell.target} ${cell.revision}`);
        verdicts = await judge(cell, join(results, 'again'));
      }
      passed += verdicts.filter(({ holds }) => holds).length;
      failed += verdicts.filter(({ holds }) => !holds).length;
    }
  } finally {
    receiver.close();
    if (failed === 0) await rm(results, { recursive: true, force: true });
  }
  console.log('Without / with mcp-trail / with it in a bundle:');
  console.table(rows);
  for (const note of notes) console.log(note);
  if (failed > 0) console.log(`Everything the suite wrote is in ${results}`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

await main();
