/**
 * A server that answers `tools/call` and ends as `ENDS_HOW` selects: over stdio, over HTTP, or over HTTP in a
 * worker thread (`ENDS_KIND`). SIGUSR2 is its cue where nothing else ends it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import onExit3 from 'signal-exit-3';
import { onExit } from 'signal-exit-4';
import { z } from 'zod';

const { ENDS_KIND: kind, ENDS_HOW: how } = process.env;

function newServer() {
  const server = new McpServer({ name: 'ends', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { value: z.string() } }, async ({ value }) => ({
    content: [{ type: 'text', text: value }],
  }));
  return server;
}

async function serveStdio() {
  await newServer().connect(new StdioServerTransport());
  return () => process.stdin.destroy();
}

/** Without sessions; answers as a stream from the main thread, and as JSON from a worker. */
async function serveHttp() {
  const http = createServer(async (request, response) => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: undefined,
      enableJsonResponse: !isMainThread,
    });
    await newServer().connect(transport);
    await transport.handleRequest(request, response);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  const tell = isMainThread ? console.log : (/** @type {string} */ url) => parentPort?.postMessage(url);
  tell(`http://127.0.0.1:${port}/`);
  return () => {
    http.close();
    http.closeAllConnections();
    parentPort?.close();
  };
}

async function serveInWorker() {
  const worker = new Worker(new URL(import.meta.url));
  worker.once('message', (url) => console.log(url));
  return () => worker.postMessage('end');
}

const SERVE = { stdio: serveStdio, http: serveHttp, worker: serveInWorker };
const DRAIN_MS = 200;

/** How a serving thread ends. @type {Record<string, (close: () => void) => void>} */
const ON_CUE = {
  natural: (close) => close(),
  exit: () => process.exit(0),
  'exit before exit': (close) => {
    process.on('beforeExit', () => process.exit(0));
    close();
  },
  throw: () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  },
};

/** What the main thread sets up at the start. @type {Record<string, (close: () => void) => void>} */
const PREPARED = {
  'exit at the end of input': () => process.stdin.on('end', () => process.exit(0)),
  'SIGTERM drain': (close) => process.once('SIGTERM', () => setTimeout(close, DRAIN_MS)),
  'SIGTERM drain exit': () => process.once('SIGTERM', () => setTimeout(() => process.exit(0), DRAIN_MS)),
  'SIGTERM signal-exit 3': () => onExit3(() => {}),
  'SIGTERM signal-exit 4': () => onExit(() => {}),
};

if (isMainThread) {
  const close = await SERVE[kind]();
  PREPARED[how]?.(close);
  // A worker acts on the cue itself.
  const onCue = kind === 'worker' ? close : () => ON_CUE[how]?.(close);
  process.on('SIGUSR2', onCue);
} else {
  const close = await serveHttp();
  parentPort?.once('message', () => (ON_CUE[how] ?? ON_CUE['natural'])(close));
}
