import { describe, expect, it } from 'vitest';
import { asRecord, asString, classify } from '../../../src/protocol/jsonrpc.js';

const INVALID: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a string', '{"jsonrpc":"2.0","method":"ping","id":1}'],
  ['a number', 7],
  ['a function', () => {}],
  ['an empty object', {}],
  ['a batch', [{ jsonrpc: '2.0', id: 1, method: 'ping' }]],
  ['a method that is not a string', { id: 1, method: 7 }],
  ['a request with a null id', { id: null, method: 'ping' }],
  ['a request whose id is an object', { id: {}, method: 'ping' }],
  ['a request whose id is true', { id: true, method: 'ping' }],
  ['an answer without an id', { result: {} }],
  ['an answer with a null id, which says that nobody knows the request', { id: null, error: { code: -32700 } }],
  ['an id and nothing else', { id: 1 }],
];

const MESSAGES: readonly [string, unknown][] = [
  ['request', { jsonrpc: '2.0', id: 1, method: 'ping' }],
  ['request', { id: 0, method: 'ping' }],
  ['request', { id: '', method: '' }],
  ['request', { id: 1.5, method: 'ping', params: 'not an object' }],
  ['request', { id: 1, method: 'ping', result: {} }],
  ['notification', { method: 'notifications/initialized' }],
  ['notification', { method: 'tools/call', params: { name: 'x' } }],
  ['notification', { method: 'ping', id: undefined }],
  ['response', { id: 1, result: undefined }],
  ['response', { id: 'a', result: {} }],
  ['response', { id: 0, error: 'a string' }],
];

describe('classifying', () => {
  it.each(INVALID)('calls %s invalid', (_name, message) => {
    expect(classify(message)).toBe('invalid');
  });

  it.each(MESSAGES)('tells a %s: %o', (kind, message) => {
    expect(classify(message)).toBe(kind);
  });

  it('sees inherited members: a message can be an instance of a class', () => {
    expect(classify(Object.create({ id: 1, method: 'ping' }))).toBe('request');
  });

  it('reads each member once, and no other', () => {
    const read: PropertyKey[] = [];
    const message = new Proxy(
      { id: 1, method: 'ping', params: {} },
      {
        get(target, key) {
          read.push(key);
          return Reflect.get(target, key);
        },
      },
    );
    classify(message);
    expect(read.sort()).toEqual(['id', 'method']);
  });
});

describe('narrowing', () => {
  it.each([undefined, null, 1, 'a', true, 1n, Symbol('a'), () => {}])('does not take %o for a record', (value) => {
    expect(asRecord(value)).toBeUndefined();
  });

  it('takes objects of every kind for records, without copying', () => {
    for (const value of [{}, [], new Date(), Object.create(null)]) expect(asRecord(value)).toBe(value);
  });

  it('takes only strings for strings', () => {
    expect([asString('a'), asString('')]).toEqual(['a', '']);
    expect([1, null, undefined, {}, new String('a')].map(asString)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
