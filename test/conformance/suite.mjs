/** Runs the official suite against the example server or client, and reads its check files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** @typedef {{ scenario: string, id: string, status: string, message: string }} Check */
/** @typedef {{ node: string, suite: string }} Toolchain */
/**
 * @typedef {object} Run
 * @property {'server' | 'client'} target
 * @property {string} revision
 * @property {string[]} nodeOptions options of the node process under test
 * @property {NodeJS.ProcessEnv} env
 * @property {string} results the folder to write to
 * @property {string} program the server or client
 * @property {string[]} [args] of the server
 */

const SUITE_TIMEOUT_MS = 600_000;
/** A client may wait for all others, see below. */
const SCENARIO_TIMEOUT_MS = SUITE_TIMEOUT_MS;
const EXIT_TIMEOUT_MS = 30_000;

/**
 * @param {Toolchain} toolchain
 * @param {Run} run
 * @returns {Promise<Check[]>}
 */
export async function runSuite(toolchain, run) {
  const output = await (run.target === 'server' ? testServer : testClient)(toolchain, run);
  const checks = await readChecks(run.results);
  if (checks.length === 0) throw new Error(`The suite wrote no checks for the ${run.target}. It said:\n${output}`);
  return checks;
}

/** @type {typeof testClient} */
async function testServer(toolchain, run) {
  const server = spawn(toolchain.node, [...run.nodeOptions, run.program, ...(run.args ?? [])], {
    env: run.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  try {
    const started = once(createInterface(server.stdout), 'line');
    const [url] = await Promise.race([
      started,
      exited.then(([code]) => Promise.reject(new Error(`The server ended with code ${code} before it listened`))),
    ]);
    return await runCommand(toolchain, run, ['--url', url]);
  } finally {
    server.kill();
    const timer = setTimeout(() => server.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }
}

/**
 * @param {Toolchain} toolchain
 * @param {Run} run
 */
function testClient(toolchain, run) {
  // The suite runs the command in a shell, for all scenarios at once. The lock makes clients take turns: dozens of processes
  // starting together starve each other until idle connections time out, and checks fail for that reason alone.
  const words = ['flock', `${run.results}.lock`, toolchain.node, ...run.nodeOptions, run.program];
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return runCommand(toolchain, run, ['--command', command]);
}

/**
 * @param {Toolchain} toolchain
 * @param {Run} run
 * @param {string[]} options
 * @returns {Promise<string>} the output of the suite
 */
async function runCommand({ node, suite }, { target, revision, results, env }, options) {
  const words = [suite, target, ...options, '--requirements', revision, '-o', results];
  // In its own process group, so that a timeout also ends the clients it started.
  const child = spawn(node, [...words, '--timeout', String(SCENARIO_TIMEOUT_MS)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const timer = setTimeout(() => process.kill(-(/** @type {number} */ (child.pid)), 'SIGKILL'), SUITE_TIMEOUT_MS);
  const [out, err, [, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  clearTimeout(timer);
  // The exit code only says whether all checks passed, which does not matter here; a signal means that the suite did not finish.
  if (signal) throw new Error(`The suite was ended by ${signal} after ${SUITE_TIMEOUT_MS / 1000} s:\n${out}${err}`);
  return out + err;
}

/**
 * Each scenario has a folder, named after it and the time, with a file of checks.
 * @param {string} results
 */
async function readChecks(results) {
  if (!existsSync(results)) return [];
  /** @type {Check[]} */
  const checks = [];
  for (const file of await readdir(results, { recursive: true })) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d{2}-\d{2}T[\dZ-]+\/checks\.json$/.exec(file)?.[1];
    if (!scenario) continue;
    for (const { id, status, errorMessage, description } of JSON.parse(await readFile(join(results, file), 'utf8')))
      checks.push({ scenario, id, status, message: errorMessage ?? description });
  }
  return checks;
}
