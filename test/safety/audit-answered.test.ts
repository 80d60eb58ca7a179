/** Once a client has an answer, the trail contains its outcome, even if the server process is killed. */
import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { Scratch } from './audit-trails.js';
import { Child } from './child.js';
import { HANDSHAKE } from './stdio-servers.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const SERVER = 'test/fixtures/answering-server.mjs';
const NO_EXPORT = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
/** How many processes are killed on each transport. */
const KILLS = 4;

type Message = Readonly<Record<string, unknown>> & { readonly id: string };

/** Sends a message and resolves at the first byte of its answer. */
type Ask = (message: Message, headers?: Record<string, string>) => Promise<void>;

const call = (name: string, id: string): Message => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});
/** Every kind of answer: a result at once, a later one, a failed tool, an error of the protocol. */
const CALLS = [
  call('quick', 'a result at once'),
  call('slow', 'a later result'),
  call('fails', 'a failed tool'),
  { jsonrpc: '2.0', id: 'an unknown method', method: 'acme/unheard', params: {} },
];

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Sends a message by POST; resolves with the first byte of the response's body, or at its end. */
function post(url: string, message: unknown, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { ...HEADERS, ...headers }, agent: false }, (response) => {
      response.once('data', () => resolve(response)).once('end', () => resolve(response));
      response.on('error', () => {});
    });
    sent.on('error', reject).end(JSON.stringify(message));
  });
}

const INITIALIZE = JSON.parse(HANDSHAKE[0] as string);
const INITIALIZED = JSON.parse(HANDSHAKE[1] as string);

async function overStdio(child: Child): Promise<Ask> {
  child.write(...HANDSHAKE);
  await child.printed('"id":"handshake"');
  return (message) => {
    child.write(JSON.stringify(message));
    return child.printed(`"id":"${message.id}"`);
  };
}

/** Bodies of a host that has no Node.js response. */
async function overLines(child: Child): Promise<Ask> {
  return (message) => {
    child.write(JSON.stringify(message));
    return child.printed(`"id":"${message.id}"`);
  };
}

async function overSessions(child: Child): Promise<Ask> {
  await child.printed('/mcp');
  const { headers } = await post(child.firstLine, INITIALIZE);
  const session = { 'mcp-session-id': String(headers['mcp-session-id']) };
  await post(child.firstLine, INITIALIZED, session);
  return async (message, headers) => void (await post(child.firstLine, message, { ...session, ...headers }));
}

async function overPost(child: Child): Promise<Ask> {
  await child.printed('/mcp');
  return async (message) => void (await post(child.firstLine, message));
}

/** The revision whose messages are self-contained. */
async function overModernPost(child: Child): Promise<Ask> {
  await child.printed('/mcp');
  return async ({ params, ...message }) => {
    const { name } = params as { name?: string };
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'handmade', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': String(message['method']) };
    const named = name === undefined ? headers : { ...headers, 'mcp-name': name };
    await post(child.firstLine, { ...message, params: { ...(params as object), _meta } }, named);
  };
}

/** Messages go out by POST and come back on the stream of a GET. */
async function overSse(child: Child): Promise<Ask> {
  await child.printed('/mcp');
  const received = new Received();
  await new Promise<void>((resolve, reject) => {
    const opened = request(child.firstLine, { agent: false }, (stream) => {
      stream.on('data', (chunk) => received.add(chunk)).on('error', () => {});
      resolve();
    });
    opened.on('error', reject).end();
  });
  const [, path] = await received.has(/data: (\/mcp\S+)/);
  const to = new URL(path as string, child.firstLine).href;
  const ask: Ask = async (message) => {
    post(to, message).catch(() => {});
    await received.has(new RegExp(`"id":"${message.id}"`));
  };
  await ask(INITIALIZE);
  await post(to, INITIALIZED);
  return ask;
}

async function overSocket(child: Child): Promise<Ask> {
  await child.printed('\n');
  const socket = connect(Number(child.firstLine), '127.0.0.1').on('error', () => {});
  const received = new Received();
  socket.on('data', (chunk) => received.add(chunk));
  const ask: Ask = async (message) => {
    socket.write(`${JSON.stringify(message)}\n`);
    await received.has(new RegExp(`"id":"${message.id}"`));
  };
  await ask(INITIALIZE);
  socket.write(`${JSON.stringify(INITIALIZED)}\n`);
  return ask;
}

/** A stream of text that can be waited on. */
class Received {
  #text = '';
  readonly #looks = new Set<() => void>();

