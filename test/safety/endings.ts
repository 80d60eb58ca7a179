/** Applications that are ended with and without mcp-trail, and the endpoints that they export to. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Child, type Ended } from './child.js';

export const APP = 'test/fixtures/ending-app.mjs';
export const REGISTER: readonly string[] = ['--import', 'mcp-trail/register'];

export interface Ending {
  /** How the application handles signals: one or several of the fixture's ways. */
  readonly ending?: string;
  /** Options of Node.js. */
  readonly preload?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the application when it is ready: a signal, or a function. */
  readonly by?: NodeJS.Signals | ((child: Child) => Promise<unknown>);
}

/** Starts the application and ends it. Returns its output and how long the end took in milliseconds. */
export async function endApp(options: Ending): Promise<Ended & { readonly took: number }> {
  const { ending = 'nothing', preload = [], env = {}, by = 'SIGTERM' } = options;
  const child = new Child([...preload, APP], { ENDING: ending, ...env });
  await child.printed('ready\n');
  const start = performance.now();
  if (typeof by === 'string') child.kill(by);
  else await by(child);
  const ended = await child.ended;
  return { ...ended, took: performance.now() - start };
}

export interface DeadEndpoints {
  readonly urls: { readonly refused: string; readonly 'black hole': string };
  close(): void;
}

/** A process that neither accepts nor refuses connections after the first few. */
const FULL = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** An endpoint that does not answer connection attempts, as behind a firewall that drops packets. */
export async function unconnectableEndpoint(): Promise<{ readonly url: string; close(): void }> {
  const child = new Child(['-e', FULL]);
  await child.printed('\n');
  const port = Number(child.firstLine);
  // These fill the backlog.
  const sockets = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await new Promise((resolve) => sockets[0]?.once('connect', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

/** An endpoint that refuses connections, and one that accepts them and never answers. */
export async function deadEndpoints(): Promise<DeadEndpoints> {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
  const closed = createServer();
  const [silentPort, closedPort] = await Promise.all([silent, closed].map(listen));
  await new Promise((resolve) => closed.close(resolve));
  return {
    urls: { refused: `http://127.0.0.1:${closedPort}`, 'black hole': `http://127.0.0.1:${silentPort}` },
    close() {
      for (const socket of sockets) socket.destroy();
      silent.close();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
