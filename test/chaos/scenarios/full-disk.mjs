/** A disk that is full for a while: calls are answered, and what is missing is explained as soon as there is space. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRecords, unexpected } from '../place.mjs';
import { Writer, withoutRecords } from '../writer.mjs';

const WRITERS = 4;
const ROOM_BYTES = 1024 * 1024;
/** Their records take several times the room. */
const CALLS = 500;
const CALLS_BEFORE = 55;
const CALLS_AFTERWARDS = 5;
/** Of the processes that go on, and of one that is killed while the disk is full. */
const AUDIT_FILES = /** @type {const} */ (['audit.jsonl', 'killed.jsonl']);
const REPORTED = ['reported tail', 'reported cut'];
const MISSING = ['incomplete missing', 'reported unlinked'];

/** @typedef {import('../place.mjs').Place} Place */

/**
 * @typedef {object} Disk
 * @property {string} folder
 * @property {string[]} prefix starts the writers
 * @property {Record<string, string>} env
 * @property {string} cause of the loss
 * @property {(writers: Writer[]) => void} makeRoom
 * @property {() => void} remove
 */

/** Writes until the disk is full. */
const NO_RESERVE = { MCP_TRAIL_AUDIT_FILE_RESERVE: '0' };

/**
 * A file system in memory; the reason if this user may not mount one.
 *
 * @param {Place} place @param {Pick<Disk, 'env' | 'cause'>} [until] @returns {Disk | string}
 */
function fileSystem(place, until = { env: NO_RESERVE, cause: 'ENOSPC' }) {
  const folder = place.at('disk');
  mkdirSync(folder);
  const size = `size=${2 * ROOM_BYTES}`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder], { encoding: 'utf8' });
  if (mounted.status !== 0) return `${mounted.stderr || mounted.error}`.trim();
  // Lazily: after a failure, processes may still use it.
  const unmount = () => void spawnSync('umount', ['--lazy', folder]);
  process.once('exit', unmount);
  const ballast = path.join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(ROOM_BYTES));
  return {
    folder,
    ...until,
    prefix: [],
    makeRoom: () => unlinkSync(ballast),
    remove() {
      for (const name of readdirSync(folder)) copyFileSync(path.join(folder, name), place.at(name));
      unmount();
      process.off('exit', unmount);
    },
  };
}

/** The same, of which a tenth stays free. @param {Place} place */
const withReserve = (place) => fileSystem(place, { env: {}, cause: 'reserve' });

/** A limit on the size of files, which nobody needs rights for. @param {Place} place @returns {Disk} */
function sizeLimit(place) {
  return {
    folder: place.folder,
    env: {},
    cause: 'EFBIG',
    prefix: ['prlimit', `--fsize=${ROOM_BYTES}:unlimited`],
    makeRoom(writers) {
      for (const { pid } of writers) execFileSync('prlimit', ['--pid', `${pid}`, '--fsize=unlimited']);
    },
    remove() {},
  };
}

/** @param {(place: Place) => Disk | string} make @param {Place} place @param {(disk: Disk, place: Place) => Promise<any>} fill */
async function run(make, place, fill = fillUp) {
  const disk = make(place);
  if (typeof disk === 'string') return { counts: {}, faults: [], notRun: disk };
  try {
    return await fill(disk, place);
  } finally {
    disk.remove();
  }
}

