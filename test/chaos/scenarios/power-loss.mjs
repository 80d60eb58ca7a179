/**
 * Power is lost: the file ends anywhere in its last 64 KiB, and later another process goes on with it. The function behind
 * `mcp-trail verify` judges every end, and the command a sample of them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { ROOT, unexpected } from '../place.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/phases.mjs', import.meta.url));
const JUDGE = new URL('../programs/judge-cuts.mjs', import.meta.url);
const LAST_BYTES = 64 * 1024;
const SAMPLE = 200;
/** Calls before the first checkpoint, and after it: enough for the last bytes, and few, as all of it is judged every time. */
const CALLS = ['0', '12'];

/** @typedef {{ counts: Record<string, number>, faults: string[] }} Result */

/** @param {import('../place.mjs').Place} place */
async function run(place) {
  const [file, next, bundle] = [place.at('audit.jsonl'), place.at('next.jsonl'), place.at('verify.mjs')];
  for (const path of [next, file]) {
    const args = ['--import', 'mcp-trail/register', PROGRAM, ...CALLS];
    const pins = path === file ? place.pins : place.at('pins-of-next.jsonl');
    const env = { ...place.settings(path, 'writer'), MCP_TRAIL_AUDIT_CHECKPOINTS: pins };
    execFileSync(process.execPath, args, { cwd: ROOT, env });
  }
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/verify.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
  });

  const bytes = readFileSync(file);
  const from = bytes.length - LAST_BYTES;
  const faults = [];
  if (!bytes.subarray(0, from).includes('"event_name":"mcp_audit.checkpoint"')) {
    faults.push('there is no checkpoint before the cuts');
  }
  const threads = availableParallelism();
  const results = await Promise.all(
    Array.from({ length: threads }, (_, thread) =>
      judged({ bundle, file, next, trust: place.trust, pins: place.pins, from: from + thread, step: threads }),
    ),
  );
  /** @type {Record<string, number>} */
  const counts = {};
  for (const result of results) {
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
    faults.push(...result.faults);
  }
  if (counts['cuts'] !== LAST_BYTES) faults.push(`there were ${counts['cuts']} cuts`);
  faults.push(...(await commanded(place, bytes, from)));
  return { counts: { ...counts, 'by the command': SAMPLE }, faults: faults.slice(0, 10) };
}

/** @param {object} work @returns {Promise<Result>} */
function judged(work) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(JUDGE, { workerData: work });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code}`)));
  });
}

/** The command itself, on files. @param {import('../place.mjs').Place} place @param {Buffer} bytes @param {number} from */
async function commanded(place, bytes, from) {
  /** @type {string[]} */
  const faults = [];
  let count = 0;
  const lane = async (/** @type {number} */ number) => {
    const file = place.at(`cut-${number}.jsonl`);
    while (count < SAMPLE) {
      count += 1;
      const cut = from + Math.floor((count * LAST_BYTES) / SAMPLE);
      writeFileSync(file, bytes.subarray(0, cut));
      const verdict = await place.verify(file);
      faults.push(...unexpected(`the first ${cut} bytes`, verdict, [0], ['reported tail', 'reported cut']));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, (_, number) => lane(number)));
  return faults;
}

export const powerLoss = [{ name: 'loss of power', run }];
