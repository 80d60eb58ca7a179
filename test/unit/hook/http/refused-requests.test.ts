import { channel } from 'node:diagnostics_channel';
import { get, type RequestListener } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { currentHttpRequest } from '../../../../src/hook/http/current-request.js';
import { type HttpRefusal, watchHttpRefusals } from '../../../../src/hook/http/refused-requests.js';
import { deferred } from '../../../support/deferred.js';
import { selfSigned } from './certificates.js';
import { type Asked, ask, listen, oneConnection, serve, undoing } from './http-servers.js';

const later = undoing();
const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource';

interface Watch {
  readonly refusals: HttpRefusal[];
  /** Those that were not sent completely. */
  readonly undelivered: HttpRefusal[];
  readonly stop: () => void;
}

function watch(paths: readonly string[] = ['/mcp'], trustProxy = false): Watch {
  const refusals: HttpRefusal[] = [];
  const undelivered: HttpRefusal[] = [];
  const onRefused = (refusal: HttpRefusal) => {
    refusals.push(refusal);
    return () => void undelivered.push(refusal);
  };
  const stop = watchHttpRefusals({ paths, trustProxy, onRefused });
  later(stop);
  return { refusals, undelivered, stop };
}

const answering =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('{}');

/** The reports about one request to a server that answers like this. */
async function refusalsOf(listener: RequestListener, asked: Asked, paths?: readonly string[], trustProxy?: boolean) {
  const { refusals } = watch(paths, trustProxy);
  await ask(await serve(listener, later), asked);
  return refusals;
}

describe('a request that is not a refusal of MCP', () => {
  it.each([200, 202, 400, 404, 405, 406, 500, 503])('was answered %i', async (status) => {
    expect(await refusalsOf(answering(status), { path: '/mcp', headers: { 'mcp-session-id': 'gone' } })).toEqual([]);
  });

  it.each([
    { path: '/' },
    { path: '/mcp/other' },
    { path: '/other?/mcp' },
    { path: '/token', method: 'POST' },
    { path: '/other', headers: { 'x-mcp-session-id': 'x', accept: 'mcp-method' } },
  ])('went elsewhere: %o', async (asked) => {
    expect(await refusalsOf(answering(401, { 'www-authenticate': 'Bearer error="invalid_token"' }), asked)).toEqual([]);
  });

  it('is one in which an MCP operation began, which has its own record', async () => {
    const listener: RequestListener = (_, response) => {
      (currentHttpRequest() as any).notes.operations++;
      response.writeHead(403).end();
    };
    expect(await refusalsOf(listener, { path: '/mcp' })).toEqual([]);
  });

  it('arrived before watching began, or was answered after it ended', async () => {
    const [arrived, answered] = [deferred(), deferred()];
    const port = await serve(async (request, response) => {
      if (request.url === '/mcp?slow') {
        arrived.resolve();
        await answered.promise;
      }
      response.writeHead(401).end();
    }, later);
    await ask(port, { path: '/mcp' });
    const { refusals, stop } = watch();
    const slow = ask(port, { path: '/mcp?slow' });
    await arrived.promise;
    stop();
    answered.resolve();
    await slow;
    await ask(port, { path: '/mcp' });
    expect(refusals).toEqual([]);
  });

  it('was abandoned before a decision', async () => {
    const { refusals } = watch();
    const [arrived, closed] = [deferred(), deferred()];
    const port = await serve((_, response) => {
      response.once('close', () => {
        response.writeHead(401).end();
        closed.resolve();
      });
      arrived.resolve();
    }, later);
    const sent = get({ host: '127.0.0.1', port, path: '/mcp', agent: false }).on('error', () => {});
    await arrived.promise;
    sent.destroy();
    await closed.promise;
    expect(refusals).toEqual([]);
  });
});

