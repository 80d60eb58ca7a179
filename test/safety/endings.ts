/** Applications that are ended with and without mcp-trail, and the endpoints that they export to. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { refusingPort } from '../support/refusing-port.mjs';
import { Child, type Ended } from './child.js';

export const APP = 'test/fixtures/ending-app.mjs';
export const REGISTER: readonly string[] = ['--import', 'mcp-trail/register'];

/** Batches do not leave by timer: what arrives was flushed at the end. */
export const FLUSHED_ONLY: Readonly<Record<string, string>> = {
  OTEL_BSP_SCHEDULE_DELAY: '3600000',
  OTEL_BLRP_SCHEDULE_DELAY: '3600000',
  OTEL_METRIC_EXPORT_INTERVAL: '3600000',
};

export function exportTo(url: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...FLUSHED_ONLY };
}

type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

/** An OTLP receiver for the tests of a file. Each test begins with nothing received. */
export class UsedReceiver {
  #receiver: Receiver | undefined;

  constructor() {
    beforeAll(async () => {
      this.#receiver = await startOtlpReceiver();
    });
    beforeEach(() => {
      this.spans.length = 0;
      this.logs.length = 0;
      this.metrics.length = 0;
    });
    afterAll(() => this.#started.close());
  }

  get #started(): Receiver {
    if (this.#receiver === undefined) throw new Error('the receiver has not started yet');
    return this.#receiver;
  }

  get url(): Receiver['url'] {
    return this.#started.url;
  }

  get spans(): Receiver['spans'] {
    return this.#started.spans;
  }

  get logs(): Receiver['logs'] {
    return this.#started.logs;
  }

  get metrics(): Receiver['metrics'] {
    return this.#started.metrics;
  }

  /** How many calls of the tool servers have reported. */
  get calls(): number {
    return this.spans.filter(({ name, kind }) => name === 'tools/call echo' && kind === 'SERVER').length;
  }

  waitFor(...args: Parameters<Receiver['waitFor']>): ReturnType<Receiver['waitFor']> {
    return this.#started.waitFor(...args);
  }
}

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

type DeadEndpoint = 'refused' | 'black hole';

/** For the tests of a file: an endpoint that refuses connections, and one that accepts them and never answers. */
export class DeadEndpoints {
  readonly #sockets = new Set<Socket>();
  #urls: Readonly<Record<DeadEndpoint, string>> | undefined;

  constructor() {
    const silent = createServer((socket) => this.#sockets.add(socket.on('error', () => {})));
    beforeAll(async () => {
      const [refusing, silentPort] = await Promise.all([refusingPort(), listen(silent)]);
      this.#urls = { refused: `http://127.0.0.1:${refusing}`, 'black hole': `http://127.0.0.1:${silentPort}` };
    });
    afterAll(() => {
      for (const socket of this.#sockets) socket.destroy();
      silent.close();
    });
  }

  url(endpoint: DeadEndpoint): string {
    if (this.#urls === undefined) throw new Error('the endpoints have not started yet');
    return this.#urls[endpoint];
  }

  /** How many connections the silent endpoint has accepted. */
  get accepted(): number {
    return this.#sockets.size;
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
