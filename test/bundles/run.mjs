/** `npm run test:bundles`: bundled servers and clients with and without mcp-trail. See README.md. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { platform } from '../matrix/packages.mjs';
import { everything } from './everything.mjs';
import { install } from './install.mjs';
import { checkCoverage, rows } from './rows.mjs';

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const workers = 2;
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

function select() {
  const words = values.only.split(/\s+/).filter(Boolean);
  const table = values.all || words.length > 0 ? everything : rows.short;
  const selected = table.filter(({ name }) => words.every((word) => name.split(' ').includes(word)));
  if (selected.length === 0) throw new Error(`no row has all of "${values.only}" in its name; --list shows them`);
  return selected;
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

/** Installs what the rows share: their processes would do it twice. */
async function prepare(selected) {
  const unique = (names) => [...new Set(names.filter(Boolean))];
  for (const group of unique(['tools', ...selected.flatMap(({ mcp, group }) => [mcp, group])])) await install(group);
  for (const node of unique(selected.map(({ node }) => node))) await platform(node);
}

/**
 * Runs the rows in processes that take one after the other. What fails runs once more: processes have limited time to deliver their
 * telemetry, and a busy machine may leave them none of it. @returns how many failed
 */
async function perform(selected, scratch) {
  const waiting = [...selected];
  let failed = 0;
  const take = async () => {
    let child;
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      const run = async (folder) => {
        if (!child?.connected) child = fork(worker);
        const result = await resultOf(child, { name: row.name, scratch: folder });
        report(row, result);
        return result.error === undefined;
      };
      if (!(await run(scratch)) && !(await run(path.join(scratch, 'again')))) failed += 1;
    }
    if (child?.connected) child.disconnect();
  };
  await Promise.all(Array.from({ length: workers }, take));
  return failed;
}

async function resultOf(child, row) {
  const waits = new AbortController();
  const { signal } = waits;
  const done = once(child, 'message', { signal });
  const ended = once(child, 'exit', { signal }).then(([code, signal]) => [
    { error: `its process ended with ${signal ?? code}` },
  ]);
  child.send(row);
  const [result] = await Promise.race([done, ended]);
  Promise.allSettled([done, ended]);
  waits.abort();
  return result;
}

function report({ name }, { error, note, seconds }) {
  if (error === undefined) console.log(`pass  ${name}  ${seconds.toFixed(1)} s${note ? `\n      ${note}` : ''}`);
  else console.log(`FAIL  ${name}\n${error.replace(/^/gm, '      ')}\n`);
}

async function main() {
  checkCoverage();
  const selected = select();
  if (values.list) {
    console.log(selected.map(({ name }) => name).join('\n'));
    return;
  }
  if (`${process.platform} ${process.arch}` !== 'linux x64') throw new Error('the pinned Nodes are for Linux x64');
  const start = performance.now();
  const scratch = await mkdtemp(path.join(tmpdir(), 'mcp-trail-bundles-'));
  let failed;
  try {
    await prepare(selected);
    console.log(`${selected.length} rows, packages ready in ${seconds(start)} s\n`);
    failed = await perform(selected, scratch);
  } finally {
    if (values.keep) console.log(`kept ${scratch}`);
    else await rm(scratch, { recursive: true, force: true });
  }
  console.log(`\nin ${seconds(start)} s\n${selected.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
