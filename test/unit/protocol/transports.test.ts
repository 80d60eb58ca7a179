import * as v2client from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as v2server from '@modelcontextprotocol/server';
import { StdioServerTransport as StdioServerV2 } from '@modelcontextprotocol/server/stdio';
import { describe, expect, it } from 'vitest';
import { KIND, serverEndpoint, transportKind } from '../../../src/protocol/transports.js';

const URL_OF_SERVER = new URL('http://127.0.0.1:3000/mcp');
const COMMAND = { command: 'node' };

/** Transports as the SDKs make them; none is started. */
const REAL: readonly [string, string, () => object][] = [
  ['stdio', 'the v1 stdio client', () => new StdioClientTransport(COMMAND)],
  ['stdio', 'the v1 stdio server', () => new StdioServerTransport()],
  ['stdio', 'the v2 stdio client', () => new StdioClientV2(COMMAND)],
  ['stdio', 'the v2 stdio server', () => new StdioServerV2()],
  ['http', 'the v1 HTTP client', () => new StreamableHTTPClientTransport(URL_OF_SERVER)],
  ['http', 'the v1 SSE client', () => new SSEClientTransport(URL_OF_SERVER)],
  ['http', 'the v1 HTTP server', () => new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })],
  ['http', 'the v2 HTTP client', () => new v2client.StreamableHTTPClientTransport(URL_OF_SERVER)],
  ['http', 'the v2 SSE client', () => new v2client.SSEClientTransport(URL_OF_SERVER)],
  ['http', 'the v2 web-standard HTTP server', () => new v2server.WebStandardStreamableHTTPServerTransport()],
  ['websocket', 'the v1 WebSocket client', () => new WebSocketClientTransport(new URL('ws://127.0.0.1:3000'))],
  ['in_memory', 'the v1 in-memory transport', () => InMemoryTransport.createLinkedPair()[0]],
  ['in_memory', 'the v2 in-memory transport', () => v2client.InMemoryTransport.createLinkedPair()[0]],
];

describe('a transport', () => {
  it.each([
    ['an empty object', {}],
    ['one of somebody else', { send() {}, start() {}, close() {} }],
    ['one whose url is a string', { _url: 'ws://127.0.0.1' }],
    ['one with a url of another scheme', { _url: new URL('ftp://127.0.0.1') }],
    ['one whose wire is nothing', { _wire: null }],
  ])('that is %s is of an unknown kind', (_name, transport) => {
    expect(transportKind(transport)).toEqual({ name: 'unknown', ambientIsCaller: false });
  });

  it.each(REAL)('is told to be %s: %s', (kind, _name, make) => {
    expect(transportKind(make()).name).toBe(kind);
  });

  it.each([
    ['stdio', { serverParams: COMMAND }],
    ['http', { url: URL_OF_SERVER }],
    ['websocket', { url: new URL('ws://127.0.0.1') }],
    ['unknown', { url: 'http://127.0.0.1' }],
  ])('is told to be %s by what the AI SDK and others keep: %o', (kind, transport) => {
    expect(transportKind(transport).name).toBe(kind);
  });

  it.each(['stdio', 'http', 'sse', 'in_memory', 'unknown'] as const)('that stands for %s has its kind', (kind) => {
    const { name } = transportKind({ [KIND]: kind, _otherTransport: undefined });
    expect(name).toBe(kind === 'sse' ? 'http' : kind);
  });

  it('that wraps another has the kind of the wrapped one', () => {
    expect(transportKind({ _wire: new StdioServerTransport() }).name).toBe('stdio');
    expect(transportKind({ _wire: { _wire: { _otherTransport: undefined } } }).name).toBe('in_memory');
  });

  it.each([
    ['stdio', 'pipe', undefined, false],
    ['http', 'tcp', 'http', true],
    ['websocket', 'tcp', 'websocket', false],
    ['in_memory', undefined, undefined, true],
  ])(
    'of kind %s has the network %s, the protocol %s, and an ambient context that is the caller’s: %s',
    (name, transport, protocol, ambient) => {
      const [, , make] = REAL.find(([kind]) => kind === name) as (typeof REAL)[number];
      const kind = transportKind(make());
      expect([kind.networkTransport, kind.networkProtocol, kind.ambientIsCaller]).toEqual([
        transport,
        protocol,
        ambient,
      ]);
    },
  );
});

describe('the endpoint of a client', () => {
  it.each([{}, { _url: undefined }, { _url: 'http://a' }, { _url: new URL('file:///tmp/socket') }])(
    'is unknown for %o',
    (transport) => {
      expect(serverEndpoint(transport)).toBeUndefined();
    },
  );

  it.each([
    ['http://mcp.example.com/mcp', { address: 'mcp.example.com', port: 80 }],
    ['https://mcp.example.com/mcp', { address: 'mcp.example.com', port: 443 }],
    ['https://user:secret@mcp.example.com:8443/mcp?token=secret#x', { address: 'mcp.example.com', port: 8443 }],
    ['ws://mcp.example.com', { address: 'mcp.example.com', port: 80 }],
    ['wss://mcp.example.com', { address: 'mcp.example.com', port: 443 }],
    ['http://[::1]:3000/mcp', { address: '::1', port: 3000 }],
    ['http://[::ffff:127.0.0.1]:3000/mcp', { address: '127.0.0.1', port: 3000 }],
    ['http://[2001:DB8:0:0::1]/mcp', { address: '2001:db8::1', port: 80 }],
    ['acme://MCP.example.com/x', { address: 'mcp.example.com' }],
    ['acme://mcp.example.com/x', { address: 'mcp.example.com' }],
  ])('at %s is its host and port only', (url, endpoint) => {
    expect(serverEndpoint({ _url: new URL(url) })).toEqual(endpoint);
  });
});
