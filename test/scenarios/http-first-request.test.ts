/** Servers that are made and instrumented manually for each HTTP request: the first request of a process is known, too. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { instrumentServer } from '../../src/index.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { expectNothingOpen } from '../support/endings.js';

const { telemetry, audit } = auditScenarios();
const INFO = { name: 'server', version: '1' };
const ID = 'order-4711.a:b';

const MAKERS = [
  { name: 'v1', Server: McpServerV1 as any, Transport: StreamableHTTPServerTransport as any },
  { name: 'v2', Server: McpServerV2 as any, Transport: NodeStreamableHTTPServerTransport as any },
];

let http: Server | undefined;
afterEach(() => {
  http?.closeAllConnections();
  http?.close();
});

/** Answers one request with a new server, which is made some time after the request has arrived. */
async function answer(
  { Server, Transport }: (typeof MAKERS)[number],
  request: IncomingMessage,
  response: ServerResponse,
) {
  const chunks = await request.toArray();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.registerTool('fine', {}, () => ({ content: [] }));
  const handle = instrumentServer(server, { audit: true });
  const transport = new Transport({ sessionIdGenerator: undefined });
  response.once('close', () => handle.disable());
  await server.connect(transport);
  await transport.handleRequest(request, response, JSON.parse(Buffer.concat(chunks).toString()));
}

/** Listens on both address families, as Node.js does by default. */
async function listen(maker: (typeof MAKERS)[number]): Promise<number> {
  http = createServer((request, response) => void answer(maker, request, response));
  const listening = http;
  await new Promise<void>((resolve) => listening.listen(0, '::', resolve));
  return (listening.address() as AddressInfo).port;
}

async function call(port: number, id: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'user-agent': 'agent/1.0',
      'x-correlation-id': ID,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'fine', arguments: {} } }),
  });
  expect(response.status).toBe(200);
  await response.text();
}

describe.each(MAKERS)('on $name', (maker) => {
  it('the first request and the next have an address in the form of IPv4, a user agent and a correlation id', async () => {
    const port = await listen(maker);
    for (const id of [1, 2]) await call(port, id);
    await expectNothingOpen(telemetry);
    const pairs = pairsOf(audit, 'server', 'tools/call');
    expect(pairs.map(({ request }) => request['jsonrpc.request.id'])).toEqual(['1', '2']);
    for (const record of pairs.flatMap(({ request, response }) => [request, response])) {
      expect(record).toMatchObject({
        'client.address': '127.0.0.1',
        'client.port': expect.any(Number),
        'network.peer.address': '127.0.0.1',
        'user_agent.original': 'agent/1.0',
        'url.path': '/mcp',
        'mcp_audit.correlation.id': ID,
      });
    }
    expect(telemetry.all('server', 'tools/call fine').map(({ attributes }) => attributes['client.address'])).toEqual([
      '127.0.0.1',
      '127.0.0.1',
    ]);
  });
});
