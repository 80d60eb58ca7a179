/**
 * Power is lost: the file ends anywhere in its last 64 KiB, and later another process goes on with it. The function behind
 * `mcp-trail verify` judges these ends, and the command a sample of them. The calls in the file are alike: each kind of record ends at
 * every byte, twice, and its repetitions at every fifth, each of five at others; with `--every-byte` at every one, too.
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
/** Ends that are judged in other ways, too. */
const OTHERWISE = 1024;
const WHOLE_RECORDS = 2;
const STEP = 5;
/** Calls before the first checkpoint, and after it: enough for the last bytes, and few, as all of it is judged every time. */
const CALLS = ['0', '12'];

/** @typedef {{ counts: Record<string, number>, faults: string[] }} Result */

/**
 * Where the file ends.
 *
 * @param {Buffer} bytes @param {number} from @param {boolean} everyByte
 */
function cutsOf(bytes, from, everyByte) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  /** @type {number[]} */
  const cuts = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf('\n', start) + 1;
    const record = JSON.parse(bytes.toString('utf8', start, end));
    const kind = ['event_name', 'mcp_audit.side', 'mcp.method.name'].map((key) => record[key]).join(' ');
    // The first one may have been cut only in its second half.
    const times = start < from ? 0 : (seen.get(kind) ?? 0) + 1;
    seen.set(kind, times);
    const isWhole = everyByte || times <= WHOLE_RECORDS;
    for (let cut = Math.max(start, from); cut < end; cut++) {
      if (isWhole || (cut - start) % STEP === times % STEP) cuts.push(cut);
    }
    start = end;
  }
  return cuts;
}

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
  const all = cutsOf(bytes, from, place.everyByte);
  const every = Math.floor(all.length / OTHERWISE);
  const results = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const cuts = all.filter((_, index) => index % threads === thread);
      return judged({ bundle, file, next, trust: place.trust, pins: place.pins, cuts, every });
    }),
  );
  /** @type {Record<string, number>} */
  const counts = {};
  for (const result of results) {
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count;
    faults.push(...result.faults);
  }
  const least = place.everyByte ? LAST_BYTES : LAST_BYTES / STEP;
  if (counts['cuts'] !== all.length || all.length < least) faults.push(`there were ${counts['cuts']} cuts`);
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
