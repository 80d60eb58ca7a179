/**
 * What `audit.fileSync: 'disk'` costs a call: a server with an audit file, and a client in the same process.
 * `npm run bench:sync [-- FOLDER]`, on the file system of the folder; default: the working directory.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { instrumentServer } from 'mcp-trail';

const SECONDS = 3;
const ROUNDS = 3;
const folder = mkdtempSync(join(resolve(process.argv[2] ?? '.'), 'mcp-trail-bench-'));

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** A sync of one appended line, in milliseconds. */
function syncMs() {
  const descriptor = openSync(join(folder, 'line'), 'a');
  const times = Array.from({ length: 100 }, () => {
    writeSync(descriptor, `${'x'.repeat(1200)}\n`);
    const before = performance.now();
    fdatasyncSync(descriptor);
    return performance.now() - before;
  });
  closeSync(descriptor);
  return median(times);
}

/** @param {string} fileSync @param {number} atOnce @param {number} round */
async function measured(fileSync, atOnce, round) {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool('work', {}, () => ({ content: [{ type: 'text', text: 'ok' }] }));
  const file = join(folder, `${fileSync}-${atOnce}-${round}.jsonl`);
  const handle = instrumentServer(server, { audit: { delivery: 'file', file, fileSync } });
  const client = new Client({ name: 'bench', version: '1.0.0' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  /** @type {number[]} */
  const times = [];
  const end = performance.now() + SECONDS * 1000;
  const calling = async () => {
    for (let before = performance.now(); before < end; before = performance.now()) {
      await client.callTool({ name: 'work', arguments: {} });
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, calling));
  await client.close();
  handle.disable();
  return { ms: median(times), perSecond: times.length / SECONDS };
}

const cells = [1, 8, 64].flatMap((atOnce) => ['os', 'disk'].map((fileSync) => ({ atOnce, fileSync })));
/** @type {{ ms: number, perSecond: number }[][]} */
const rounds = [];
const syncs = [];
try {
  // Interleaved: what disturbs one disturbs its neighbour as well.
  for (let round = 0; round < ROUNDS; round++) {
    syncs.push(syncMs());
    const row = [];
    for (const { fileSync, atOnce } of cells) row.push(await measured(fileSync, atOnce, round));
    rounds.push(row);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`a sync of one line takes ${median(syncs).toFixed(2)} ms here\n`);
console.log('| calls at once | `fileSync` | median ms per call | calls per second |');
console.log('| ---: | --- | ---: | ---: |');
for (const [index, { fileSync, atOnce }] of cells.entries()) {
  const of = (/** @type {'ms' | 'perSecond'} */ key) => median(rounds.map((row) => row[index]?.[key] ?? Number.NaN));
  console.log(`| ${atOnce} | \`${fileSync}\` | ${of('ms').toFixed(2)} | ${of('perSecond').toFixed(0)} |`);
}