/** @param {Disk} disk @param {Place} place */
async function fillUp({ folder, prefix, env, cause, makeRoom }, place) {
  const [file, fileOfKilled] = [path.join(folder, AUDIT_FILES[0]), path.join(folder, AUDIT_FILES[1])];
  const pinsOfKilled = place.at('pins-of-killed.jsonl');
  const writers = Array.from({ length: WRITERS }, (_, index) => {
    return new Writer({ ...place.settings(file, `writer-${index + 1}`), ...env }, prefix);
  });
  const envOfKilled = { ...place.settings(fileOfKilled, 'killed'), ...env, MCP_TRAIL_AUDIT_CHECKPOINTS: pinsOfKilled };
  const killed = new Writer(envOfKilled, prefix);
  const all = [...writers, killed];
  await Promise.all(all.map((writer) => writer.start()));

  // Each has a checkpoint.
  await Promise.all(all.map((writer) => writer.call(CALLS_BEFORE)));
  await Promise.all(all.map((writer) => writer.call(CALLS)));
  killed.kill();
  await killed.gone();
  makeRoom(writers);
  await Promise.all(writers.map((writer) => writer.call(CALLS_AFTERWARDS)));
  await Promise.all(writers.map((writer) => writer.end()));

  const verdict = await place.verify(file);
  const faults = [
    ...unexpected('the file', verdict, [0], REPORTED),
    ...unexpected('the file with pins', await place.verify('--pin', place.pins, file), [0], REPORTED),
  ];
  // It could not say any more what it had lost: only a pin may know.
  const unpinned = await place.verify(fileOfKilled);
  faults.push(...unexpected('the file of the killed process', unpinned, [0, 2], [...REPORTED, ...MISSING]));
  const pinned = await place.verify('--pin', pinsOfKilled, fileOfKilled);
  faults.push(...unexpected('that file with pins', pinned, [2], [...REPORTED, ...MISSING, 'incomplete truncated']));

  const { records, torn } = readRecords(file);
  const allGaps = records.filter((record) => record['event_name'] === 'mcp_audit.gap');
  const gaps = allGaps.length;
  const answered = all.reduce((sum, writer) => sum + writer.answered.size, 0);
  const expected = all.length * (CALLS_BEFORE + CALLS) + WRITERS * CALLS_AFTERWARDS;
  if (answered !== expected) faults.push(`${expected - answered} calls were not answered`);
  if (!allGaps.some((gap) => gap['mcp_audit.gap.causes'].includes(cause))) faults.push(`no gap was caused by ${cause}`);
  const { explained, missing } = verdict.totals ?? {};
  if (!(explained > 0)) faults.push('no record was lost: the disk was not full');
  return { counts: { answered, records: records.length, torn, gaps, explained, unexplained: missing }, faults };
}

/** With `block`, what cannot be recorded does not happen. @param {Disk} disk @param {Place} place */
async function block({ folder, prefix, env, makeRoom }, place) {
  const file = path.join(folder, AUDIT_FILES[0]);
  const settings = { ...place.settings(file, 'blocking'), ...env, MCP_TRAIL_AUDIT_ON_FAILURE: 'block' };
  const writer = new Writer(settings, prefix);
  await writer.start();
  const early = await writer.attempt(CALLS_BEFORE);
  let refused = 0;
  let calls = CALLS_BEFORE;
  for (; refused < CALLS_BEFORE && calls < 4 * CALLS; calls++) refused += await writer.attempt(1);
  makeRoom([writer]);
  const late = await writer.attempt(CALLS_AFTERWARDS);
  await writer.end();
  const { records } = readRecords(file);
  const faults = unexpected('the file', await place.verify(file), [0], REPORTED);
  if (refused < CALLS_BEFORE) faults.push(`only ${refused} calls were refused`);
  if (early > 0 || late > 0)
    faults.push(`${early} calls were refused before the disk was full, and ${late} afterwards`);
  const { size } = writer.answered;
  if (size !== calls + CALLS_AFTERWARDS - refused) faults.push(`${size} calls were answered`);
  const unrecorded = withoutRecords([writer], records, ['mcp_audit.request']);
  if (unrecorded > 0) faults.push(`${unrecorded} calls were answered without a record of their request`);
  return { counts: { answered: size, refused, unrecorded, records: records.length }, faults };
}

const blocking = Object.entries({
  'a full disk, with block': fileSystem,
  'a disk with a reserve, with block': withReserve,
  'a file that may not grow, with block': sizeLimit,
}).map(([name, make]) => ({
  name,
  /** @param {Place} place */
  run: (place) => run((given) => make(given), place, block),
}));

const going = Object.entries({
  'a full disk': fileSystem,
  'a disk with a reserve': withReserve,
  'a file that may not grow': sizeLimit,
}).map(([name, make]) => ({
  name,
  /** @param {Place} place */
  run: (place) => run((given) => make(given), place),
}));

export const fullDisk = [...going, ...blocking];
