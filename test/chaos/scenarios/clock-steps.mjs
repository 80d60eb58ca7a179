/** The clock is set while a process writes: only that is reported. */
import { unexpected } from '../place.mjs';
import { Writer } from '../writer.mjs';

const HOUR_MS = 3_600_000;
/** Hours from the true time, one after the other. */
const STEPS = [1, -1, 48, 0, -48, -10_000, 10_000, 0];
const CALLS = 60;

/** @param {import('../place.mjs').Place} place */
async function run(place) {
  // A day that begins rotates the file.
  const writer = await new Writer(place.settings(place.at('audit', 'audit.jsonl'), 'writer')).start();
  for (const hours of STEPS) {
    await writer.setClock(hours * HOUR_MS);
    await writer.call(CALLS);
  }
  await writer.end();
  const verdict = await place.verify('--pin', place.pins, place.at('audit'));
  const steps = verdict.chains.flatMap(({ findings }) => findings).filter(({ kind }) => kind === 'clock').length;
  const faults = unexpected('the files', verdict, [0], ['reported clock']);
  if (steps === 0) faults.push('verify has not seen that the clock went backwards');
  return { counts: { steps: STEPS.length, records: verdict.totals?.records, reported: steps }, faults };
}

export const clockSteps = [{ name: 'clock steps', run }];
