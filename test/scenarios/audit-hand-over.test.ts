/** The record of an outcome is made before the answer is sent; an answer that is not sent has a separate record. */
import type { ServerResponse } from 'node:http';
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instrumentHandler } from '../../src/index.js';
import { auditScenarios, pairsOf } from '../support/audit-endings.js';
import { deferred } from '../support/deferred.js';
import { DIALECTS } from '../support/dialects.js';
import { FLAVOURS, type Pair, text } from '../support/flavours.js';
import { HTTP_FLAVOURS, type HttpPairOptions } from '../support/http.js';
import { until } from '../support/telemetry.js';

const { audit } = auditScenarios();
const config = { audit: true } as const;

const isResponse = (side: string, method: string) =>
  audit.records.some(
    (each) =>
      each.event_name === 'mcp_audit.response' && each['mcp_audit.side'] === side && each['mcp.method.name'] === method,
  );

const isAnswer = (message: any) => message.method === undefined;

describe.each(FLAVOURS)('an answer on $name', (flavour) => {
  const tools = [
    { name: 'fine', handler: () => text('ok') },
    {
      name: 'fails',
      handler: () => {
        throw new Error('no');
      },
    },
  ];

  /** A server whose transport does this with the message instead of sending it. */
  function pairWith(send: (message: any, pass: () => unknown) => unknown) {
    return flavour.pair({
      config,
      tools,
      wrapTransports: (client, server) => {
        const original = server.send.bind(server);
        server.send = (message: any, options: unknown) => send(message, () => original(message, options));
        return [client, server];
      },
    });
  }

  it.each(['fine', 'fails'])('has its record before it is sent and before the caller has it: %s', async (name) => {
    const before: boolean[] = [];
    const pair = await pairWith((message, pass) => {
      if (isAnswer(message)) before.push(isResponse('server', 'tools/call'));
      return pass();
    });
    before.length = 0;
    await pair.client.callTool({ name, arguments: {} });
    expect(before).toEqual([true]);
    expect(isResponse('client', 'tools/call')).toBe(true);
    await pair.close();
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('gone'))],
    [
      'throws',
      () => {
        throw new Error('gone');
      },
    ],
  ])(
    'that is not sent, because the transport %s, has one response record and one that it was not delivered',
    async (_, fail) => {
      let broken = false;
      const pair = await pairWith((message, pass) => (broken && isAnswer(message) ? fail() : pass()));
      broken = true;
      await expect(pair.client.callTool({ name: 'fine', arguments: {} }, ...timeout(flavour.sdk))).rejects.toThrow();
      await until(() => audit.of('mcp_audit.response.undelivered').length > 0, 'a record of the answer that is lost');
      const [{ request, response }] = pairsOf(audit, 'server', 'tools/call') as [ReturnType<typeof pairsOf>[number]];
      expect(response).toMatchObject({ 'mcp_audit.status': 'ok', 'audit.outcome': 'success' });
      const undelivered = audit.one('mcp_audit.response.undelivered', 'server', 'tools/call');
      expect(undelivered).toMatchObject({
        severity_text: 'WARN',
        'audit.outcome': 'failure',
        'error.type': 'send_failed',
        'gen_ai.tool.name': 'fine',
        'mcp_audit.operation.id': request['mcp_audit.operation.id'],
        'mcp_audit.correlation.id': request['mcp_audit.correlation.id'],
      });
      expect(undelivered['audit.record.id'] > response['audit.record.id']).toBe(true);
      broken = false;
      await pair.close();
    },
  );

  it('has a duration that ends when it is handed over', async () => {
    const sent = deferred();
    const pair = await pairWith(async (message, pass) => {
      await pass();
      if (isAnswer(message)) await sent.promise;
    });
    await pair.client.callTool({ name: 'fine', arguments: {} });
    // The transport has not finished yet.
    const response = await audit.reached('mcp_audit.response', 'server', 'tools/call');
    expect(response['mcp_audit.duration_ms']).toEqual(expect.any(Number));
    sent.resolve();
    await pair.close();
    expect(audit.of('mcp_audit.response.undelivered')).toEqual([]);
  });
});

describe.each(FLAVOURS)('a caller on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];
  const hang = (_args: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(text('too late'))));
  const tools = [
    { name: 'fine', handler: () => text('ok') },
    {
      name: 'fails',
      handler: () => {
        throw new Error('no');
      },
    },
    { name: 'hang', handler: hang },
  ];

  const aborted = () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    return controller.signal;
  };

  const CALLS: Readonly<Record<string, (pair: Pair) => Promise<unknown>>> = {
    'a result': ({ client }) => client.callTool({ name: 'fine', arguments: {} }),
    'the error of a tool': ({ client }) => client.callTool({ name: 'fails', arguments: {} }),
    'the result of a bare request': ({ client }) =>
      dialect.request(client, 'tools/call', { name: 'fine', arguments: {} }),
    'an error of the protocol': ({ client }) => dialect.request(client, 'tools/call', { name: 7 }),
    'a timeout': ({ client }) => dialect.callTool(client, 'hang', { timeout: 20 }),
    'its own abort': ({ client }) => dialect.callTool(client, 'hang', { signal: aborted() }),
    'the end of the connection': ({ client, close }) => {
      setTimeout(close, 20);
      return dialect.callTool(client, 'hang');
    },
  };

  it.each(Object.entries(CALLS))('that gets %s finds the outcome recorded', async (_, call) => {
    const pair = await flavour.pair({ config, tools });
    const seen: boolean[] = [];
    // The first reaction.
    const look = () => void seen.push(isResponse('client', 'tools/call'));
    await call(pair).then(look, look);
    expect(seen).toEqual([true]);
    await pair.close();
  });
});

