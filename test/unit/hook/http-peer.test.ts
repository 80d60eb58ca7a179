import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { currentHttpPeer, forwardedAddress, watchHttpServer } from '../../../src/hook/http-peer.js';

describe('the address in a forwarding header', () => {
  it.each([
    '',
    ' ',
    ',10.0.0.1',
    'unknown',
    '_hidden',
    'example.com',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.2',
    '10.0.0.1 10.0.0.2',
    'for=',
    'for=unknown',
    'for="_hidden"',
    'by=10.0.0.1',
    'proto=https;host=10.0.0.1',
    '[2001:db8::1',
    '2001:db8::xyz',
    '<script>',
    `${' '.repeat(1020)}10.0.0.1`,
    `10.0.0.1${', 10.0.0.2'.repeat(200)}`,
  ])('is not read from %o', (header) => {
    expect(forwardedAddress(header)).toBeUndefined();
  });

  it.each([
    ['10.0.0.1', '10.0.0.1'],
    [' 10.0.0.1 ', '10.0.0.1'],
    ['10.0.0.1:8080', '10.0.0.1'],
    ['203.0.113.7, 10.0.0.1, unknown', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:8080', '2001:db8::1'],
    ['for=192.0.2.43', '192.0.2.43'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="192.0.2.43:47011"', '192.0.2.43'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['proto=https; for=192.0.2.60', '192.0.2.60'],
    ['for=192.0.2.43, for=198.51.100.17', '192.0.2.43'],
  ])('is read from %o: %s', (header, address) => {
    expect(forwardedAddress(header)).toBe(address);
  });
});

describe('the peer of an HTTP request', () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** What a handler sees of its peer, for a request with these headers. */
  async function peerOf(headers: Record<string, string>, trustProxy: boolean) {
    const server: Server = createServer((_request, response) => {
      // After a turn of the event loop, where handlers of messages run.
      setImmediate(() => response.end(JSON.stringify(currentHttpPeer(trustProxy) ?? null)));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', headers, agent: false });
    const [response] = await once(request, 'response');
    const { localPort } = response.socket;
    const chunks = await response.toArray();
    return { peer: JSON.parse(Buffer.concat(chunks).toString()), localPort };
  }

  function watch() {
    const stop = watchHttpServer();
    stops.push(stop);
    return stop;
  }

  it('is unknown outside of one', () => {
    watch();
    expect(currentHttpPeer(true)).toBeUndefined();
  });

  it('is unknown when nobody watches, and when everybody has stopped to', async () => {
    expect((await peerOf({}, false)).peer).toBeNull();
    const [first, second] = [watch(), watch()];
    first();
    first();
    expect((await peerOf({}, false)).peer).not.toBeNull();
    second();
    expect((await peerOf({}, false)).peer).toBeNull();
  });

  it('is the other end of the connection, whatever the headers say', async () => {
    watch();
    const { peer, localPort } = await peerOf({ forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.2' }, false);
    expect(peer).toMatchObject({ address: '127.0.0.1', port: localPort, httpVersion: '1.1' });
  });

  it('is the other end of the connection where a trusted proxy says nothing that can be read', async () => {
    watch();
    for (const headers of [{}, { 'x-forwarded-for': 'unknown' }] as Record<string, string>[]) {
      const { peer, localPort } = await peerOf(headers, true);
      expect(peer).toMatchObject({ address: '127.0.0.1', port: localPort });
    }
  });

  it.each([
    { forwarded: 'for=192.0.2.1' },
    { 'x-forwarded-for': '192.0.2.1, 10.0.0.1' },
    { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.2' },
  ] as Record<string, string>[])('is who a trusted proxy says, %o, and has no port then', async (headers) => {
    watch();
    expect((await peerOf(headers, true)).peer).toEqual({ address: '192.0.2.1', httpVersion: '1.1' });
  });
});
