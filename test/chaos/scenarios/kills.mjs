/** SIGKILL, again and again, while four processes write: an answer that has left has its records. */
import { readRecords, unexpected } from '../place.mjs';
import { Writer, withoutRecords } from '../writer.mjs';

const WRITERS = 4;
/** The first checkpoint comes with the start, the second one after 100 records. */
const SOON = { least: 0, most: 40 };
const LATE = { least: 60, most: 250 };
const CUT_OFF = ['reported tail', 'reported cut'];

/** @typedef {{ kills: number, files: string, least: number, most: number }} Round */

/** @type {Record<string, Round>} */
const ROUNDS = {
  '20 SIGKILLs, one file': { kills: 20, files: 'audit.jsonl', ...LATE },
  '20 SIGKILLs, a file each': { kills: 20, files: 'audit/{service}.jsonl', ...LATE },
  '10 SIGKILLs soon after the start': { kills: 10, files: 'audit.jsonl', ...SOON },
};

/** @param {Round} round @param {import('../place.mjs').Place} place */
async function run({ kills, files, least, most }, place) {
  /** @type {Writer[]} */
  const writers = [];
  const start = async () => {
    const writer = new Writer(place.settings(place.at(files), `writer-${writers.length + 1}`));
    writers.push(writer);
    return writer.start();
  };
  let left = kills;
  const replaceAgainAndAgain = async () => {
    while (left > 0) {
      const soon = left % 2 === 0;
      left -= 1;
      await killed(await start(), least + Math.floor(Math.random() * (most - least)), soon);
    }
    const last = await start();
    await last.call(most);
    await last.end();
  };
  await Promise.all(Array.from({ length: WRITERS }, replaceAgainAndAgain));

  const audit = place.at(files.replace(/\/.*/, ''));
  const { records, torn } = readRecords(audit);
  const missing = withoutRecords(writers, records);
  const answered = writers.reduce((sum, writer) => sum + writer.answered.size, 0);
  const faults = [
    ...unexpected('the files', await place.verify(audit), [0], CUT_OFF),
    ...unexpected('the files with pins', await place.verify('--pin', place.pins, audit), [0], CUT_OFF),
  ];
  if (missing > 0) faults.push(`${missing} answered calls have no records`);
  if (answered < kills * least) faults.push(`only ${answered} calls were answered`);
  return { counts: { kills, answered, 'without records': missing, records: records.length, torn }, faults };
}

/** Kills it as soon as so many calls are answered, or a moment later. @param {Writer} writer @param {number} answers @param {boolean} soon */
async function killed(writer, answers, soon) {
  const end = () => writer.kill();
  writer.onAnswer = (count) => {
    if (count !== answers + 1) return;
    if (soon) end();
    else setTimeout(end, Math.random() * 10);
  };
  await writer.call(Number.POSITIVE_INFINITY);
  await writer.gone();
}

export const kills = Object.entries(ROUNDS).map(([name, round]) => ({
  name,
  /** @param {import('../place.mjs').Place} place */
  run: (place) => run(round, place),
}));
