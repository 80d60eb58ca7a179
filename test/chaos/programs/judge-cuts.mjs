/** A thread that cuts a file at some bytes, and judges what is left. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { unexpected, verdictOf } from '../place.mjs';

/** Of the cuts, every n-th is judged in other ways, too. */
const { bundle, file, next, trust, pins, cuts: ends, every } = workerData;
/** Less of a line may be of any program. */
const SHORTEST_TOLD = '{"audit.'.length;
const TAIL = 'reported tail';
const CUT = 'reported cut';

const { verify } = await import(bundle);
const bytes = readFileSync(file);
const following = readFileSync(next);
/** Records that the second place knows of. */
const pinned = Math.max(
  ...readFileSync(pins, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line)['audit.sequence.number']),
);

/** Verifies bytes. @param {Buffer[]} parts @param {string[]} args */
async function verdictOn(parts, ...args) {
  /** @type {string[]} */
  const stdout = [];
  /** @type {string[]} */
  const stderr = [];
  const exit = await verify.run(['--json', '--trust', trust, ...args, '-'], {
    input: Readable.from(parts),
    out: { write: (/** @type {string} */ text) => stdout.push(text), terminal: false, columns: undefined },
    complain: (/** @type {string} */ text) => stderr.push(text),
    env: {},
  });
  return verdictOf(exit, stdout.join(''), stderr.join(''));
}

const counts = { cuts: 0, torn: 0, 'told as torn': 0, continued: 0, 'with a pin': 0, 'below the pin': 0 };
/** @type {string[]} */
const faults = [];

for (const cut of ends) {
  const left = bytes.subarray(0, cut);
  const end = left.lastIndexOf('\n') + 1;
  // Without its line feed, the last line is whole.
  const torn = bytes[cut] === 0x0a ? 0 : cut - end;
  const lines = left.toString('latin1').split('\n').length - 1 + (torn === 0 && end < cut ? 1 : 0);
  const told = torn >= SHORTEST_TOLD ? 1 : 0;
  const what = `the first ${cut} bytes`;
  const verdict = await verdictOn([left]);
  counts.cuts += 1;
  if (torn > 0) counts.torn += 1;
  const cuts = verdict.findings.filter(({ kind }) => kind === 'cut').length;
  counts['told as torn'] += cuts;
  faults.push(...unexpected(what, verdict, [0], [TAIL, CUT]));
  if (cuts < told || cuts > Math.sign(torn)) faults.push(`verify of ${what} finds ${cuts} torn lines`);
  if (verdict.totals.records !== lines)
    faults.push(`verify of ${what} finds ${verdict.totals.records} records of ${lines}`);
  if (counts.cuts % every === 0) {
    // Some file systems keep the length, and have zeros for what was not written.
    for (const zeros of [0, bytes.length - cut]) {
      const continued = await verdictOn([left, Buffer.alloc(zeros), Buffer.from('\n'), following]);
      counts.continued += 1;
      faults.push(...unexpected(`${what}, ${zeros} zeros and another process`, continued, [0], [TAIL, CUT]));
    }
    const below = lines < pinned;
    const withPin = await verdictOn([left], '--pin', pins);
    counts['with a pin'] += 1;
    counts['below the pin'] += below ? 1 : 0;
    const kinds = [TAIL, CUT, ...(below ? ['incomplete truncated'] : [])];
    faults.push(...unexpected(`${what} with a pin`, withPin, [below ? 2 : 0], kinds));
  }
  if (faults.length > 10) break;
}
parentPort?.postMessage({ counts, faults });
