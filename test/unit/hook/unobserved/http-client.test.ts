/** HTTP requests that leave, with the application's own patches. */
import { createServer, OutgoingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Detector } from '../../../../src/hook/unobserved/detector.js';
import { watchHttpClients } from '../../../../src/hook/unobserved/http-client.js';

it('a patch of the parent class that comes later is still called', async () => {
  const detector = new Detector(() => {});
  detector.watch('http.client', watchHttpClients);
  const server = createServer((received, response) => received.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen: string[] = [];
  const { write, end } = OutgoingMessage.prototype;
  const patch = (name: 'write' | 'end', original: (...args: never[]) => unknown) => {
    Object.assign(OutgoingMessage.prototype, {
      [name](this: OutgoingMessage, ...args: unknown[]) {
        seen.push(`${this.constructor.name}.${name}`);
        return Reflect.apply(original, this, args);
      },
    });
  };
  patch('write', write);
  patch('end', end);
  try {
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => {
      const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false });
      sent.on('response', (response) => response.resume().on('end', resolve));
      sent.write('a');
      sent.end('b');
    });
  } finally {
    Object.assign(OutgoingMessage.prototype, { write, end });
    detector.stop();
    await new Promise((resolve) => server.close(resolve));
  }
  expect(seen.filter((each) => each.startsWith('ClientRequest'))).toEqual(['ClientRequest.write', 'ClientRequest.end']);
});

it('a request with its headers in a flat list is found', async () => {
  const found: unknown[] = [];
  const detector = new Detector((each) => found.push(each.place));
  detector.watch('http.client', watchHttpClients);
  const server = createServer((received, response) => received.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const body = '{"jsonrpc":"2.0","id":"flat","method":"server/discover"}';
  const headers = ['Content-Type', 'application/json', 'MCP-Method', 'x', 'Content-Length', String(body.length)];
  await new Promise<void>((resolve) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers });
    sent.on('response', (response) => response.resume().on('end', resolve));
    sent.end(body);
  });
  detector.stop();
  await new Promise((resolve) => server.close(resolve));
  expect(found).toEqual(['http.client']);
});