describe('a refused request', () => {
  it.each([401, 403, 429])('is reported once, with status %i', async (status) => {
    const refusals = await refusalsOf(answering(status), { path: '/mcp?token=x', method: 'POST', body: {} });
    expect(refusals).toMatchObject([{ status, aborted: false, peer: { address: '127.0.0.1', httpVersion: '1.1' } }]);
    expect(refusals[0]?.peer.http).toMatchObject({ method: 'POST', path: '/mcp' });
    expect(refusals[0]?.peer.http?.status()).toBe(status);
  });

  it.each([
    ['by a path of which the beginning was named', { path: '/tenants/7/mcp' }, ['/tenants/*'], ''],
    [
      'by what MCP clients of any revision send',
      { path: '/x', headers: { 'MCP-Protocol-Version': '2025-11-25' } },
      [],
      '',
    ],
    ['by what MCP clients send since 2026-07-28', { path: '/x', headers: { 'Mcp-Method': 'tools/call' } }, [], ''],
    ['by its session', { path: '/x', headers: { 'Mcp-Session-Id': 'x' } }, [], ''],
    ['by the challenge', { path: '/x' }, [], `Bearer resource_metadata="${METADATA}"`],
  ])('is known as MCP %s', async (_, asked, paths, challenge) => {
    const headers: Record<string, string> = challenge === '' ? {} : { 'WWW-Authenticate': challenge };
    expect(await refusalsOf(answering(401, headers), asked as Asked, paths)).toHaveLength(1);
  });

  it('is known as MCP on a path where an operation began before', async () => {
    const { refusals } = watch([]);
    const port = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401).end();
      else {
        (currentHttpRequest() as any).notes.operations++;
        response.end('{}');
      }
    }, later);
    await ask(port, { path: '/learned?a' });
    expect(refusals).toEqual([]);
    await ask(port, { path: '/learned', headers: { authorization: 'Bearer x' } });
    await ask(port, { path: '/learned?b' });
    await ask(port, { path: '/other' });
    expect(refusals.map(({ peer }) => peer.http?.path)).toEqual(['/learned']);
  });

  it('has the error and the scopes of the challenge, never its description', async () => {
    const challenge = 'Bearer error="insufficient_scope", error_description="user 7 may not", scope="mcp:a mcp:b"';
    const [refusal] = await refusalsOf(answering(403, { 'www-authenticate': challenge }), { path: '/mcp' });
    expect(refusal).toMatchObject({ error: 'insufficient_scope', scope: ['mcp:a', 'mcp:b'] });
    expect(JSON.stringify(refusal)).not.toContain('may not');
  });

  it('has no error and no ids if none were sent', async () => {
    const [refusal] = await refusalsOf(answering(429), { path: '/mcp' });
    expect(Object.keys(refusal as object).sort()).toEqual(['aborted', 'at', 'durationMs', 'peer', 'status']);
  });

  it('has its ids', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'X-Request-Id': 'r-1', traceparent };
    expect(await refusalsOf(answering(401), { path: '/mcp', headers })).toMatchObject([
      { requestId: 'r-1', traceparent },
    ]);
  });

  it.each([
    [true, { address: '192.0.2.7', port: undefined }],
    [false, { address: '127.0.0.1', port: expect.any(Number) }],
  ])('comes from the client that a trusted proxy names: %s', async (trustProxy, peer) => {
    const asked = { path: '/mcp', headers: { 'x-forwarded-for': '192.0.2.7' } };
    expect(await refusalsOf(answering(401), asked, ['/mcp'], trustProxy)).toMatchObject([{ peer }]);
  });

  it('has its arrival time and its duration', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 });
    later(() => vi.useRealTimers());
    const listener: RequestListener = (_, response) => {
      vi.advanceTimersByTime(40);
      response.writeHead(401).end();
    };
    const [refusal] = await refusalsOf(listener, { path: '/mcp' });
    expect(refusal?.at).toBe(1_000_000);
    expect(refusal?.durationMs).toBeCloseTo(40);
  });

  it('carries the notes of its request', async () => {
    const listener: RequestListener = (_, response) => {
      (currentHttpRequest() as any).notes.decision = 'denied by policy';
      response.writeHead(403).end();
    };
    const [refusal] = await refusalsOf(listener, { path: '/mcp' });
    expect(refusal?.peer.http?.notes).toEqual({ operations: 0, decision: 'denied by policy' });
  });

  it('may be one of several on a kept-alive connection', async () => {
    const { refusals } = watch();
    const port = await serve((request, response) => {
      response.writeHead(Number(request.headers['x-status'])).end();
    }, later);
    const agent = oneConnection(later);
    for (const status of ['401', '200', '429', '404', '403'])
      await ask(port, { path: '/mcp', agent, headers: { 'x-status': status, 'x-request-id': status } });
    expect(refusals.map(({ status, requestId }) => [status, requestId])).toEqual([
      [401, '401'],
      [429, '429'],
      [403, '403'],
    ]);
    expect(new Set(refusals.map(({ peer }) => peer.port)).size).toBe(1);
  });
});

