/**
 * Runs npm scripts side by side: `node test/side-by-side.mjs 'one two' 'three'` runs `two` after `one`, and `three` beside both. Each
 * argument is a lane. What a script prints is shown as a whole when it ends. The first that fails ends all others, and what it has
 * printed comes last.
 */
import { spawn } from 'node:child_process';

/** A script that is told to end has this time to end what it has started. */
const GRACE_MS = 20_000;
/** Of a script that has ended, what it has started and left may hold its output open: it is read for so long. */
const REST_MS = 5_000;

/** @typedef {{ script: string, startedAt: number, output: Buffer[], stop: () => Promise<unknown>, ended: Promise<string> }} Running */

/** @type {Set<Running>} */
const running = new Set();
let isStopping = false;

const seconds = (/** @type {number} */ since) => `${Math.round((performance.now() - since) / 1000)} s`;

/** In a process group of its own, to be ended with all that it starts. @param {string} script @returns {Running} */
function start(script) {
  const child = spawn('npm', ['run', script], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  /** @type {Buffer[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  /** @type {Promise<string>} how it ended: nothing if it passed */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code, signal) => {
      const fault = code === 0 ? '' : signal ? `ended by ${signal}` : `exit code ${code}`;
      child.once('close', () => resolve(fault));
      setTimeout(resolve, REST_MS, fault).unref();
    });
  });
  const kill = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // The group has ended.
    }
  };
  const stop = async () => {
    kill('SIGTERM');
    const limit = setTimeout(kill, GRACE_MS, 'SIGKILL');
    await ended;
    clearTimeout(limit);
  };
  return { script, startedAt: performance.now(), output, stop, ended };
}

/** Ends everything, and says what was not at its end. */
async function stopAll() {
  isStopping = true;
  for (const { script, startedAt } of running) console.log(`=== stopped npm run ${script} after ${seconds(startedAt)}`);
  await Promise.all([...running].map(({ stop }) => stop()));
}

/** @param {Running} one */
function show({ output }) {
  process.stdout.write(Buffer.concat(output));
}

/** Runs the scripts of a lane until one fails. @param {string} lane */
async function run(lane) {
  for (const script of lane.split(' ')) {
    if (isStopping) return;
    console.log(`=== npm run ${script}: begins`);
    const one = start(script);
    running.add(one);
    const fault = await one.ended;
    running.delete(one);
    if (isStopping) return;
    if (fault === '') {
      console.log(`\n=== npm run ${script}`);
      show(one);
      console.log(`=== npm run ${script}: passed in ${seconds(one.startedAt)}\n`);
      continue;
    }
    process.exitCode = 1;
    await stopAll();
    console.log(`\n=== npm run ${script}`);
    show(one);
    console.log(`=== npm run ${script}: FAILED after ${seconds(one.startedAt)}, ${fault}`);
  }
}

// What runs when this is ended from outside may be what is stuck.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, async () => {
    const open = [...running];
    await stopAll();
    for (const one of open) {
      console.log(`\n=== npm run ${one.script}, until ${signal} ended it`);
      show(one);
    }
    process.exit(1);
  });
}

await Promise.all(process.argv.slice(2).map(run));
process.exit();
