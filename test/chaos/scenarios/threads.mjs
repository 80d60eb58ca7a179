/** Each thread has a chain of its own, and one that is terminated leaves the records of what it had answered. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ROOT, readRecords, unexpected } from '../place.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/threads.mjs', import.meta.url));

/** @param {import('../place.mjs').Place} place */
async function run(place) {
  const file = place.at('audit.jsonl');
  const output = execFileSync(process.execPath, ['--import', 'mcp-trail/register', PROGRAM], {
    cwd: ROOT,
    env: place.settings(file, 'threads'),
    encoding: 'utf8',
  });
  /** @type {number[]} */
  const answered = JSON.parse(output);
  const { records } = readRecords(file);
  const faults = unexpected('the file', await place.verify('--pin', place.pins, file), [0], ['reported tail']);
  const chains = new Set(records.map((record) => record['mcp_audit.chain.id'])).size;
  if (chains !== answered.length) faults.push(`${answered.length} threads have ${chains} chains`);
  let missing = 0;
  for (const [thread, count] of answered.entries()) {
    const own = records.filter((record) => record['gen_ai.tool.name'] === `echo-${thread}`);
    if (new Set(own.map((record) => record['mcp_audit.chain.id'])).size !== 1) {
      faults.push(`the records of thread ${thread} are not in one chain`);
    }
    for (const side of ['client', 'server']) {
      for (const event of ['mcp_audit.request', 'mcp_audit.response']) {
        const found = own.filter((record) => record['mcp_audit.side'] === side && record['event_name'] === event);
        missing += Math.max(0, count - new Set(found.map((record) => record['jsonrpc.request.id'])).size);
      }
    }
  }
  if (missing > 0) faults.push(`${missing} records of answered calls are missing`);
  const sum = answered.reduce((a, b) => a + b, 0);
  return {
    counts: { threads: answered.length, terminated: 1, answered: sum, 'missing records': missing, chains },
    faults,
  };
}

export const threads = [{ name: 'worker threads', run }];
