/** Two processes whose common file rotates all the time. Verified meanwhile, afterwards, and compressed. */
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readRecords, unexpected } from '../place.mjs';
import { Writer, withoutRecords } from '../writer.mjs';

const CALLS = 1000;
const MAX_BYTES = '16384';
const REPORTED = ['reported tail', 'reported cut'];
/** A hundred files a second get other names: one may be missed while they are read. */
const MISSED = ['incomplete missing', 'incomplete truncated'];

/** @param {import('../place.mjs').Place} place */
async function run(place) {
  const folder = place.at('audit');
  const env = (/** @type {string} */ name) => ({
    ...place.settings(place.at('audit', 'audit.jsonl'), name),
    MCP_TRAIL_AUDIT_FILE_MAX_BYTES: MAX_BYTES,
    MCP_TRAIL_AUDIT_FILE_MAX_FILES: '10000',
  });
  const writers = await Promise.all(['writer-1', 'writer-2'].map((name) => new Writer(env(name)).start()));
  // Each has a checkpoint.
  await Promise.all(writers.map((writer) => writer.call(60)));
  const faults = [];

  let busy = true;
  const rest = Promise.all(writers.map((writer) => writer.call(CALLS))).then(() => {
    busy = false;
  });
  let meanwhile = 0;
  while (busy) {
    const verdict = await place.verify('--pin', place.pins, folder);
    faults.push(...unexpected('files that are written', verdict, [0, 2], [...REPORTED, ...MISSED]));
    meanwhile += 1;
  }
  await rest;
  await Promise.all(writers.map((writer) => writer.end()));

  const { records, torn } = readRecords(folder);
  const missing = withoutRecords(writers, records);
  if (missing > 0) faults.push(`${missing} answered calls have no records`);
  const check = async (/** @type {string} */ what) => {
    const verdict = await place.verify('--pin', place.pins, folder);
    faults.push(...unexpected(what, verdict, [0], []));
    if (verdict.totals?.records !== records.length)
      faults.push(`verify of ${what} has read ${verdict.totals?.records} of ${records.length} records`);
  };
  const files = readdirSync(folder);
  await check('rotated files');
  for (const half of [0, 1]) {
    for (const [index, name] of files.entries()) if (index % 2 === half) compress(place.at('audit', name));
    await check(half === 0 ? 'files of which every second is compressed' : 'compressed files');
  }
  const answered = writers.reduce((sum, writer) => sum + writer.answered.size, 0);
  const counts = { answered, 'without records': missing, records: records.length, torn, files: files.length };
  return { counts: { ...counts, 'verified meanwhile': meanwhile }, faults };
}

/** @param {string} file */
function compress(file) {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
  unlinkSync(file);
}

export const rotation = [{ name: 'two processes, a file that rotates', run }];
