/**
 * Streamable HTTP in front of servers that speak over stdio, which the suite cannot reach: one process per session of 2025-11-25, and
 * one for all requests of 2026-07-28, which has no sessions. Prints its URL on the first line.
 * Usage: node test/conformance/bridge.mjs COMMAND [ARGUMENT…]
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { text as readAll } from 'node:stream/consumers';
import { localhostHostValidation, localhostOriginValidation, toWebRequest } from '@modelcontextprotocol/node';
import { isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server';

/** @typedef {Record<string, any>} Message */
/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {{ id: unknown, progressToken: unknown, stream: Stream }} Open */

/** Sessions that the suite has left are ended only when there are more. */
const MAX_SESSIONS = 6;
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bridge', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
/** Errors that have a status of their own in 2026-07-28. @type {Record<string, number>} */
const STATUS = { '-32601': 404, '-32021': 400 };

const [command = '', ...args] = process.argv.slice(2);

/** The answer to one HTTP request: JSON if the first message ends it, else a stream of events. */
class Stream {
  /** @param {Response} response @param {Record<string, string>} headers */
  constructor(response, headers) {
    this.response = response;
    this.headers = headers;
  }

  /** @param {Message} message */
  send(message) {
    this.open();
    this.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** @param {Message} message @param {number} status */
  end(message, status) {
    if (this.response.headersSent) {
      this.send(message);
      this.response.end();
    } else answer(this.response, status, message, this.headers);
  }

  open() {
    if (this.response.headersSent) return;
    this.response.writeHead(200, { ...this.headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.response.flushHeaders();
  }
}

/** A process, and the requests that it has not answered. */
class Server {
  /** By the id that the process knows. @type {Map<unknown, Open>} */
  #open = new Map();
  /** For what belongs to no request. @type {Stream | undefined} */
  standing;

  /** @param {Record<string, string>} [headers] of every response */
  constructor(headers = {}) {
    this.headers = headers;
    /** Only clients of different sessions can use the same ids. */
    this.isShared = headers['mcp-session-id'] === undefined;
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.exited = once(this.child, 'exit');
    createInterface(this.child.stdout).on('line', (line) => this.#take(JSON.parse(line)));
  }

  get isIdle() {
    return this.#open.size === 0;
  }

  async end() {
    this.child.stdin.end();
    await this.exited;
  }

  /** @param {Message} message */
  write(message) {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** A message of the client. @param {Message} message @param {Response} response */
  post(message, response) {
    if (message['method'] === undefined || message['id'] === undefined) {
      this.write(message);
      response.writeHead(202, this.headers).end();
      return;
    }
    const id = this.isShared ? randomUUID() : message['id'];
    const stream = new Stream(response, this.headers);
    this.#open.set(id, { id: message['id'], progressToken: message['params']?._meta?.progressToken, stream });
    response.once('close', () => {
      // The answer has not come: the client wants it no more.
      if (this.#open.delete(id) && this.isShared)
        this.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    });
    this.write({ ...message, id });
  }

  /** A message of the server. @param {Message} message */
  #take(message) {
    if (message['method'] !== undefined) return this.#streamFor(message)?.send(message);
    const open = this.#open.get(message['id']);
    this.#open.delete(message['id']);
    const subscription = message['result']?._meta?.[SUBSCRIPTION];
    if (open && subscription !== undefined) message['result']._meta[SUBSCRIPTION] = open.id;
    const status = this.isShared ? STATUS[message['error']?.code] : undefined;
    open?.stream.end({ ...message, id: open.id }, status ?? 200);
  }

  /** What a message of the server belongs to, as far as it says so. @param {Message} message */
  #streamFor({ params }) {
    const subscribed = this.#open.get(params?._meta?.[SUBSCRIPTION]);
    if (subscribed) params._meta[SUBSCRIPTION] = subscribed.id;
    const token = params?.progressToken;
    const open = [...this.#open.values()];
    const found = subscribed ?? open.find(({ progressToken }) => token !== undefined && progressToken === token);
    return found?.stream ?? open.at(-1)?.stream ?? this.standing;
  }
}

/** @param {Response} response @param {number} status @param {Message} [body] @param {Record<string, string>} [headers] */
function answer(response, status, body, headers) {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' });
  response.end(body && JSON.stringify(body));
}

const refuse = (/** @type {Response} */ response, /** @type {number} */ status, /** @type {number} */ code) =>
  answer(response, status, { jsonrpc: '2.0', id: null, error: { code, message: 'Refused by the bridge' } });

/** @type {Map<string, Server>} */
const sessions = new Map();
/** @type {Set<Promise<void>>} */
const ending = new Set();
/** @type {Server | undefined} */
let shared;

function openSession() {
  const id = randomUUID();
  const session = new Server({ 'mcp-session-id': id });
  const [oldest] = [...sessions].filter(([, { isIdle }]) => isIdle);
  if (oldest && sessions.size >= MAX_SESSIONS) endSession(oldest[0]);
  sessions.set(id, session);
  return session;
}

/** One host's connection, which begins as that of a host does: its first message says which revision it speaks. */
function openShared() {
  const server = new Server();
  server.write({ jsonrpc: '2.0', id: 'hello', method: 'tools/list', params: { _meta: ENVELOPE } });
  return server;
}

/** @param {string} id */
function endSession(id) {
  const session = sessions.get(id);
  sessions.delete(id);
  if (session) ending.add(session.end());
}

const allowedHost = localhostHostValidation();
const allowedOrigin = localhostOriginValidation();

const http = createServer(async (request, response) => {
  if (!allowedHost(request, response) || !allowedOrigin(request, response)) return;
  const raw = await readAll(request);
  let body;
  try {
    body = raw === '' ? undefined : JSON.parse(raw);
  } catch {
    return refuse(response, 400, -32700);
  }
  if (!(await isLegacyRequest(await toWebRequest(request, body), body))) {
    if (request.method !== 'POST') return refuse(response, 405, -32000);
    shared ??= openShared();
    return shared.post(body, response);
  }
  const id = String(request.headers['mcp-session-id'] ?? '');
  const session = id === '' && isInitializeRequest(body) ? openSession() : sessions.get(id);
  if (session === undefined) return refuse(response, id === '' ? 400 : 404, -32001);
  if (request.method === 'POST') return session.post(body, response);
  if (request.method === 'DELETE') {
    endSession(id);
    return answer(response, 200);
  }
  session.standing = new Stream(response, session.headers);
  session.standing.open();
});

process.once('SIGTERM', async () => {
  http.close();
  http.closeAllConnections();
  for (const id of sessions.keys()) endSession(id);
  await Promise.all([...ending, shared?.end()]);
  process.exit(0);
});

http.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  console.log(`http://127.0.0.1:${port}/mcp`);
});
