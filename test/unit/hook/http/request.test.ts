import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { HttpRequest } from '../../../../src/hook/http/request.js';
import { type Asked, ask, serve, undoing } from './http-servers.js';

const later = undoing();

type Handler = (response: ServerResponse, request: IncomingMessage) => unknown;

/** The facts of a request, after it was handled like this and its response was received. */
async function factsOf(asked: Asked = {}, handle: Handler = (response) => response.end()): Promise<HttpRequest> {
  let facts: HttpRequest | undefined;
  const port = await serve((incoming, response) => {
    facts = new HttpRequest(incoming, response);
    handle(response, incoming);
  }, later);
  await ask(port, asked);
  return facts as HttpRequest;
}

const thrower = () => {
  throw new Error('secret');
};
/** An object whose every member throws. */
const hostile = new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getOwnPropertyDescriptor: thrower });

describe('an HTTP request whose objects are odd', () => {
  const READERS: readonly ((facts: HttpRequest) => unknown)[] = [
    (facts) => facts.header('host'),
    (facts) => facts.certificate(),
    (facts) => facts.status(),
    (facts) => facts.responseHeader('date'),
  ];

  it.each([
    ['nothing', {}, {}],
    ['the wrong things', { headers: 7, rawHeaders: [7, null], url: 7, method: {} }, { headersSent: 'yes', _header: 7 }],
  ])('that have %s is read as far as possible', (_, incoming, response) => {
    const facts = new HttpRequest({ socket: {}, ...incoming } as never, response as never);
    for (const read of READERS) expect(read(facts)).toBeUndefined();
    expect(facts).toMatchObject({ method: undefined, path: undefined, peerAddress: undefined });
    expect(facts.responseHeaderNames()).toEqual([]);
    expect(facts.hasMcpHeader()).toBe(false);
  });

  it('that throw later is unknown from then on', () => {
    let turned = false;
    const turning = () =>
      new Proxy({ socket: {} }, { get: (target, key) => (turned ? thrower() : target[key as never]) });
    const facts = new HttpRequest(turning() as never, turning() as never);
    turned = true;
    for (const read of READERS) expect(read(facts)).toBeUndefined();
    expect(facts.headers()).toEqual({});
    expect(facts.responseHeaderNames()).toEqual([]);
    expect(facts.hasMcpHeader()).toBe(false);
  });

  it('is rejected if it is not a request', () => {
    for (const nothing of [undefined, {}, hostile])
      expect(() => new HttpRequest(nothing as never, {} as never)).toThrow();
  });
});

describe('the path of an HTTP request', () => {
  it.each([
    ['/', '/'],
    ['/mcp?token=secret', '/mcp'],
    ['/mcp#part', '/mcp'],
    ['/mcp/%0A?a?b', '/mcp/%0A'],
    ['//evil.example/mcp', '//evil.example/mcp'],
    ['*', '*'],
    ['http://user:password@proxy.example:8080/mcp?query', '/mcp'],
    ['HTTPS://proxy.example', ''],
    ['', ''],
  ])('of %s is %s', (url, path) => {
    expect(new HttpRequest({ socket: {}, url } as never, {} as never).path).toBe(path);
  });

  it('stays the original one when the application rewrites the URL', async () => {
    const facts = await factsOf({ path: '/mcp?x=1', method: 'PUT' }, (response, incoming) => {
      incoming.url = '/other';
      incoming.method = 'GET';
      response.end();
    });
    expect(facts).toMatchObject({ path: '/mcp', method: 'PUT' });
  });
});

describe('the headers of an HTTP request', () => {
  it('are found by their lower-case names', async () => {
    const facts = await factsOf({
      headers: { 'User-Agent': 'agent/1', 'Set-Cookie': ['a=1', 'b=2'], 'X-Twice': ['1', '2'] },
    });
    expect(facts.header('user-agent')).toBe('agent/1');
    expect(facts.header('set-cookie')).toBe('a=1');
    expect(facts.header('x-twice')).toBe('1, 2');
    expect(facts.headers()).toMatchObject({ 'user-agent': 'agent/1', 'set-cookie': ['a=1', 'b=2'] });
  });

  it.each(['absent', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])('have no %s', async (name) => {
    expect((await factsOf()).header(name)).toBeUndefined();
  });

  it('are the ones that the application sees, not a copy', async () => {
    let headers: unknown;
    const facts = await factsOf({}, (response, incoming) => {
      headers = incoming.headers;
      response.end();
    });
    expect(facts.headers()).toBe(headers);
  });

  it.each(['Mcp-Session-Id', 'MCP-Protocol-Version', 'mcp-method', 'Mcp-Name', 'MCP-PARAM-Region'])(
    'show an MCP client by %s',
    async (name) => {
      expect((await factsOf({ headers: { accept: 'application/json', [name]: 'x' } })).hasMcpHeader()).toBe(true);
    },
  );

  it.each(['mcp', 'mcp-', 'mcp-other', 'x-mcp-method', 'accept'])('show no MCP client by %s', async (name) => {
    expect((await factsOf({ headers: { [name]: 'mcp-method' } })).hasMcpHeader()).toBe(false);
  });
});

