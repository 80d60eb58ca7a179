/** Connections to a golden server: in this process, over stdio, over Streamable HTTP. */
import { fileURLToPath } from 'node:url';
import * as v2client from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startNode } from '../../examples/demo/child.mjs';
import { instrumentClient } from '../../src/index.js';
import { configure as configureV1 } from '../fixtures/golden-v1.mjs';
import { configure as configureV2 } from '../fixtures/golden-v2.mjs';
import { DIALECTS } from '../support/dialects.js';
import type { Flavour } from '../support/flavours.js';

/** A running server. */
export interface Server {
  /** Returns a new client, connected and instrumented. */
  connect(): Promise<any>;
  /** Closes the connection and the server; a server process has then exported everything. */
  stop(): Promise<void>;
}

export interface Transport {
  readonly name: 'in-memory' | 'stdio' | 'http';
  /** Whether client and server are one process. */
  readonly sameProcess: boolean;
  /** Whether each request has its own server, which knows of no other. */
  stateless(flavour: Flavour): boolean;
  /** @param otlpEndpoint where a server process exports to */
  start(flavour: Flavour, otlpEndpoint: string): Promise<Server>;
}

const CONFIGURE = { v1: configureV1, v2: configureV2 };
const STDIO = { v1: StdioV1, v2: StdioV2 };
const HTTP = { v1: HttpV1, v2: v2client.StreamableHTTPClientTransport };

const CLIENT_INFO = { name: 'golden-client', version: '1.0.0' };
const CLIENT_OPTIONS = { capabilities: { sampling: {}, elicitation: {} } };
/** Not shared, because previously seen names affect metrics. */
const OWN_PIPELINE = {};

/** Answers the server's requests. */
function configureClient(client: any, { sdk }: Flavour): void {
  const { onRequest } = DIALECTS[sdk];
  onRequest(client, 'elicitation/create', () => ({ action: 'accept', content: { city: 'Lisbon' } }));
  const content = { type: 'text', text: 'its light' };
  onRequest(client, 'sampling/createMessage', () => ({ role: 'assistant', model: 'test-model', content }));
}

function newClient(flavour: Flavour): any {
  const versionNegotiation = flavour.protocolVersion === '2026-07-28' ? { mode: 'auto' as const } : undefined;
  const client: any =
    flavour.sdk === 'v1'
      ? new ClientV1(CLIENT_INFO, CLIENT_OPTIONS)
      : new v2client.Client(CLIENT_INFO, { ...CLIENT_OPTIONS, ...(versionNegotiation && { versionNegotiation }) });
  instrumentClient(client, OWN_PIPELINE);
  configureClient(client, flavour);
  return client;
}

function fixture(flavour: Flavour, transport: 'stdio' | 'http'): string[] {
  const register = new URL('../../dist/esm/register.js', import.meta.url).href;
  const script = new URL(`../fixtures/golden-${flavour.sdk}-${transport}.mjs`, import.meta.url);
  return ['--import', register, fileURLToPath(script)];
}

function environment(otlpEndpoint: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    OTEL_SERVICE_NAME: 'server',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,serviceinstance',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    // So that exports of several times or processes can be added up.
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
}

const IN_MEMORY: Transport = {
  name: 'in-memory',
  sameProcess: true,
  stateless: () => false,
  async start(flavour) {
    let client: any;
    return {
      async connect() {
        const pair = await flavour.pair({
          configure: CONFIGURE[flavour.sdk],
          configureClient: (each) => configureClient(each, flavour),
          clientOptions: CLIENT_OPTIONS,
          config: OWN_PIPELINE,
        });
        client = pair.client;
        return client;
      },
      stop: () => client?.close(),
    };
  },
};

const OVER_STDIO: Transport = {
  name: 'stdio',
  sameProcess: false,
  stateless: () => false,
  async start(flavour, otlpEndpoint) {
    const client = newClient(flavour);
    return {
      async connect() {
        const transport = new STDIO[flavour.sdk]({
          command: process.execPath,
          args: fixture(flavour, 'stdio'),
          env: environment(otlpEndpoint),
        });
        await client.connect(transport);
        return client;
      },
      stop: () => client.close(),
    };
  },
};

const OVER_HTTP: Transport = {
  name: 'http',
  sameProcess: false,
  // On 2026-07-28 there are no later messages: closing the stream cancels a request.
  stateless: ({ name }) => name === 'v2 legacy',
  async start(flavour, otlpEndpoint) {
    const client = newClient(flavour);
    const server = startNode(`the ${flavour.name} server`, fixture(flavour, 'http'), environment(otlpEndpoint));
    const url = new URL((await server.firstLine()) as string);
    const transport = new HTTP[flavour.sdk](url);
    return {
      async connect() {
        await client.connect(transport);
        return client;
      },
      stop: () => hangUp(client, transport).finally(() => end(server)),
    };
  },
};

/** Like a well-behaved client; otherwise the session stays on the server. */
async function hangUp(client: any, transport: InstanceType<(typeof HTTP)['v1' | 'v2']>): Promise<void> {
  await transport.terminateSession();
  await client.close();
}

async function end(server: ReturnType<typeof startNode>): Promise<void> {
  const { code } = await server.stop();
  if (code !== 0) throw new Error(`${server.name} ended with ${code}: ${server.output.stderr}`);
}

export const TRANSPORTS = { inMemory: IN_MEMORY, stdio: OVER_STDIO, http: OVER_HTTP };
