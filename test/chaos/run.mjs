/**
 * `npm run test:chaos`: what a trail still proves after processes were killed, disks were full, power was lost, clocks were
 * set, threads were terminated and files were rotated. `-- --only 'full disk'` runs the scenarios whose names have all the
 * words; `-- --every-byte` loses power at every byte. The files of a scenario that fails stay.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Place } from './place.mjs';
import { clockSteps } from './scenarios/clock-steps.mjs';
import { fullDisk } from './scenarios/full-disk.mjs';
import { kills } from './scenarios/kills.mjs';
import { powerLoss } from './scenarios/power-loss.mjs';
import { rotation } from './scenarios/rotation.mjs';
import { threads } from './scenarios/threads.mjs';

/**
 * `notRun` says why a scenario could not run, if another one stands for it.
 *
 * @typedef {{ counts: Record<string, number>, faults: string[], notRun?: string }} Result
 * @typedef {{ name: string, run: (place: Place) => Promise<Result> }} Scenario
 */

/** @type {Scenario[]} */
const SCENARIOS = [...kills, ...fullDisk, ...powerLoss, ...clockSteps, ...threads, ...rotation];
/** A scenario that has not ended by then counts as stuck. */
const LIMIT_MS = 600_000;

/** @param {Scenario} scenario @param {Place} place @returns {Promise<Result>} */
async function settle({ run }, place) {
  /** @type {NodeJS.Timeout | undefined} */
  let limit;
  const stuck = new Promise((_, reject) => {
    limit = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  try {
    return await Promise.race([run(place), stuck]);
  } catch (error) {
    return { counts: {}, faults: [error instanceof Error ? `${error.stack}` : String(error)] };
  } finally {
    clearTimeout(limit);
  }
}

/** @param {string} name @param {Result} result @param {number} seconds */
function print(name, { counts, faults, notRun }, seconds) {
  if (notRun !== undefined) {
    console.log(`- ${name}: not run: ${notRun}`);
    return;
  }
  const numbers = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  console.log(`${faults.length > 0 ? '✗' : '✓'} ${name}: ${[...numbers, `${Math.round(seconds)} s`].join(', ')}`);
  for (const fault of faults) console.log(`    ${fault}`);
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, 'every-byte': { type: 'boolean', default: false } },
});
const words = values.only.split(/\s+/).filter(Boolean);
const selected = SCENARIOS.filter(({ name }) => words.every((word) => name.includes(word)));
if (selected.length === 0) throw new Error(`no scenario has all of "${values.only}" in its name`);

// Ends what is mounted, too.
process.once('SIGINT', () => process.exit(130));
const scratch = mkdtempSync(path.join(tmpdir(), 'chaos-'));
let failed = 0;
for (const [index, scenario] of selected.entries()) {
  const place = new Place(path.join(scratch, `${index + 1}`), values['every-byte']);
  const start = performance.now();
  const result = await settle(scenario, place);
  print(scenario.name, result, (performance.now() - start) / 1000);
  if (result.faults.length === 0) rmSync(place.folder, { recursive: true });
  else failed += 1;
}
if (failed === 0) rmSync(scratch, { recursive: true });
else console.log(`the files are in ${scratch}`);
console.log(`${selected.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
