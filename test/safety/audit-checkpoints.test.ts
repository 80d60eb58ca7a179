/** Signed trails of real processes: however they end, the last checkpoint covers the trail, and is in the second place. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordsIn, Scratch } from './audit-trails.js';
import { Child, run } from './child.js';
import { callEcho, HANDSHAKE, SERVERS, type ServerRow } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

let server: Server;
let url: string;
let bodies: string[];
beforeEach(async () => {
  bodies = [];
  server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const { file, preload } = SERVERS[0] as ServerRow;
const linesIn = (path: string) => readFileSync(path, 'utf8').trim().split('\n');

/** The first checkpoint is the second record. */
function firstAndLast(path: string): (string | undefined)[] {
  const lines = linesIn(path);
  return [lines[1], lines.at(-1)];
}

async function serve(end: (child: Child) => void, env: Record<string, string>) {
  const path = scratch.path();
  const child = new Child([...preload, file], {
    ...scratch.signed,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    MCP_TRAIL_AUDIT: 'file',
    MCP_TRAIL_AUDIT_FILE: path,
    ...env,
  });
  child.write(...HANDSHAKE, callEcho('only'));
  await child.printed('"id":"echo only"');
  end(child);
  return { ended: await child.ended, path };
}

const WAYS: Readonly<Record<string, readonly [end: (child: Child) => void, env: Record<string, string>]>> = {
  'the end of its input': [(child) => child.endInput(), {}],
  'process.exit': [(child) => child.kill('SIGTERM'), { SAFETY_ON_SIGTERM: 'exit' }],
  SIGTERM: [(child) => child.kill('SIGTERM'), {}],
  SIGINT: [(child) => child.kill('SIGINT'), {}],
};

describe.each(Object.entries(WAYS))('a server that ends by %s', (_, [end, env]) => {
  it('has its last checkpoint at the URL', async () => {
    const { ended, path } = await serve(end, { ...env, MCP_TRAIL_AUDIT_CHECKPOINTS: url });
    expect(ended.stderr).toBe('');
    expect(recordsIn(path).at(-1)?.event_name).toBe('mcp_audit.checkpoint');
    expect(bodies.at(-1)).toBe(linesIn(path).at(-1));
  });

  it('has its first and last checkpoint in another file, and on stderr', async () => {
    const second = scratch.path('checkpoints.jsonl');
    const inFile = await serve(end, { ...env, MCP_TRAIL_AUDIT_CHECKPOINTS: second });
    expect(linesIn(second)).toEqual(firstAndLast(inFile.path));
    const onStderr = await serve(end, { ...env, MCP_TRAIL_AUDIT_CHECKPOINTS: 'stderr' });
    expect(onStderr.ended.stderr.trim().split('\n')).toEqual(firstAndLast(onStderr.path));
  });
});

it('a server whose URL is down says so once, ends as soon, and has its trail', async () => {
  server.close();
  const { ended, path } = await serve((child) => child.endInput(), { MCP_TRAIL_AUDIT_CHECKPOINTS: url });
  expect(ended.code).toBe(0);
  expect(ended.stderr).toMatch(
    /^mcp-trail: checkpoints of the audit trail .*MCP_TRAIL_AUDIT_CHECKPOINTS: cannot send to http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\n$/,
  );
  expect(recordsIn(path).at(-1)?.event_name).toBe('mcp_audit.checkpoint');
});

/** A host that drops packets: nothing takes connections from a queue that is full. */
async function droppingHost() {
  const listen = "require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {";
  const child = spawn(process.execPath, ['-e', `${listen} process.stdout.write(String(this.address().port)); })`]);
  const [port] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const queued = [1, 2, 3, 4].map(() => connect(Number(port), '127.0.0.1').on('error', () => {}));
  await Promise.all(queued.slice(0, 2).map((socket) => once(socket, 'connect')));
  const stop = () => {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
  };
  return { origin: `http://127.0.0.1:${port}`, stop };
}

it('a server whose URL drops packets is not kept alive by it', async () => {
  const { origin, stop } = await droppingHost();
  let start = 0;
  const end = (child: Child) => {
    start = performance.now();
    child.endInput();
  };
  const { ended, path } = await serve(end, { MCP_TRAIL_AUDIT_CHECKPOINTS: origin });
  const took = performance.now() - start;
  stop();
  expect(ended.stderr).toContain(`cannot send to ${origin}: ETIMEDOUT`);
  expect(recordsIn(path).at(-1)?.event_name).toBe('mcp_audit.checkpoint');
  // The operating system would try for minutes, and the timeout of a request is ten seconds.
  expect(took).toBeLessThan(8000);
});

it('each thread and each forked process has a chain of its own in the file they share', async () => {
  const path = scratch.path();
  const ended = await run(['test/fixtures/audit-threads.mjs', path], { env: scratch.signed });
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  const all = recordsIn(path);
  const chains = new Set(all.map((record) => record['mcp_audit.chain.id']));
  expect(chains.size).toBe(4);
  for (const chain of chains) {
    const records = all.filter((record) => record['mcp_audit.chain.id'] === chain);
    expect(records.map((record) => record['audit.sequence.number'])).toEqual([...records.keys()].map((n) => n + 1));
    const checkpoints = records.filter(({ event_name }) => event_name === 'mcp_audit.checkpoint');
    expect(checkpoints.map((record) => record['mcp_audit.checkpoint.size'])).toEqual([1, 102, 124]);
    expect(records.at(-1)).toBe(checkpoints.at(-1));
  }
});