describe('a refusal that the client did not wait for', () => {
  /** Disconnects when the server has reached this point. */
  async function abandoned(asked: Asked, refuse: RequestListener) {
    const { refusals, undelivered } = watch();
    const [refused, closed] = [deferred(), deferred()];
    const port = await serve((request, response) => {
      response.once('close', () => closed.resolve());
      refuse(request, response);
      refused.resolve();
    }, later);
    const sent = get({ host: '127.0.0.1', port, agent: false, ...asked });
    sent.on('error', () => {}).on('response', (response) => response.on('error', () => {}));
    await refused.promise;
    sent.destroy();
    await closed.promise;
    // Another `close` listener reports.
    await new Promise(setImmediate);
    return { refusals, undelivered };
  }

  const ASKED = { path: '/mcp', headers: { 'x-request-id': 'r-1' } };

  it('is reported as aborted before its headers were sent', async () => {
    const refuse: RequestListener = (_, response) => Object.assign(response, { statusCode: 403 });
    const { refusals, undelivered } = await abandoned(ASKED, refuse);
    expect(refusals).toMatchObject([{ status: 403, aborted: true, requestId: 'r-1', peer: { address: '127.0.0.1' } }]);
    expect(undelivered).toEqual([]);
  });

  it('is reported before any byte of it is sent, and then as undelivered in the middle of its body', async () => {
    const { refusals, undelivered } = await abandoned(ASKED, (_, response) => void response.writeHead(403).write('{'));
    expect(refusals).toMatchObject([{ status: 403, aborted: false, requestId: 'r-1' }]);
    expect(undelivered).toEqual(refusals);
  });

  it('is not undelivered when it was sent completely', async () => {
    const { refusals, undelivered } = watch();
    await ask(await serve(answering(403), later), { path: '/mcp' });
    expect([refusals.length, undelivered.length]).toEqual([1, 0]);
  });

  it.each(['writeHead', 'statusCode', 'flushHeaders'])(
    'is reported before any byte of it is sent, by %s',
    async (how) => {
      const { refusals } = watch();
      const seen: number[] = [];
      const listener: RequestListener = (_, response) => {
        if (how === 'writeHead') response.writeHead(401);
        else response.statusCode = 401;
        seen.push(refusals.length);
        if (how === 'flushHeaders') response.flushHeaders();
        else response.write('{');
        seen.push(refusals.length);
        response.end('}');
      };
      await ask(await serve(listener, later), { path: '/mcp' });
      expect(seen).toEqual([how === 'writeHead' ? 1 : 0, 1]);
    },
  );

  it('names the client of a closed connection by its certificate', async () => {
    const client = selfSigned([['CN', 'agent']]);
    const { refusals } = watch();
    const [refused, closed] = [deferred(), deferred()];
    const tls = { ...selfSigned([['CN', 'localhost']]), ca: [client.cert], requestCert: true };
    const server = createTlsServer(tls, (_, response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(401).write('{');
      refused.resolve();
    });
    const port = await listen(server as never, later);
    const sent = tlsRequest({
      host: '127.0.0.1',
      port,
      path: '/mcp',
      agent: false,
      ...client,
      rejectUnauthorized: false,
    });
    sent.on('error', () => {}).on('response', (response) => response.on('error', () => {}));
    sent.end();
    await refused.promise;
    sent.destroy();
    await closed.promise;
    expect(refusals).toMatchObject([{ status: 401 }]);
    expect(refusals[0]?.peer.http?.certificate()).toEqual({
      subject: 'CN=agent',
      sha256: client.sha256,
      authorized: true,
    });
  });

  it('adds one listener to its response, and none to other requests', async () => {
    watch();
    const counts: number[] = [];
    const port = await serve((_, response) => {
      counts.push(response.listenerCount('close'));
      response.end();
    }, later);
    for (const path of ['/mcp', '/other']) await ask(port, { path });
    expect((counts[0] as number) - (counts[1] as number)).toBe(1);
  });
});

describe('watching for refused requests', () => {
  afterEach(() => diag.disable());

  it('reports an onRefused that throws, without its message, and does not affect requests', async () => {
    const warn = vi.fn();
    const quiet = () => {};
    diag.setLogger({ error: quiet, warn, info: quiet, debug: quiet, verbose: quiet });
    warn.mockClear();
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    later(() => process.off('uncaughtException', uncaught));
    const onRefused = vi.fn(() => {
      throw new RangeError('secret');
    });
    later(watchHttpRefusals({ paths: ['/mcp'], trustProxy: false, onRefused }));
    const port = await serve(answering(401), later);
    for (let time = 0; time < 2; time++) expect((await ask(port, { path: '/mcp' })).status).toBe(401);
    expect(onRefused).toHaveBeenCalledTimes(2);
    expect(uncaught).not.toHaveBeenCalled();
    expect(warn.mock.calls.flat().join()).toMatch(/refused HTTP requests failed \(RangeError\)/);
    expect(warn.mock.calls.flat().join()).not.toContain('secret');
  });

  it('survives any message on the channels', () => {
    const { refusals } = watch(['*']);
    for (const name of ['http.server.request.start', 'http.server.response.finish'])
      for (const message of [undefined, null, 7, {}, { request: {}, response: {} }, { request: 1, response: 1 }])
        expect(() => channel(name).publish(message)).not.toThrow();
    expect(refusals).toEqual([]);
  });

  it('ends with the last watcher, and each can stop only once', async () => {
    const subscribed = () => channel('http.server.response.finish').hasSubscribers;
    expect(subscribed()).toBe(false);
    const [first, second] = [watch(), watch()];
    const port = await serve(answering(401), later);
    await ask(port, { path: '/mcp' });
    first.stop();
    first.stop();
    expect(subscribed()).toBe(true);
    await ask(port, { path: '/mcp' });
    expect([first.refusals.length, second.refusals.length]).toEqual([1, 2]);
    second.stop();
    expect(subscribed()).toBe(false);
  });
});