function timeout(sdk: 'v1' | 'v2'): unknown[] {
  return sdk === 'v1' ? [undefined, { timeout: 100 }] : [{ timeout: 100 }];
}

describe.each(HTTP_FLAVOURS)('an answer over HTTP, on $name', (flavour) => {
  const dialect = DIALECTS[flavour.sdk];

  function pairWith(options: HttpPairOptions = {}, handler: () => unknown = () => text('ok')) {
    const inputSchema: any = flavour.sdk === 'v1' ? {} : z.object({});
    return flavour.pair({
      config,
      configure: (server) => server.registerTool('fine', { inputSchema }, handler),
      ...options,
    });
  }

  /** Sees every piece of the body of a tool call's response before Node.js does. */
  function watching(see: () => void): HttpPairOptions['intercept'] {
    return (_request, response, body) => {
      if (body?.method !== 'tools/call') return false;
      const { write, end } = response;
      const watched = (original: any) =>
        function (this: ServerResponse, ...args: unknown[]) {
          see();
          return original.apply(this, args);
        };
      Object.assign(response, { write: watched(write), end: watched(end) });
      return false;
    };
  }

  it('has its record before the first byte of it, with the status and the headers', async () => {
    const before: boolean[] = [];
    const pair = await pairWith({ intercept: watching(() => before.push(isResponse('server', 'tools/call'))) });
    await dialect.callTool(pair.client, 'fine');
    expect(before.length).toBeGreaterThan(0);
    expect(before).not.toContain(false);
    const response = audit.one('mcp_audit.response', 'server', 'tools/call');
    expect(response).toMatchObject({ 'http.response.status_code': 200 });
    expect(response['http.response.header.content-type']?.[0]).toMatch(/^(?:application\/json|text\/event-stream)/);
    await pair.close();
  });

  it('has a record that it was not delivered if its client is gone, or none if it was cancelled', async () => {
    const called = deferred();
    const done = deferred();
    const gone = deferred();
    const intercept: HttpPairOptions['intercept'] = (_request, response, body) => {
      if (body?.method === 'tools/call') response.once('close', () => setImmediate(gone.resolve));
      return false;
    };
    const pair = await pairWith({ intercept }, async () => {
      called.resolve();
      await done.promise;
      return text('too late');
    });
    const result = dialect.callTool(pair.client, 'fine');
    result.catch(() => {});
    await called.promise;
    const request = audit.one('mcp_audit.request', 'server', 'tools/call');
    pair.http.closeAllConnections();
    await gone.promise;
    done.resolve();
    const response = await audit.reached('mcp_audit.response', 'server', 'tools/call');
    await new Promise(setImmediate);
    const undelivered = audit.of('mcp_audit.response.undelivered', 'server');
    expect(undelivered.length).toBe(response['mcp_audit.status'] === 'ok' ? 1 : 0);
    for (const each of undelivered) expect(each['mcp_audit.operation.id']).toBe(request['mcp_audit.operation.id']);
    await pair.client.close();
    await pair.close();
  });
});

describe('a listen stream over HTTP, which the entry of SDK v2 answers itself', () => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'handmade', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'subscriptions/listen',
  };

  const listen = (params: object) =>
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 'listen', method: 'subscriptions/listen', params }),
    });

  function newHandler() {
    const handler = createMcpHandler(() => {
      const server = new McpServerV2(
        { name: 'listener', version: '1' },
        { capabilities: { tools: { listChanged: true } } },
      );
      server.registerTool('noop', {}, () => ({ content: [] }));
      return server;
    });
    instrumentHandler(handler, config);
    return handler;
  }

  it('has its record before the final answer', async () => {
    const handler = newHandler();
    const response = await handler.fetch(listen({ _meta, notifications: { toolsListChanged: true } }));
    expect(response.status).toBe(200);
    const seen: boolean[] = [];
    for await (const chunk of response.body ?? []) {
      const piece = Buffer.from(chunk).toString();
      if (piece.includes('acknowledged')) void handler.close();
      if (piece.includes('"result"')) seen.push(isResponse('server', 'subscriptions/listen'));
    }
    expect(seen).toEqual([true]);
    expect(pairsOf(audit, 'server', 'subscriptions/listen')).toMatchObject([
      { response: { 'mcp_audit.status': 'ok' } },
    ]);
  });

  it('has its record before an error answer', async () => {
    const handler = newHandler();
    const response = await handler.fetch(listen({ _meta, notifications: 'all of them' }));
    expect(pairsOf(audit, 'server', 'subscriptions/listen')).toMatchObject([
      { response: { 'mcp_audit.status': 'error', 'rpc.response.status_code': '-32602' } },
    ]);
    expect(await response.json()).toMatchObject({ error: { code: -32602 } });
    await handler.close();
  });
});
