/** Runs the matrix, or with `--only 'otel3 node24'` the cells whose names contain all the words. See README.md. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as app from './app-cell.mjs';
import { cells, checkCoverage } from './cells.mjs';
import * as mismatch from './mismatch-cell.mjs';
import * as next from './next-cell.mjs';
import * as order from './order-cell.mjs';
import { pack, platform } from './packages.mjs';
import * as standBack from './stand-back-cell.mjs';
import * as types from './types-cell.mjs';
import * as workerd from './workerd-cell.mjs';

/** More than cores, because cells mostly wait for npm and processes. */
const folderWorkers = 2;

const kinds = { app, mismatch, next, order, standBack, types, workerd };

const options = {
  only: { type: 'string', default: '' },
  keep: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
};

function select(only) {
  const words = only.split(/\s+/).filter(Boolean);
  const selected = cells.filter(({ name }) => words.every((word) => name.split(' ').includes(word)));
  if (selected.length === 0) throw new Error(`no cell has all of "${only}" in its name; --list shows the names`);
  return selected;
}

/** Groups of cells with the same folder of installed packages, in table order. */
function byFolder(selected) {
  const groups = new Map();
  for (const cell of selected) {
    const name = kinds[cell.kind].folderOf(cell);
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return [...groups.entries()];
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/** How an action ended. */
async function settle(action) {
  const start = performance.now();
  try {
    await action();
    return { time: seconds(start) };
  } catch (error) {
    return { time: seconds(start), error };
  }
}

/**
 * The same, a second time if the first fails: processes have limited time to deliver their telemetry, and a busy machine may leave
 * them none of it. What passes only the second time is reported so.
 */
async function settleAgain(action) {
  const first = await settle(action);
  return first.error ? { ...(await settle(action)), before: first.error } : first;
}

/**
 * Runs the cells of one folder and yields a table row for each. If the folder cannot be created, all of them fail.
 */
async function* runFolder(name, group, { packed, scratch, keep }) {
  const kind = kinds[group[0].kind];
  const place = { packed, folder: path.join(scratch, name.replaceAll(' ', '_')) };
  const prepared = await settle(async () => {
    place.on = await platform(group[0].node);
    await kind.prepare(group[0], place);
  });
  for (const cell of group) {
    // Where a cell itself installs, a second time would begin with what the first has installed.
    const run = kind.installsFirst ? settleAgain : settle;
    const result = prepared.error ? prepared : await run(() => kinds[cell.kind].runCell(cell, place));
    const install = cell === group[0] && kind.installsFirst ? `installed in ${prepared.time} s` : '';
    yield { cell, install, ...result };
  }
  if (!keep) await rm(place.folder, { recursive: true, force: true });
}

function print({ cell, install, time, error, before }, width) {
  const again = before && !error ? 'the second time, after:' : '';
  const row = [error ? 'FAIL' : 'pass', cell.name.padEnd(width), `${time.padStart(6)} s`, install, again];
  console.log(row.join('  ').trimEnd());
  const shown = error ?? before;
  if (shown) console.log(`${(shown.stack ?? String(shown)).replace(/^/gm, '      ')}\n`);
}

async function runAll(selected, context) {
  const width = Math.max(...selected.map(({ name }) => name.length));
  const folders = byFolder(selected);
  const results = [];
  const work = async () => {
    for (let next = folders.shift(); next; next = folders.shift()) {
      for await (const result of runFolder(...next, context)) {
        results.push(result);
        print(result, width);
      }
    }
  };
  await Promise.all(Array.from({ length: folderWorkers }, work));
  return results;
}

async function main() {
  const { values } = parseArgs({ options });
  checkCoverage();
  const selected = select(values.only);
  if (values.list) {
    console.log(selected.map(({ name }) => name).join('\n'));
    return;
  }
  if (`${process.platform} ${process.arch}` !== 'linux x64') throw new Error('the pinned Nodes are for Linux x64');

  const start = performance.now();
  const scratch = await mkdtemp(path.join(tmpdir(), 'mcp-trail-matrix-'));
  process.once('exit', () => {
    if (values.keep) console.log(`kept ${scratch}`);
    else rmSync(scratch, { recursive: true, force: true });
  });
  await mkdir(path.join(scratch, 'packed'));
  const packed = await pack(path.join(scratch, 'packed'));
  console.log(`${packed.name} ${packed.version}, ${selected.length} cells\n`);

  const results = await runAll(selected, { packed, scratch, keep: values.keep });
  const passed = results.filter(({ error }) => !error).length;
  console.log(`\nin ${seconds(start)} s`);
  console.log(`${passed} passed, ${selected.length - passed} failed`);
  process.exitCode = passed === selected.length ? 0 : 1;
}

await main();
