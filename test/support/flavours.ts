/**
 * The three flavours of MCP: SDK v1, SDK v2 on the initialize-based protocol, SDK v2 on 2026-07-28.
 * A scenario written against this interface runs on all of them.
 */
import * as v2client from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport as InMemoryV1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as v2server from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { instrumentClient, instrumentServer } from '../../src/index.js';
import type { Instrumented, McpInstrumentationConfig } from '../../src/types.js';

export type FlavourName = 'v1' | 'v2 legacy' | 'v2 2026-07-28';

/** The parts of a tool handler's second argument that both SDK lines have. */
export interface ToolContext {
  readonly signal: AbortSignal;
  /** The raw `extra` (v1) or `ctx` (v2). */
  readonly raw: any;
}

export interface ToolDefinition {
  readonly name: string;
  readonly input?: z.ZodRawShape;
  readonly handler: (args: any, context: ToolContext) => unknown;
}

export interface Pair {
  readonly client: any;
  /** The low-level server, once it is connected. */
  readonly server: any;
  readonly clientTransport: any;
  readonly serverTransport: any;
  readonly handles: Instrumented[];
  close(): Promise<void>;
}

export interface PairOptions {
  readonly tools?: readonly ToolDefinition[];
  /** Additional set-up of the `McpServer` before it connects. */
  readonly configure?: (server: any) => void;
  readonly clientOptions?: Record<string, unknown>;
  readonly serverOptions?: Record<string, unknown>;
  /** Implementation info of both sides. */
  readonly clientInfo?: { readonly name: string; readonly version: string };
  readonly serverInfo?: { readonly name: string; readonly version: string };
  /** Set-up of the client before it connects, such as handlers. */
  readonly configureClient?: (client: any) => void;
  readonly config?: McpInstrumentationConfig;
  readonly instrument?: 'both' | 'client' | 'server' | 'none';
  /** Wraps the transport. */
  readonly wrapTransports?: (client: any, server: any) => [any, any];
}

export interface Flavour {
  readonly name: FlavourName;
  readonly sdk: 'v1' | 'v2';
  /** `mcp.protocol.version` of its messages. */
  readonly protocolVersion: string;
  /** A connected client and server in this process. */
  pair(options?: PairOptions): Promise<Pair>;
}

function addTools(server: any, sdk: 'v1' | 'v2', tools: readonly ToolDefinition[]): void {
  for (const { name, input = {}, handler } of tools) {
    const inputSchema = sdk === 'v1' ? input : z.object(input);
    server.registerTool(name, { inputSchema }, (args: unknown, raw: any) =>
      handler(args, { signal: raw.signal ?? raw.mcpReq.signal, raw }),
    );
  }
}

const SERVER_OPTIONS = { capabilities: { logging: {}, tools: { listChanged: true } } };
const CLIENT_INFO = { name: 'test-client', version: '1.0.0' };
const SERVER_INFO = { name: 'test-server', version: '1.0.0' };
/** Span attributes about the server, in the client's process. */
export const ABOUT_SERVER = {
  'mcp_trail.server.name': SERVER_INFO.name,
  'mcp_trail.server.version': SERVER_INFO.version,
};
/** Span attributes about the client, in the server's process. */
export const ABOUT_CLIENT = {
  'mcp_trail.client.name': CLIENT_INFO.name,
  'mcp_trail.client.version': CLIENT_INFO.version,
};

async function pairV1(options: PairOptions = {}): Promise<Pair> {
  const mcp = new McpServerV1(options.serverInfo ?? SERVER_INFO, (options.serverOptions ?? SERVER_OPTIONS) as never);
  addTools(mcp, 'v1', options.tools ?? []);
  options.configure?.(mcp);
  const client = new ClientV1(options.clientInfo ?? CLIENT_INFO, options.clientOptions as never);
  return connect(options, client, mcp.server, InMemoryV1.createLinkedPair(), (transport) => mcp.connect(transport));
}

async function pairV2Legacy(options: PairOptions = {}): Promise<Pair> {
  const mcp = new v2server.McpServer(options.serverInfo ?? SERVER_INFO, options.serverOptions ?? SERVER_OPTIONS);
  addTools(mcp, 'v2', options.tools ?? []);
  options.configure?.(mcp);
  const client = new v2client.Client(options.clientInfo ?? CLIENT_INFO, options.clientOptions as never);
  const transports = v2client.InMemoryTransport.createLinkedPair();
  return connect(options, client, mcp.server, transports, (transport) => mcp.connect(transport));
}

async function pairV2Modern(options: PairOptions = {}): Promise<Pair> {
  const client = new v2client.Client(options.clientInfo ?? CLIENT_INFO, {
    versionNegotiation: { mode: 'auto' },
    ...options.clientOptions,
  } as never);
  const transports = v2client.InMemoryTransport.createLinkedPair();
  let server: any;
  const serve = (transport: any) => {
    serveStdio(
      () => {
        const mcp = new v2server.McpServer(options.serverInfo ?? SERVER_INFO, options.serverOptions ?? SERVER_OPTIONS);
        addTools(mcp, 'v2', options.tools ?? []);
        options.configure?.(mcp);
        server = mcp.server;
        const { instrument = 'both' } = options;
        if (instrument === 'both' || instrument === 'server') instrumentServer(mcp as never, options.config);
        return mcp;
      },
      { transport },
    );
    return Promise.resolve();
  };
  const pair = await connect(
    { ...options, instrument: withoutServer(options.instrument) },
    client,
    undefined,
    transports,
    serve,
  );
  return { ...pair, server };
}

function withoutServer(instrument: PairOptions['instrument'] = 'both'): PairOptions['instrument'] {
  return instrument === 'both' || instrument === 'client' ? 'client' : 'none';
}

async function connect(
  options: PairOptions,
  client: any,
  server: any,
  transports: [any, any],
  serve: (transport: any) => Promise<void>,
): Promise<Pair> {
  const { instrument = 'both', config } = options;
  const handles: Instrumented[] = [];
  if (instrument === 'both' || instrument === 'client') handles.push(instrumentClient(client, config));
  if (instrument === 'both' || instrument === 'server') handles.push(instrumentServer(server, config));
  options.configureClient?.(client);
  const [clientTransport, serverTransport] = options.wrapTransports?.(...transports) ?? transports;
  await serve(serverTransport);
  await client.connect(clientTransport);
  return { client, server, clientTransport, serverTransport, handles, close: () => client.close() };
}

export const FLAVOURS: readonly Flavour[] = [
  { name: 'v1', sdk: 'v1', protocolVersion: '2025-11-25', pair: pairV1 },
  { name: 'v2 legacy', sdk: 'v2', protocolVersion: '2025-11-25', pair: pairV2Legacy },
  { name: 'v2 2026-07-28', sdk: 'v2', protocolVersion: '2026-07-28', pair: pairV2Modern },
];

/** A tool result with one text item. */
export function text(value: string): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text: value }] };
}
