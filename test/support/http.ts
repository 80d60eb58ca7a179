/** Real HTTP servers and clients of each flavour, on a free port of the loopback interface. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client';
import { NodeStreamableHTTPServerTransport as HttpServerV2, toNodeHandler } from '@modelcontextprotocol/node';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport as HttpServerV1 } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { instrumentClient, instrumentServer } from '../../src/index.js';
import type { McpInstrumentationConfig } from '../../src/types.js';

export interface HttpPair {
  readonly client: any;
  readonly clientTransport: any;
  readonly http: Server;
  close(): Promise<void>;
}

export interface HttpPairOptions {
  /** Set-up of each server. */
  readonly configure?: (server: any) => void;
  /** Sees each request to the server first; returns true if it answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, body: any) => boolean;
  readonly clientOptions?: Record<string, unknown>;
  /** Instrumentation options of the client and of each server. */
  readonly config?: McpInstrumentationConfig;
  /** Of the client and of each server, where they differ. */
  readonly clientConfig?: McpInstrumentationConfig;
  readonly serverConfig?: McpInstrumentationConfig;
  readonly transportOptions?: (server: URL) => Record<string, unknown>;
}

export interface HttpFlavour {
  readonly name: string;
  readonly sdk: 'v1' | 'v2';
  /** One session per client, by id; otherwise one server instance per request. */
  readonly sessions: boolean;
  readonly protocolVersion: string;
  pair(options?: HttpPairOptions): Promise<HttpPair>;
}

type Serve = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<unknown>;

const nothing = () => {};
const SERVER_INFO = { name: 'http-server', version: '1.0.0' };
const CLIENT_INFO = { name: 'http-client', version: '1.0.0' };
const CAPABILITIES = { capabilities: { logging: {}, tools: { listChanged: true } } };

function newServer(sdk: 'v1' | 'v2', { configure = nothing, config, serverConfig }: HttpPairOptions): any {
  const server = sdk === 'v1' ? new McpServerV1(SERVER_INFO, CAPABILITIES) : new McpServerV2(SERVER_INFO, CAPABILITIES);
  configure(server);
  instrumentServer(server as never, serverConfig ?? config);
  return server;
}

/** One server per session. */
function statefulServe(sdk: 'v1' | 'v2', options: HttpPairOptions): Serve {
  const Transport: any = sdk === 'v1' ? HttpServerV1 : HttpServerV2;
  const transports = new Map<string, any>();
  return async (request, response, body) => {
    let transport = transports.get(String(request.headers['mcp-session-id']));
    if (transport === undefined) {
      transport = new Transport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id: string) => void transports.set(id, transport),
      });
      await newServer(sdk, options).connect(transport);
    }
    await transport.handleRequest(request, response, body);
  };
}

/** One server per request, for the initialize-based protocol. */
function statelessServe(options: HttpPairOptions): Serve {
  return async (request, response, body) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const server = newServer('v1', options);
    const transport: any = new HttpServerV1({ sessionIdGenerator: undefined });
    response.on('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, body);
  };
}

/** SDK v2's HTTP handler: one server per request, for both protocols. */
function entryServe(options: HttpPairOptions): Serve {
  const handler = toNodeHandler(createMcpHandler(() => newServer('v2', options)));
  return async (request, response, body) => handler(request as never, response as never, body);
}

/** Starts an HTTP server on a free port; the address is known once it listens. */
export async function listen(listener: RequestListener): Promise<{ http: Server; url: URL }> {
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { http, url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`) };
}

async function readBody(request: IncomingMessage): Promise<any> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return request.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : undefined;
}

async function pair(client: any, Transport: any, serve: Serve, options: HttpPairOptions): Promise<HttpPair> {
  const { intercept = () => false } = options;
  const { http, url } = await listen(async (request, response) => {
    const body = await readBody(request);
    if (!intercept(request, response, body)) await serve(request, response, body);
  });
  instrumentClient(client, options.clientConfig ?? options.config);
  const clientTransport = new Transport(url, options.transportOptions?.(url));
  await client.connect(clientTransport);
  const close = async () => {
    await client.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { client, clientTransport, http, close };
}

const clientV1 = ({ clientOptions }: HttpPairOptions) => new ClientV1(CLIENT_INFO, clientOptions as never);
const clientV2 = ({ clientOptions }: HttpPairOptions, options = {}) =>
  new ClientV2(CLIENT_INFO, { ...options, ...clientOptions } as never);

export const HTTP_FLAVOURS: readonly HttpFlavour[] = [
  {
    name: 'v1 with sessions',
    sdk: 'v1',
    sessions: true,
    protocolVersion: '2025-11-25',
    pair: (options = {}) => pair(clientV1(options), HttpClientV1, statefulServe('v1', options), options),
  },
  {
    name: 'v1 without sessions',
    sdk: 'v1',
    sessions: false,
    protocolVersion: '2025-11-25',
    pair: (options = {}) => pair(clientV1(options), HttpClientV1, statelessServe(options), options),
  },
  {
    name: 'v2 legacy with sessions',
    sdk: 'v2',
    sessions: true,
    protocolVersion: '2025-11-25',
    pair: (options = {}) => pair(clientV2(options), HttpClientV2, statefulServe('v2', options), options),
  },
  {
    name: 'v2 legacy without sessions',
    sdk: 'v2',
    sessions: false,
    protocolVersion: '2025-11-25',
    pair: (options = {}) => pair(clientV2(options), HttpClientV2, entryServe(options), options),
  },
  {
    name: 'v2 2026-07-28',
    sdk: 'v2',
    sessions: false,
    protocolVersion: '2026-07-28',
    pair: (options = {}) =>
      pair(clientV2(options, { versionNegotiation: { mode: 'auto' } }), HttpClientV2, entryServe(options), options),
  },
];
