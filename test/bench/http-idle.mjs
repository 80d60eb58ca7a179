/**
 * The cost of an HTTP request in a process that has imported mcp-trail but instruments nothing. Each round is a separate process,
 * interleaved with one without the import: `node test/bench/http-idle.mjs [rounds]`. Handlers answer at once or after some
 * promises; `traced` ones run in an async context, as with HTTP tracing.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const REQUESTS = 10_000;
const WARM_UP = 3000;
const CONNECTIONS = 4;
/** A request of a non-MCP client. */
const HEADERS = { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'bench/1.0' };
const IMPORTED = ['--import', 'mcp-trail'];
const HANDLERS = {
  'at once': (_, response) => response.end('ok'),
  promises: answerLater,
  'traced, promises': (incoming, response) => context.run({}, answerLater, incoming, response),
};
const context = new AsyncLocalStorage();
const VARIANTS = Object.keys(HANDLERS).flatMap((handler) => [
  { name: `${handler}: bare`, handler, execArgv: [] },
  { name: `${handler}: bare again`, handler, execArgv: [] },
  { name: `${handler}: imported`, handler, execArgv: IMPORTED },
]);

if (process.send !== undefined) serve();
else await measure(Number(process.argv[2] ?? 9));

async function answerLater(incoming, response) {
  for await (const _ of incoming);
  await Promise.resolve();
  response.end('ok');
}

/** Answers, and reports its CPU time. */
function serve() {
  const server = createServer(HANDLERS[process.argv[2]]);
  let before;
  process.on('message', (what) => {
    if (what === 'start') before = process.cpuUsage();
    const { user, system } = process.cpuUsage(before);
    process.send((user + system) / REQUESTS);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function measure(rounds) {
  const taken = Object.fromEntries(VARIANTS.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, handler, execArgv } of VARIANTS) taken[name].push(await one(handler, execArgv));
  }
  for (const [name, all] of Object.entries(taken)) {
    all.sort((a, b) => a - b);
    const [median, min, max] = [all[all.length >> 1], all[0], all.at(-1)].map((each) => each.toFixed(2));
    process.stdout.write(`${name.padEnd(28)} median ${median} µs per request, ${min}..${max}\n`);
  }
}

async function one(handler, execArgv) {
  const child = fork(fileURLToPath(import.meta.url), [handler], { execArgv });
  const said = async () => (await once(child, 'message'))[0];
  const port = await said();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  await ask(port, agent, WARM_UP);
  child.send('start');
  await said();
  await ask(port, agent, REQUESTS);
  child.send('stop');
  const microseconds = await said();
  agent.destroy();
  child.kill();
  await once(child, 'exit');
  return microseconds;
}

async function ask(port, agent, count) {
  let left = count;
  const post = async () => {
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST', headers: HEADERS });
    sent.end('{}');
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
  };
  const worker = async () => {
    while (left-- > 0) await post();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}
