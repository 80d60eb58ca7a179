import { describe, expect, it, test } from 'vitest';
import { answerFacts, paramsSize, requestFacts } from '../../../src/session/message-facts.js';
import { requestSize, responseSize } from '../../../src/session/message-size.js';
import { bytesOf } from '../../support/sizes.js';

const evil = () => {
  throw new Error('no');
};
const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const sizeOfRequest = (message: any) => requestSize(requestFacts(message, 'request', 'inbound'));
const sizeOfResponse = (message: any) => responseSize(answerFacts(message, { kind: 'request', from: 'client' }));

describe('a request has the size of its JSON', () => {
  test.each<[string, object]>([
    ['with params', { method: 'tools/call', id: 7, params: { name: 'echo', arguments: { text: 'hello' } } }],
    ['without params', { method: 'ping', id: 0 }],
    ['whose id is a text', { method: 'tools/list', id: 'a "quoted" id', params: {} }],
    ['whose method has to be escaped', { method: 'acme/"länge"\n', id: 1, params: [] }],
    [
      'with text of several bytes',
      { method: 'tools/call', id: 1, params: { name: '天気', arguments: { q: '🎉\ud800' } } },
    ],
    ['with members that have no JSON', { method: 'tools/call', id: 1, params: { name: 'x', arguments: undefined } }],
    ['with a megabyte of text', { method: 'tools/call', id: 1, params: { name: 'x', text: 'line\n'.repeat(200_000) } }],
  ])('%s', (_, message) => {
    expect(sizeOfRequest(message)).toBe(bytesOf({ jsonrpc: '2.0', ...message }));
  });
});

describe('a response has the size of its JSON', () => {
  test.each<[string, object]>([
    ['with a result', { id: 1, result: { content: [{ type: 'text', text: 'hi' }] } }],
    ['with an error', { id: 'x', error: { code: -32_602, message: 'no' } }],
    ['whose error is undefined', { id: 1, result: {}, error: undefined }],
  ])('%s', (_, message) => {
    expect(sizeOfResponse(message)).toBe(bytesOf({ jsonrpc: '2.0', ...message }));
  });
});

describe('there is no size', () => {
  test.each<[string, unknown]>([
    ['a cycle', cycle],
    ['a BigInt', { a: 1n }],
    ['a getter, which is not called', Object.defineProperty({}, 'x', { get: evil, enumerable: true })],
    ['a toJSON, which is not called', { toJSON: evil }],
    ['a proxy that throws', { a: revoked.proxy }],
    ['more than 10 000 values', { list: new Array(10_000).fill(0) }],
    ['a function instead of data', () => 1],
  ])('of a message with %s', (_, part) => {
    expect(sizeOfRequest({ method: 'acme/x', id: 1, params: part })).toBeUndefined();
    expect(sizeOfResponse({ id: 1, result: part })).toBeUndefined();
  });

  it('of a request without an id, which is part of another message', () => {
    expect(sizeOfRequest({ method: 'elicitation/create', params: {} })).toBeUndefined();
  });
});

it('what is above 10 000 values costs no more than they do', () => {
  const list = new Array(5_000).fill({ a: 1 });
  let read = 0;
  const counting = new Proxy(list, {
    getOwnPropertyDescriptor(target, key) {
      read += 1;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
  expect(sizeOfRequest({ method: 'acme/x', id: 1, params: { counting, more: list } })).toBeUndefined();
  expect(read).toBeLessThanOrEqual(5_000);
});

it('a part is measured once, however often somebody asks', () => {
  let walks = 0;
  const params = new Proxy(
    { name: 'x' },
    {
      ownKeys(target) {
        walks += 1;
        return Reflect.ownKeys(target);
      },
    },
  );
  const facts = requestFacts({ method: 'acme/x', id: 1, params }, 'request', 'inbound');
  const size = bytesOf({ jsonrpc: '2.0', id: 1, method: 'acme/x', params: { name: 'x' } });
  expect([paramsSize(facts), requestSize(facts), requestSize(facts)]).toEqual([12, size, size]);
  expect(walks).toBe(1);
});

it('what cannot be measured is not tried again', () => {
  const facts = requestFacts({ method: 'acme/x', id: 1, params: cycle }, 'request', 'inbound');
  expect(paramsSize(facts)).toBeUndefined();
  delete cycle['self'];
  expect(requestSize(facts)).toBeUndefined();
  cycle['self'] = cycle;
});
