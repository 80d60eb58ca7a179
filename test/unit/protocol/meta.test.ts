import { describe, expect, it } from 'vitest';
import { declaredProtocolVersion, metaOf, subscriptionIdOf, withMeta } from '../../../src/protocol/meta.js';
import { deepFreeze } from '../../safety/values.js';

/** Freezes a value all the way down: writing to it throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

const ENTRIES = frozen({ traceparent: '00-1-2-01', tracestate: 'a=b' });

class Computed {
  readonly #name = 'add';
  get name() {
    return this.#name;
  }
}

class WithJson {
  readonly #name = 'add';
  toJSON() {
    return { name: this.#name };
  }
}

class Named {
  readonly name = 'x';
  shout() {
    return this.name.toUpperCase();
  }
}

describe('adding to _meta', () => {
  it.each([
    ['params that are an array', { params: [1, 2] }],
    ['params that are a string', { params: 'name' }],
    ['params that are null', { params: null }],
    ['params that are a number', { params: 0 }],
    ['a _meta that is an array', { params: { _meta: [] } }],
    ['a _meta that is a string', { params: { _meta: 'x' } }],
    ['a _meta that is null', { params: { _meta: null } }],
    ['a _meta that is a number', { params: { _meta: 7 } }],
    ['params of a class with accessors', { params: new Computed() }],
    ['params of a class below one with accessors', { params: new (class extends Computed {})() }],
    ['params of a class with its own JSON', { params: new WithJson() }],
    ['params that are a map', { params: new Map() }],
    ['a _meta of a class with accessors', { params: { _meta: new Computed() } }],
  ])('does not change %s', (_name, message) => {
    expect(withMeta(frozen(message) as { params?: unknown }, ENTRIES)).toBeUndefined();
  });

  it.each([
    ['no params', {}, { _meta: ENTRIES }],
    ['no _meta', { params: { name: 'x' } }, { name: 'x', _meta: ENTRIES }],
    ['params of a class without accessors', { params: new Named() }, { name: 'x', _meta: ENTRIES }],
    [
      'params without a prototype',
      { params: Object.assign(Object.create(null), { name: 'x' }) },
      { name: 'x', _meta: ENTRIES },
    ],
    ['an undefined _meta', { params: { _meta: undefined } }, { _meta: ENTRIES }],
    ['a _meta', { params: { _meta: { progressToken: 1 } } }, { _meta: { progressToken: 1, ...ENTRIES } }],
    ['a _meta that holds the same key', { params: { _meta: { tracestate: 'old' } } }, { _meta: ENTRIES }],
  ])('copies a message with %s, and does not change the message', (_name, given, params) => {
    const message = frozen({ jsonrpc: '2.0', id: 1, method: 'ping', ...given });
    const copy = withMeta(message as { params?: unknown }, ENTRIES);
    expect(copy).toEqual({ jsonrpc: '2.0', id: 1, method: 'ping', params });
    expect(copy).not.toBe(message);
  });

  it('keeps other values by reference', () => {
    const args = frozen({ deep: { down: true } });
    const copy = withMeta<{ params?: any }>({ params: { arguments: args } }, ENTRIES);
    expect(copy?.params.arguments).toBe(args);
  });

  it('leaves out keys, and does not change the message', () => {
    const message = { params: { _meta: { baggage: 'a=1', own: 1 } } };
    const copy = withMeta<{ params?: any }>(deepFreeze(message), {}, ['baggage']);
    expect(copy).toEqual({ params: { _meta: { own: 1 } } });
    expect(message.params._meta.baggage).toBe('a=1');
  });

  it('does not take inherited names for members', () => {
    const params = JSON.parse('{"__proto__": {"polluted": true}}');
    const copy = withMeta<{ params?: any }>({ params }, ENTRIES);
    expect(copy?.params._meta).toEqual(ENTRIES);
    expect(({} as any).polluted).toBeUndefined();
  });
});

describe('reading _meta', () => {
  it.each([undefined, null, 'x', 1, {}, { _meta: null }, { _meta: 'x' }, { _meta: 1 }])(
    'finds none in %o',
    (params) => {
      expect(metaOf(params)).toBeUndefined();
    },
  );

  it('returns it by reference', () => {
    const meta = {};
    expect(metaOf({ _meta: meta })).toBe(meta);
  });

  it('finds the declared protocol version, if it is a string', () => {
    const key = 'io.modelcontextprotocol/protocolVersion';
    expect(declaredProtocolVersion({ [key]: '2026-07-28' })).toBe('2026-07-28');
    for (const meta of [undefined, {}, { [key]: 2026 }, { protocolVersion: '2026-07-28' }]) {
      expect(declaredProtocolVersion(meta as Record<string, unknown>)).toBeUndefined();
    }
  });

  it('finds the listen stream of a notification, if it has an id', () => {
    const key = 'io.modelcontextprotocol/subscriptionId';
    expect([subscriptionIdOf({ [key]: 'listen:1' }), subscriptionIdOf({ [key]: 0 })]).toEqual(['listen:1', 0]);
    for (const meta of [undefined, {}, { [key]: null }, { [key]: {} }]) expect(subscriptionIdOf(meta)).toBeUndefined();
  });
});
