import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { get } from 'node:http';
import { setImmediate as setImmediately } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  currentHttpPeer,
  currentHttpRequest,
  noteHttpRequests,
  watchHttpServer,
} from '../../../../src/hook/http/current-request.js';
import type { HttpFacts, Peer } from '../../../../src/session/peer.js';
import { deferred } from '../../../support/deferred.js';
import { ask, oneConnection, serve, undoing } from './http-servers.js';

const later = undoing();

function watch() {
  const stop = watchHttpServer();
  later(stop);
  return stop;
}

describe('the peer of an HTTP request', () => {
  /** The peer that a handler sees for a request with these headers. */
  async function peerOf(headers: Record<string, string>, trustProxy: boolean) {
    let peer: Peer | undefined;
    const port = await serve((_request, response) => {
      // One turn of the event loop later, like a message handler.
      setImmediate(() => {
        peer = currentHttpPeer(trustProxy);
        response.end();
      });
    }, later);
    const answer = await ask(port, { headers });
    return { peer, clientPort: answer.port };
  }

  it('is unknown outside a request', () => {
    watch();
    expect(currentHttpPeer(true)).toBeUndefined();
    expect(currentHttpRequest()).toBeUndefined();
  });

  it('is not noted while nothing is instrumented and the client is not an MCP client', async () => {
    noteHttpRequests();
    for (const headers of [{}, { accept: 'application/json, text/html' }, { 'x-mcp': '1' }] as Record<
      string,
      string
    >[]) {
      expect((await peerOf(headers, false)).peer).toBeUndefined();
    }
  });

  it.each([
    { accept: 'application/json, text/event-stream' },
    { ACCEPT: 'Text/Event-Stream' },
    { 'mcp-protocol-version': '2026-07-28' },
  ] as Record<string, string>[])('is known on the first access while a request with %o is handled', async (headers) => {
    noteHttpRequests();
    noteHttpRequests();
    const { peer, clientPort } = await peerOf(headers, false);
    expect(peer).toMatchObject({ address: '127.0.0.1', port: clientPort });
  });

  it('is not that of an earlier MCP request on the same connection', async () => {
    noteHttpRequests();
    const paths: (string | undefined)[] = [];
    const port = await serve((_request, response) => {
      paths.push(currentHttpRequest()?.path);
      response.end();
    }, later);
    const agent = oneConnection(later);
    await ask(port, { agent, path: '/mcp', headers: { accept: 'text/event-stream' } });
    await ask(port, { agent, path: '/other' });
    expect(paths).toEqual(['/mcp', '/other']);
  });

  it('is read even if a framework has rewritten the URL', async () => {
    noteHttpRequests();
    let path: string | undefined;
    const port = await serve((request, response) => {
      Object.assign(request, { originalUrl: request.url, url: '/' });
      path = currentHttpRequest()?.path;
      response.end();
    }, later);
    await ask(port, { path: '/mcp?x=1', headers: { accept: 'text/event-stream' } });
    expect(path).toBe('/mcp');
  });

  it('is the other end of the connection, whatever the headers say', async () => {
    watch();
    const { peer, clientPort } = await peerOf({ forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.2' }, false);
    expect(peer).toMatchObject({ address: '127.0.0.1', port: clientPort, httpVersion: '1.1' });
  });

  it('is the other end of the connection if the header of a trusted proxy cannot be read', async () => {
    watch();
    for (const headers of [{}, { 'x-forwarded-for': 'unknown' }] as Record<string, string>[]) {
      const { peer, clientPort } = await peerOf(headers, true);
      expect(peer).toMatchObject({ address: '127.0.0.1', port: clientPort });
    }
  });

  it.each([
    { forwarded: 'for=192.0.2.1' },
    { 'x-forwarded-for': '192.0.2.1, 10.0.0.1' },
    { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.2' },
  ] as Record<string, string>[])('is the client that a trusted proxy names in %o, without a port', async (headers) => {
    watch();
    const { peer } = await peerOf(headers, true);
    expect(peer).toMatchObject({ address: '192.0.2.1', port: undefined, httpVersion: '1.1' });
    expect(peer?.http?.peerAddress).toBe('127.0.0.1');
  });
});

describe('the HTTP request being handled', () => {
  it('is the current one on a kept-alive connection, also while others wait for an answer', async () => {
    watch();
    const paths: (string | undefined)[] = [];
    const port = await serve(async (request, response) => {
      await setImmediately();
      request.resume();
      await once(request, 'end');
      paths.push(currentHttpRequest()?.path);
      response.end();
    }, later);
    const agent = oneConnection(later);
    const answers = [];
    for (const path of ['/1', '/2', '/3']) answers.push(await ask(port, { path, agent, method: 'POST', body: {} }));
    expect(paths).toEqual(['/1', '/2', '/3']);
    expect(new Set(answers.map((answer) => answer.port)).size).toBe(1);
    await Promise.all(['/4', '/5'].map((path) => ask(port, { path, method: 'POST', body: {} })));
    expect(paths.slice(3).sort()).toEqual(['/4', '/5']);
  });

  it('is missing if the request could not be read, and not the connection’s last request', async () => {
    watch();
    const seen: unknown[] = [];
    const port = await serve((_, response) => {
      const published = channel('http.server.request.start');
      published.publish({ request: {}, response: {} });
      seen.push(currentHttpRequest());
      for (const message of [undefined, null, 7, {}]) expect(() => published.publish(message)).not.toThrow();
      response.end();
    }, later);
    await ask(port);
    expect(seen).toEqual([undefined]);
  });

  it('is the same for two copies of this package if one of them watches', async () => {
    watch();
    vi.resetModules();
    const copy = await import('../../../../src/hook/http/current-request.js');
    expect(copy.currentHttpRequest).not.toBe(currentHttpRequest);
    const seen: unknown[] = [];
    const port = await serve((_, response) => {
      seen.push(currentHttpRequest(), copy.currentHttpRequest());
      response.end();
    }, later);
    await ask(port);
    later(copy.watchHttpServer());
    await ask(port);
    expect(seen[0]).toBeDefined();
    expect(seen[1]).toBe(seen[0]);
    expect(seen[3]).toBe(seen[2]);
    expect(seen[2]).not.toBe(seen[0]);
  });

  it('still has an address and a status when the connection has broken', async () => {
    watch();
    let facts: HttpFacts | undefined;
    const closed = deferred();
    const port = await serve((_, response) => {
      facts = currentHttpRequest();
      response.once('close', () => closed.resolve());
      response.writeHead(200);
      response.write('some');
    }, later);
    const sent = get({ host: '127.0.0.1', port, agent: false });
    const [response] = await once(sent, 'response');
    response.on('error', () => {});
    sent.destroy();
    await closed.promise;
    expect(facts).toMatchObject({ peerAddress: '127.0.0.1', method: 'GET', path: '/' });
    expect(facts?.status()).toBe(200);
  });
});