describe('the response to an HTTP request', () => {
  it('has no status before its headers are sent', async () => {
    const statuses: unknown[] = [];
    const port = await serve((incoming, response) => {
      const facts = new HttpRequest(incoming, response);
      response.statusCode = 403;
      statuses.push(facts.status());
      response.flushHeaders();
      statuses.push(facts.status());
      response.end();
    }, later);
    await ask(port);
    expect(statuses).toEqual([undefined, 403]);
  });

  it('has the headers that were set one by one, also before they are sent', async () => {
    let early: unknown[] = [];
    const facts = await factsOf({}, (response) => {
      response.setHeader('Retry-After', 30).setHeader('X-Several', ['1', '2']);
      const before = new HttpRequest({ socket: {} } as never, response);
      early = [before.responseHeader('retry-after'), before.responseHeaderNames()];
      response.end();
    });
    expect(early).toEqual([30, ['retry-after', 'x-several']]);
    expect(facts.responseHeader('Retry-After')).toBe(30);
    expect(facts.responseHeader('x-several')).toEqual(['1', '2']);
  });

  it.each([
    ['an object', { 'WWW-Authenticate': 'Bearer', 'X-Several': ['1', '2: 3'] }],
    ['a list', ['WWW-Authenticate', 'Bearer', 'X-Several', '1', 'X-Several', '2: 3']],
  ])('has the headers that were passed to writeHead as %s, which Node.js does not return', async (_, headers) => {
    const facts = await factsOf({}, (response) => response.writeHead(401, headers).end());
    expect(facts.responseHeader('WWW-Authenticate')).toBe('Bearer');
    expect(facts.responseHeader('x-several')).toEqual(['1', '2: 3']);
    expect(facts.responseHeader('http/1.1 401 unauthorized')).toBeUndefined();
    expect(facts.responseHeaderNames()).toEqual(expect.arrayContaining(['www-authenticate', 'x-several', 'date']));
    expect(facts.responseHeaderNames()).not.toContain('');
  });
});

describe('the facts of an HTTP request', () => {
  it('does not show headers and notes when printed, copied or serialised', async () => {
    const secret = ['very', 'secret'].join('-');
    const facts = await factsOf({ path: `/mcp?token=${secret}`, headers: { authorization: `Bearer ${secret}` } });
    facts.notes.auth = { token: secret };
    facts.notes.decision = secret;
    const shown = [JSON.stringify(facts), inspect(facts, { depth: 9 }), JSON.stringify({ ...facts })].join();
    expect(shown).toContain('/mcp');
    expect(shown).not.toContain(secret);
  });

  it('has the arrival time and the elapsed time, independent of the wall clock', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 });
    later(() => vi.useRealTimers());
    const facts = new HttpRequest({ socket: {} } as never, {} as never);
    vi.advanceTimersByTime(250);
    vi.setSystemTime(5);
    expect(facts.startedAt).toBe(1_000_000);
    expect(facts.elapsedMs).toBeCloseTo(250);
  });

  it('has its own notes', async () => {
    const [one, other] = [await factsOf(), await factsOf()];
    one.notes.operations++;
    expect([one.notes.operations, other.notes.operations]).toEqual([1, 0]);
  });

  it('does not prevent the handler from reading the request', async () => {
    let body = '';
    const port = await serve(async (incoming, response) => {
      const facts = new HttpRequest(incoming, response);
      facts.hasMcpHeader();
      facts.headers();
      body = Buffer.concat(await incoming.toArray()).toString();
      response.end();
    }, later);
    const sent = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    sent.end('hello');
    await once(sent, 'response');
    expect(body).toBe('hello');
  });
});