  add(chunk: unknown): void {
    this.#text += String(chunk);
    for (const look of this.#looks) look();
  }

  has(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = () => {
        const found = pattern.exec(this.#text);
        if (found === null) return;
        this.#looks.delete(look);
        resolve(found);
      };
      this.#looks.add(look);
      look();
    });
  }
}

/** The ids of the requests whose outcome is in a trail. Incomplete lines are ignored. */
function outcomesIn(path: string): { readonly id: unknown; readonly status: unknown; readonly http: unknown }[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line))
    .filter((record) => record.event_name === 'mcp_audit.response')
    .map((record) => ({
      id: record['jsonrpc.request.id'],
      status: record['mcp_audit.status'],
      http: record['http.response.status_code'],
    }));
}

interface Row {
  readonly transport: string;
  readonly open: (child: Child) => Promise<Ask>;
  /** The HTTP status of a result, if known. */
  readonly status?: number;
}

const TRANSPORTS: readonly Row[] = [
  { transport: 'stdio v1', open: overStdio },
  { transport: 'stdio v2', open: overStdio },
  { transport: 'http v1 sessions sse', open: overSessions, status: 200 },
  { transport: 'http v1 sessions json', open: overSessions, status: 200 },
  { transport: 'http v1 stateless sse', open: overPost, status: 200 },
  { transport: 'http v1 stateless json', open: overPost, status: 200 },
  { transport: 'http v2 sessions sse', open: overSessions, status: 200 },
  { transport: 'http v2 sessions json', open: overSessions, status: 200 },
  { transport: 'http v2 entry', open: overPost, status: 200 },
  { transport: 'http v2 entry', open: overModernPost, status: 200 },
  { transport: 'http v2 entry sse', open: overModernPost, status: 200 },
  { transport: 'sse v1', open: overSse },
  { transport: 'web v2', open: overLines },
  { transport: 'custom v1', open: overSocket },
];

async function serve({ transport, open }: Row): Promise<{ child: Child; ask: Ask; path: string }> {
  const path = scratch.path();
  const env = { ...NO_EXPORT, MCP_TRAIL_AUDIT: 'file', MCP_TRAIL_AUDIT_FILE: path };
  const child = new Child(['--import', 'mcp-trail/register', SERVER, transport], env);
  return { child, ask: await open(child), path };
}

describe.each([
  { transport: 'http v1 sessions json', open: overSessions },
  { transport: 'http v1 sessions sse', open: overSessions },
])('on $transport', (row) => {
  it('the outcomes of a batch are on file when the first byte of their answers is read', async () => {
    const { child, ask, path } = await serve(row);
    const ids = ['batch 1', 'batch 2', 'batch 3'];
    // One HTTP request with several messages, in the protocol revision that has batches.
    await ask(ids.map((id) => call('slow', id)) as never, { 'mcp-protocol-version': '2025-03-26' });
    const there = outcomesIn(path).filter(({ id }) => ids.includes(String(id)));
    child.kill('SIGKILL');
    await child.ended;
    if (row.transport.endsWith('json')) expect(there).toHaveLength(3);
    else expect(there.length).toBeGreaterThan(0);
    for (const outcome of there) expect(outcome).toMatchObject({ status: 'ok', http: 200 });
  });
});

describe.each(TRANSPORTS.map((row) => ({ ...row, name: `${row.transport} ${row.open.name}` })))('on $name', (row) => {
  it('the outcome of every call is on file when the first byte of its answer is read', async () => {
    const { child, ask, path } = await serve(row);
    const missing: string[] = [];
    for (const message of CALLS) {
      await ask(message);
      if (!outcomesIn(path).some(({ id }) => id === message.id)) missing.push(message.id);
    }
    child.kill('SIGKILL');
    await child.ended;
    expect(missing).toEqual([]);
    const [first] = outcomesIn(path).filter(({ id }) => id === 'a result at once');
    expect(first).toMatchObject({ status: 'ok' });
    if (row.status !== undefined) expect(first?.http).toBe(row.status);
  });

  it('a server that is killed when its answer is read has left the outcome', async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const { child, ask, path } = await serve(row);
      const message = call(kill % 2 === 0 ? 'quick' : 'slow', `call ${kill}`);
      await ask(message);
      child.kill('SIGKILL');
      await child.ended;
      expect(outcomesIn(path).filter(({ id }) => id === message.id)).toMatchObject([{ status: 'ok' }]);
    }
  });
});
