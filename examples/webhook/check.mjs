/** Calls the server's tool, with a listener that is down at first, and another that never answers. Exits with code 1 if a check fails. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
const CALLS = 150;
const MAX_BATCH = 100;
/** The end of the process waits for two seconds; the rest is the start and the end of a process on a busy machine. */
const END_LIMIT_MS = 15_000;
/** The end of the process leaves a second and a half to deliver, and a busy machine may leave it none of that. */
const TRIES = 3;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A listener on a free port. @param {(batch: string[], response: import('node:http').ServerResponse) => void} answer */
async function listen(answer) {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    answer(body.split('\n').filter(Boolean), response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/audit`, close };
}

/** Starts the server, calls its tool, and waits until it has ended. Returns how long that took. @param {string} url @param {number} calls */
async function run(url, calls) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [SERVER],
    env: { PATH: process.env.PATH ?? '', WEBHOOK_URL: url },
  });
  const client = new Client({ name: 'agent', version: '1.0.0' });
  await client.connect(transport);
  const pid = transport.pid;
  for (let count = 0; count < calls; count++) {
    const { content } = await client.callTool({ name: 'get_weather', arguments: { city: 'Lisbon' } });
    assert.equal(content[0].text, 'It is sunny in Lisbon.');
  }
  const start = performance.now();
  await client.close();
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now() - start;
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const sha256 = (/** @type {string} */ line) => createHash('sha256').update(line).digest('hex');

async function everythingArrives() {
  /** @type {string[][]} */
  const batches = [];
  let requests = 0;
  const listener = await listen((batch, response) => {
    requests += 1;
    if (requests <= 2) return void response.writeHead(503).end();
    batches.push(batch);
    // The confirmation of one is lost.
    if (requests === 3) return void response.destroy();
    response.end();
  });
  try {
    await run(listener.url, CALLS);
  } finally {
    listener.close();
  }
  const received = batches.flat();
  const lines = [...new Map(received.map((line) => [JSON.parse(line)['audit.record.id'], line])).values()];
  const records = lines.map((line) => JSON.parse(line));
  for (const [index, record] of records.entries()) {
    const before = index === 0 ? '' : lines[index - 1];
    assert.equal(record['audit.sequence.number'], index + 1, 'a record is missing');
    assert.equal(record['audit.prev.hash'], sha256(before), 'a record was changed');
  }
  assert.equal(records.at(-1).event_name, 'mcp_audit.stopped', 'the end of the trail is missing');
  const calls = records.filter((record) => record['mcp.method.name'] === 'tools/call');
  assert.equal(calls.length, 2 * CALLS, 'a call has not two records');
  assert(
    batches.every((batch) => batch.length <= MAX_BATCH),
    'a batch is too long',
  );
  assert(received.length > lines.length, 'nothing was sent again');
  return `${lines.length} records in ${batches.length} batches, linked; ${received.length - lines.length} sent again`;
}

async function nothingWaits() {
  const listener = await listen(() => {});
  try {
    const took = await run(listener.url, 1);
    assert(took < END_LIMIT_MS, `the server has ended after ${Math.round(took)} ms`);
  } finally {
    listener.close();
  }
  return 'calls are answered, and the server ends';
}

async function noAnswerHoldsItsConnection() {
  /** @type {import('node:http').ServerResponse[]} */
  const responses = [];
  let open = 0;
  const listener = await listen((_batch, response) => {
    responses.push(response.writeHead(200));
    // Its end never comes.
    response.write('thanks');
    open = Math.max(open, responses.filter(({ destroyed }) => !destroyed).length);
  });
  try {
    await run(listener.url, CALLS);
  } finally {
    listener.close();
  }
  assert(responses.length > 2, 'there were too few batches');
  assert(open <= 2, `${open} connections were held`);
  return 'no connection is held';
}

async function noListenerIsAnError() {
  const server = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [[code], says] = await Promise.all([once(server, 'close'), text(server.stderr)]);
  assert.equal(code, 1);
  assert.match(says, /WEBHOOK_URL is not a URL/);
  return 'the server does not start';
}

const CHECKS = {
  'a listener that is down, and loses a confirmation': everythingArrives,
  'a listener that never answers': nothingWaits,
  'a listener whose answers never end': noAnswerHoldsItsConnection,
  'no listener': noListenerIsAnError,
};

for (const [name, check] of Object.entries(CHECKS)) {
  let said = '';
  for (let tries = 0; tries < TRIES && !said.startsWith('ok'); tries++) {
    said = await check().then(
      (what) => `ok      ${name}: ${what}`,
      (error) => `failed  ${name}: ${error.message}`,
    );
    console.log(said);
  }
  if (!said.startsWith('ok')) process.exitCode = 1;
}
