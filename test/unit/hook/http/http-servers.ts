/** Real servers on a free port of the loopback interface, and requests to them. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

export interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly agent?: Agent;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The client's port. */
  readonly port: number;
}

/** Things to be undone after each test, the last one first. */
export function undoing(): (undo: () => unknown) => void {
  const undos: (() => unknown)[] = [];
  afterEach(async () => {
    for (const undo of undos.splice(0).reverse()) await undo();
  });
  return (undo) => void undos.push(undo);
}

/** Listens; returns the port. */
export async function listen(server: Server, later: (undo: () => unknown) => void): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  later(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export function serve(listener: RequestListener, later: (undo: () => unknown) => void): Promise<number> {
  return listen(createServer(listener), later);
}

/** Sends a request and waits for the whole answer. */
export async function ask(port: number, { body, ...options }: Asked = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, agent: false, ...options });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const port_ = response.socket.localPort as number;
  const chunks = await response.toArray();
  return {
    status: response.statusCode as number,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
    port: port_,
  };
}

/** One connection for all requests. */
export function oneConnection(later: (undo: () => unknown) => void): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  later(() => agent.destroy());
  return agent;
}
