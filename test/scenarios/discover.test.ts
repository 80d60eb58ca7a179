import { fileURLToPath } from 'node:url';
import { Client, InMemoryTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { instrumentClient, instrumentServer } from '../../src/index.js';
import {
  answered,
  blameless,
  endingOf,
  expectEndings,
  expectNothingOpen,
  failed,
  scenarioTelemetry,
  UNSET,
} from '../support/endings.js';
import { ABOUT_CLIENT, ABOUT_SERVER, FLAVOURS } from '../support/flavours.js';
import { listen } from '../support/http.js';
import { idOf, parentIdOf } from '../support/spans.js';

const telemetry = scenarioTelemetry();
const modern = FLAVOURS.find(({ protocolVersion }) => protocolVersion === '2026-07-28') as (typeof FLAVOURS)[number];

/** An instrumented client that probes its server's protocol, with a time limit for the answer. */
function probingClient(probe: object = {}): Client {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto', probe } });
  instrumentClient(client);
  return client;
}

/** A transport that drops the first probes. */
function losing(count: number, transport: any): any {
  const send = transport.send.bind(transport);
  let lost = 0;
  transport.send = async (message: any, options: unknown) => {
    if (message.method !== 'server/discover' || lost++ >= count) return send(message, options);
  };
  return transport;
}

async function serverV1(): Promise<any> {
  const server = new McpServerV1({ name: 'v1', version: '1.0.0' });
  instrumentServer(server);
  const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
  await server.connect(serverTransport as never);
  return clientTransport;
}

describe('the probe for the protocol of a server', () => {
  it('is one client and one server span when the server knows it', async () => {
    const pair = await modern.pair();
    await expectEndings(telemetry, 'server/discover', { client: UNSET, server: UNSET });
    const [client, server] = [telemetry.span('client', 'server/discover'), telemetry.span('server', 'server/discover')];
    expect(parentIdOf(server)).toBe(idOf(client));
    for (const [span, peer] of [
      [client, ABOUT_SERVER],
      [server, ABOUT_CLIENT],
    ] as const) {
      expect(span.attributes).toEqual({
        ...peer,
        'mcp.method.name': 'server/discover',
        'mcp.protocol.version': '2026-07-28',
        'jsonrpc.request.id': 'server-discover-probe-1',
      });
    }
    await pair.close();
  });

  it('is an error of the client, but not of the server, when the server does not know it, and the handshake follows', async () => {
    const client = probingClient();
    await client.connect(await serverV1());
    await expectEndings(telemetry, 'server/discover', { client: answered(-32601), server: blameless(-32601) });
    await expectEndings(telemetry, 'initialize', { client: UNSET, server: UNSET });
    await client.close();
  });

  it('ends as timeout when the server never answers it, and connecting fails', async () => {
    const client = probingClient({ timeoutMs: 20 });
    await expect(client.connect(losing(1, await serverV1()))).rejects.toThrow();
    await expectEndings(telemetry, 'server/discover', { client: failed('timeout') });
    await client.close();
  });

  it('ends as timeout when it is repeated, and the repetition ends by its answer', async () => {
    const pair = await modern.pair({
      clientOptions: { versionNegotiation: { mode: 'auto', probe: { timeoutMs: 20, maxRetries: 1 } } },
      wrapTransports: (client, server) => [losing(1, client), server],
    });
    await expectNothingOpen(telemetry);
    const byId = new Map(
      telemetry
        .all('client', 'server/discover')
        .map((span) => [span.attributes['jsonrpc.request.id'], endingOf(span)] as const),
    );
    expect(byId.get('server-discover-probe-1')).toEqual(failed('timeout'));
    expect(byId.get('server-discover-probe-2')).toEqual(UNSET);
    expect(byId.size).toBe(2);
    expect(telemetry.all('server', 'server/discover').map(endingOf)).toEqual([UNSET]);
    await pair.close();
  });

  it('ends as connection_closed when the connection closes instead of an answer', async () => {
    const client = probingClient();
    const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
    serverTransport.onmessage = () => void serverTransport.close();
    await expect(client.connect(clientTransport)).rejects.toThrow();
    await expectEndings(telemetry, 'server/discover', { client: failed('connection_closed') });
  });

  it('ends as the HTTP status that answers it', async () => {
    const { http, url } = await listen((_request, response) => void response.writeHead(503).end());
    const client = probingClient();
    await expect(client.connect(new StreamableHTTPClientTransport(url))).rejects.toThrow();
    expect(telemetry.all('client', 'server/discover').map(endingOf)).toEqual([failed('503')]);
    await new Promise((resolve) => http.close(resolve));
  });

  it('ends as timeout when nothing answers over HTTP', async () => {
    const { http, url } = await listen(() => {});
    const client = probingClient({ timeoutMs: 50 });
    await expect(client.connect(new StreamableHTTPClientTransport(url))).rejects.toThrow();
    await expectEndings(telemetry, 'server/discover', { client: failed('timeout') });
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('the probe in a separate process, over stdio', () => {
  function transportTo(server: 'v1' | 'v2' | 'silent', ...args: string[]): StdioClientTransport {
    const script = fileURLToPath(new URL(`../fixtures/stdio-server-${server}.mjs`, import.meta.url));
    return new StdioClientTransport({ command: process.execPath, args: [script, ...args] });
  }

  it('is one client span when the server knows it, and there is no handshake', async () => {
    const client = probingClient();
    await client.connect(transportTo('v2'));
    await client.close();
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['server/discover']);
    await expectEndings(telemetry, 'server/discover', { client: UNSET });
    expect(telemetry.span('client', 'server/discover').attributes['network.transport']).toBe('pipe');
  });

  it('is one client span that failed when the server does not know it, and the handshake follows', async () => {
    const client = probingClient();
    await client.connect(transportTo('v1'));
    await client.close();
    await expectEndings(telemetry, 'server/discover', { client: answered(-32601) });
    await expectEndings(telemetry, 'initialize', { client: UNSET });
  });

  it('ends as timeout when the process does not answer, and the handshake follows', async () => {
    const client = probingClient({ timeoutMs: 500 });
    await client.connect(transportTo('silent'));
    await client.close();
    await expectEndings(telemetry, 'server/discover', { client: failed('timeout') });
    await expectEndings(telemetry, 'initialize', { client: UNSET });
  });

  it('ends as connection_closed when the process dies of it, and the handshake follows', async () => {
    const client = probingClient();
    await client.connect(transportTo('silent', 'die'));
    await client.close();
    await expectEndings(telemetry, 'server/discover', { client: failed('connection_closed') });
    await expectEndings(telemetry, 'initialize', { client: UNSET });
  });
});
