/**
 * The example server of the conformance comparison: Streamable HTTP on a free loopback port, both revisions on one path.
 * Serves 2025-11-25 with sessions and resumable streams, and 2026-07-28 without state. Prints its URL on the first line.
 */
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node';
import { createMcpHandler, isInitializeRequest, isLegacyRequest } from '@modelcontextprotocol/server';
import { createServer } from './catalogue.mjs';

const allowedHost = localhostHostValidation();
const allowedOrigin = localhostOriginValidation();
/** @type {import('@modelcontextprotocol/server').McpHttpHandler} */
const handler = createMcpHandler(() => createServer(handler.notify), { legacy: 'reject' });
const stateless = toNodeHandler(handler);
/** @type {Map<string, NodeStreamableHTTPServerTransport>} */
const sessions = new Map();

/** Stores sent messages, so that a client can resume a lost stream. */
function createEventStore() {
  /** @type {{ streamId: string, message: any }[]} */
  const events = [];
  return {
    storeEvent: async (/** @type {string} */ streamId, /** @type {any} */ message) =>
      String(events.push({ streamId, message })),
    replayEventsAfter: async (
      /** @type {string} */ lastEventId,
      /** @type {{ send: (id: string, message: any) => Promise<void> }} */ { send },
    ) => {
      const last = Number(lastEventId);
      const { streamId } = events[last - 1];
      for (const [index, event] of events.entries())
        if (index >= last && event.streamId === streamId) await send(String(index + 1), event.message);
      return streamId;
    },
  };
}

async function openSession() {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: createEventStore(),
    retryInterval: 100,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await createServer().connect(transport);
  return transport;
}

function refuse(
  /** @type {import('node:http').ServerResponse} */ response,
  /** @type {number} */ status,
  /** @type {number} */ code,
  /** @type {string} */ message,
) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
}

const http = createHttpServer(async (request, response) => {
  if (!allowedHost(request, response) || !allowedOrigin(request, response)) return;
  const raw = await readAll(request);
  let body;
  try {
    body = raw === '' ? undefined : JSON.parse(raw);
  } catch {
    return refuse(response, 400, -32700, 'Parse error');
  }
  if (!(await isLegacyRequest(await toWebRequest(request, body), body)))
    return stateless(request, /** @type {any} */ (response), body);

  const id = request.headers['mcp-session-id'];
  const session = typeof id === 'string' ? sessions.get(id) : isInitializeRequest(body) ? await openSession() : null;
  if (session) return session.handleRequest(request, response, body);
  if (session === undefined) return refuse(response, 404, -32001, 'Session not found');
  return refuse(response, 400, -32000, 'Session id is missing');
});

http.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  console.log(`http://127.0.0.1:${port}/mcp`);
});
