/** Real responses of Node's HTTP server. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { onHead } from '../../../../src/hook/http/response-head.js';
import { deferred } from '../../../support/deferred.js';
import { ask, serve, undoing } from './http-servers.js';

const later = undoing();

/** The events of a response that is made like this. */
async function seenOf(make: (response: ServerResponse) => void) {
  const seen: (readonly [made: boolean, status: number, sent: boolean, bytes: number | undefined])[] = [];
  const port = await serve((_, response) => {
    onHead(
      response,
      (made) => seen.push([made, response.statusCode, response.headersSent, response.socket?.bytesWritten]),
      true,
    );
    make(response);
  }, later);
  const answer = await ask(port);
  return { seen, answer };
}

const WAYS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'writeHead and a body': (response) => response.writeHead(201, { 'x-a': '1' }).end('body'),
  'writeHead with a list of headers': (response) => response.writeHead(201, 'Fine', ['x-a', '1']).end('body'),
  'a status, a header and pieces of a body': (response) => {
    response.statusCode = 201;
    response.setHeader('x-a', '1');
    response.write('bo');
    response.end('dy');
  },
  'flushHeaders, and a body later': (response) => {
    response.statusCode = 201;
    response.setHeader('x-a', '1');
    response.flushHeaders();
    setImmediate(() => response.end('body'));
  },
};

describe('the head of a response', () => {
  it.each(Object.entries(WAYS))('is reported once, before a byte of the response is sent: %s', async (_, make) => {
    const { seen, answer } = await seenOf(make);
    expect(seen).toEqual([[true, 201, true, 0]]);
    expect(answer).toMatchObject({ status: 201, text: 'body', headers: { 'x-a': '1' } });
  });

  it('is the one that is sent after Node.js refused another one', async () => {
    const { seen, answer } = await seenOf((response) => {
      expect(() => response.writeHead(200, { 'x-a': 'line\nline' })).toThrow(TypeError);
      response.writeHead(500).end('sorry');
    });
    expect(seen.map(([made, status]) => [made, status])).toEqual([[true, 500]]);
    expect(answer).toMatchObject({ status: 500, text: 'sorry' });
  });

  it('has one listener on the response for many waiters', async () => {
    const counts: number[] = [];
    let told = 0;
    const port = await serve((_, response) => {
      const before = response.listenerCount('close');
      for (let n = 0; n < 50; n++) onHead(response, () => told++, true);
      counts.push(response.listenerCount('close') - before);
      response.end();
    }, later);
    await ask(port);
    expect([counts, told]).toEqual([[1], 50]);
  });

  it('is not waited for if it has been made', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200);
      expect(onHead(response, () => {}, true)).toBe(false);
      response.end('done');
    }, later);
    expect((await ask(port)).text).toBe('done');
  });

  it('is never made if the connection breaks first, which is reported', async () => {
    const told = deferred<boolean>();
    const port = await serve((request, response) => {
      onHead(response, told.resolve, true);
      request.socket.destroy();
    }, later);
    await expect(ask(port)).rejects.toThrow();
    expect(await told.promise).toBe(false);
  });

  it('does not affect the application when a listener throws', async () => {
    const port = await serve((_, response) => {
      onHead(
        response,
        () => {
          throw new Error('ours');
        },
        true,
      );
      response.writeHead(204).end();
    }, later);
    expect((await ask(port)).status).toBe(204);
  });
});
