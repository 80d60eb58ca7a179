import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { SpanStatusCode } from '@opentelemetry/api';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instrumentClient, instrumentHandler } from '../../src/index.js';
import { endOf, Telemetry, until } from '../support/telemetry.js';

const telemetry = new Telemetry();
let http: HttpServer;
let handler: ReturnType<typeof createMcpHandler>;

beforeEach(async () => {
  telemetry.reset();
  handler = createMcpHandler(() => {
    const server = new McpServer(
      { name: 'listener', version: '1.0.0' },
      { capabilities: { tools: { listChanged: true } } },
    );
    server.registerTool('noop', {}, () => ({ content: [] }));
    return server;
  });
  instrumentHandler(handler);
  http = createServer(toNodeHandler(handler));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await handler.close();
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});
afterAll(() => telemetry.shutdown());

async function connect(): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  instrumentClient(client);
  const { port } = http.address() as AddressInfo;
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  return client;
}

describe('a listen stream over HTTP', () => {
  it('is one span on each side until the client closes it, without a duration measurement', async () => {
    const client = await connect();
    const subscription = await client.listen({ toolsListChanged: true });
    expect(telemetry.all('server', 'subscriptions/listen')).toHaveLength(0);
    await subscription.close();
    const server = await telemetry.ended('server', 'subscriptions/listen');
    const sent = telemetry.span('client', 'subscriptions/listen');
    expect(server.parentSpanContext?.spanId).toBe(sent.spanContext().spanId);
    expect(server.attributes).toMatchObject({
      'mcp.method.name': 'subscriptions/listen',
      'mcp.protocol.version': '2026-07-28',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'client.address': '127.0.0.1',
      'mcp_trail.cancelled': true,
    });
    for (const span of [sent, server]) {
      expect(endOf(span)).toEqual({ status: SpanStatusCode.UNSET, errorType: undefined });
    }
    const measured = await telemetry.series();
    const ofIt = measured.filter(({ attributes }) => attributes['mcp.method.name'] === 'subscriptions/listen');
    // Counted while it was open, on both sides.
    expect(ofIt.map(({ metric, sum }) => [metric, sum])).toEqual(Array(2).fill(['mcp_trail.operations.active', 0]));
    await client.close();
  });

  it('ends without an error when the server ends it', async () => {
    const client = await connect();
    const subscription = await client.listen({ toolsListChanged: true });
    await handler.close();
    await subscription.closed;
    const server = await telemetry.ended('server', 'subscriptions/listen');
    expect(endOf(server)).toEqual({ status: SpanStatusCode.UNSET, errorType: undefined });
    expect(server.attributes['mcp_trail.cancelled']).toBeUndefined();
    expect(endOf(await telemetry.ended('client', 'subscriptions/listen'))).toEqual({
      status: SpanStatusCode.UNSET,
      errorType: undefined,
    });
  });

  it('is an error on the client when the connection is lost', async () => {
    const client = await connect();
    const subscription = await client.listen({ toolsListChanged: true });
    http.closeAllConnections();
    await subscription.closed;
    const sent = await telemetry.ended('client', 'subscriptions/listen');
    expect(endOf(sent)).toEqual({ status: SpanStatusCode.ERROR, errorType: 'connection_closed' });
    await telemetry.ended('server', 'subscriptions/listen');
  });

  it('delivers the server’s notifications', async () => {
    const client = await connect();
    let changed = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      changed += 1;
    });
    const subscription = await client.listen({ toolsListChanged: true });
    handler.notify.toolsChanged();
    await until(() => changed === 1, 'the notification');
    await subscription.close();
  });

  it('with thousands of filters is answered, and one span', async () => {
    const uris = Array.from({ length: 2000 }, (_, number) => `file:///projects/some/folder/number/${number}.txt`);
    const { status, read, cancel } = await ask({ resourceSubscriptions: uris });
    expect(status).toBe(200);
    expect(await read()).toContain('notifications/subscriptions/acknowledged');
    await cancel();
    const server = await telemetry.ended('server', 'subscriptions/listen');
    expect(server.attributes['jsonrpc.request.id']).toBe('4711');
  });

  it('with more than the entry takes is answered as without mcp-trail', async () => {
    const { status, read } = await ask({ resourceSubscriptions: ['x'.repeat(5 * 1024 * 1024)] });
    expect(status).toBe(413);
    expect(await read()).toContain('Too Large');
    expect(telemetry.all('server', 'subscriptions/listen')).toHaveLength(0);
  });
});

it('a request whose body was read before is answered as without mcp-trail', async () => {
  const plain = createMcpHandler(() => new McpServer({ name: 'plain', version: '1.0.0' }));
  const answers = [handler, plain].map(async (entry) => {
    const headers = { 'content-type': 'application/json', 'mcp-method': 'subscriptions/listen' };
    const request = new Request('http://127.0.0.1/mcp', { method: 'POST', headers, body: '{}' });
    await request.text();
    const response = await entry.fetch(request);
    return [response.status, await response.json()];
  });
  const [observed, expected] = await Promise.all(answers);
  expect(observed).toEqual(expected);
});

describe('a request that the entry refuses by its headers', () => {
  const LENGTH = 5 * 1024 * 1024;

  it.each([
    ['another content type', { 'content-type': 'text/plain' }, 415],
    ['too large a body', { 'content-type': 'application/json', 'content-length': `${LENGTH}` }, 413],
  ])('is answered before its body arrives: %s', async (_, headers, status) => {
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const init = { method: 'POST', headers: { ...LISTEN, ...headers }, body, duplex: 'half' };
    const answer = await handler.fetch(new Request('http://127.0.0.1/mcp', init as RequestInit));
    expect(answer.status).toBe(status);
  });
});

it('a request without a signal gets its stream', async () => {
  const parsedBody = listenFor({ toolsListChanged: true });
  const request = { method: 'POST', url: 'http://127.0.0.1/mcp', headers: new Headers(LISTEN) };
  const { status, body } = await handler.fetch(request as Request, { parsedBody });
  expect(status).toBe(200);
  await body?.cancel();
  expect(endOf(await telemetry.ended('server', 'subscriptions/listen'))).toMatchObject({ errorType: undefined });
});

it('an answer that cannot be observed is passed on, and nothing stays open', async () => {
  const taken = new Response('data: 1\n\n', { headers: { 'content-type': 'text/event-stream' } });
  taken.body?.getReader();
  const entry = { fetch: async (_request: Request, _options?: object) => taken };
  instrumentHandler(entry);
  const request = new Request('http://127.0.0.1/mcp', { method: 'POST', headers: LISTEN });
  expect(await entry.fetch(request, { parsedBody: listenFor({}) })).toBe(taken);
  expect(telemetry.open).toEqual([]);
  expect(telemetry.all('server', 'subscriptions/listen')).toHaveLength(1);
});

const LISTEN = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'subscriptions/listen',
};

function listenFor(notifications: object): object {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'another', version: '1.0.0' },
  };
  return { jsonrpc: '2.0', id: 4711, method: 'subscriptions/listen', params: { notifications, _meta } };
}

/** Sends a listen request as another implementation would. */
async function ask(notifications: object) {
  const { port } = http.address() as AddressInfo;
  const { status, body } = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: LISTEN,
    body: JSON.stringify(listenFor(notifications)),
  });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  return {
    status,
    read: async () => Buffer.from((await reader.read()).value ?? []).toString(),
    cancel: () => reader.cancel(),
  };
}
