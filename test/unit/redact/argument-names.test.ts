import { describe, expect, test, vi } from 'vitest';
import { argumentNames, declaredNames } from '../../../src/redact/argument-names.js';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { githubToken, jwt, SECRETS } from './samples.js';

const redactor = new Redactor();
const namesIn = (args: unknown, declared?: ReadonlySet<string>) =>
  argumentNames(args, declared, redactor, new RedactionCounts());
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cycle: Record<string, unknown> = { name: 'ring' };
cycle['self'] = cycle;
const ring: unknown[] = [];
ring.push(ring, { a: 1 });
const many = (count: number, value: unknown = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${String(index).padStart(6, '0')}`, value]));

describe('hostile arguments', () => {
  test.each<[string, unknown, string[]]>([
    ['none', undefined, []],
    ['null', null, []],
    ['text', 'abc', []],
    ['a boxed text', Object('abc'), []],
    ['a function', Object.assign(() => 1, { a: 1 }), []],
    ['bytes', Buffer.from('abc'), []],
    [
      'a date, a map and a set',
      { at: new Date(0), map: new Map([['a', 1]]), set: new Set(['b']) },
      ['at', 'map', 'set'],
    ],
    ['a cycle', cycle, ['name', 'self', 'self.name', 'self.self', 'self.self.name', 'self.self.self']],
    ['a list that contains itself', { list: ring }, ['list', 'list.a']],
    ['a getter, which is not called', Object.defineProperty({}, 'x', { get: evil, enumerable: true }), ['x']],
    ['a revoked proxy', { x: revoked.proxy }, ['x']],
    ['nothing but a revoked proxy', revoked.proxy, []],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil }), []],
    ['a proxy that throws later', { p: new Proxy({ x: 1 }, { getOwnPropertyDescriptor: evil }) }, ['p']],
    [
      'a list that lies',
      { l: new Proxy([{ a: 1 }], { getOwnPropertyDescriptor: () => ({ configurable: true }) }) },
      ['l'],
    ],
    [
      'a member named __proto__',
      JSON.parse('{"__proto__": {"a": 1}, "toString": 1}'),
      ['__proto__', '__proto__.a', 'toString'],
    ],
    ['what is inherited', Object.create({ a: 1 }), []],
    ['what cannot be seen', Object.defineProperty({ [Symbol('s')]: 1 }, 'x', { value: 1 }), []],
    [
      'an instance of a class',
      new (class Search {
        limit = 1;
        #secret = 2;
        get from() {
          return this.#secret;
        }
      })(),
      ['limit'],
    ],
    ['control characters', { 'a\u0000\n': 1, '\ud800': 1, '\u202eb': 1 }, ['\\\\u202eb', 'a\ufffd\ufffd', '\ufffd']],
    ['an empty name', { '': { '': 1 } }, ['', '.']],
  ])('%s', (_, args, keys) => {
    expect(namesIn(args)).toEqual({ keys, unknownCount: undefined, dropped: 0 });
  });

  test('a hundred thousand names', () => {
    const { keys, dropped } = namesIn(many(100_000));
    expect(keys).toHaveLength(64);
    expect(keys[0]).toBe('key000000');
    expect(dropped).toBe(100_000 - 64);
  });

  test.each<[string, () => unknown]>([
    ['a hundred thousand names below every name', () => many(1000, many(100_000))],
    ['a billion holes', () => ({ a: new Array(1e9) })],
    [
      'lists of lists of lists',
      () => {
        let inner: unknown = [1];
        for (let level = 0; level < 30; level++) inner = Array.from({ length: 300 }, () => inner);
        return { a: inner };
      },
    ],
    [
      'a hundred thousand levels',
      () => {
        let inner: unknown = [{ a: 1 }];
        for (let level = 0; level < 100_000; level++) inner = [inner];
        return { a: inner };
      },
    ],
    [
      'proxies without end',
      () => {
        const endless: object = new Proxy(
          {},
          {
            ownKeys: () => ['a', 'b'],
            getOwnPropertyDescriptor: () => ({ value: endless, enumerable: true, configurable: true }),
          },
        );
        return endless;
      },
    ],
  ])('%s take no longer than the bounds', (_, make) => {
    const args = make();
    const start = process.cpuUsage().user;
    expect(namesIn(args).keys.length).toBeLessThanOrEqual(64);
    expect(process.cpuUsage().user - start).toBeLessThan(400_000);
  });

  test('names of a megabyte are cut', () => {
    const { keys } = namesIn({ ['n'.repeat(1_000_000)]: 1, short: { ['m'.repeat(1_000_000)]: 1 } });
    expect(keys.map((key) => key.length)).toEqual([128, 5, 128]);
    expect(keys[0]).toMatch(/^n+…$/);
  });
});

describe('names are listed', () => {
  test('as paths of at most three names, sorted, each once', () => {
    const args = {
      q: 'x',
      filter: { date: { from: { year: 1 }, to: 2 } },
      items: [{ id: 1 }, 7, [{ id: 2, tag: 3 }]],
      'a.b': 1,
    };
    const keys = [
      'a\\.b',
      'filter',
      'filter.date',
      'filter.date.from',
      'filter.date.to',
      'items',
      'items.id',
      'items.tag',
      'q',
    ];
    expect(namesIn(args)).toEqual({ keys, unknownCount: undefined, dropped: 0 });
  });

  test('without any kind of secret', () => {
    for (const { secret, text = secret } of Object.values(SECRETS)) {
      const counts = new RedactionCounts();
      const { keys } = argumentNames({ a: { [text]: 1 } }, undefined, redactor, counts);
      expect(keys.join('\n')).not.toContain(secret.slice(0, 100));
      expect(counts.count).toBeGreaterThan(0);
    }
  });

  test('with a secret that contains dots hidden whole', () => {
    expect(namesIn({ a: { [jwt]: 1 } }).keys).toEqual(['a', 'a.[REDACTED:jwt]']);
  });

  test('outer ones first if there are too many', () => {
    const { keys, dropped } = namesIn({ list: Array.from({ length: 10_000 }, () => ({ x: 1 })), z: 1 });
    expect(keys).toEqual(['list', 'list.x', 'z']);
    expect(dropped).toBeGreaterThan(9000);
  });

  test('completely, even beside a long list without names', () => {
    const numbers = Array.from({ length: 100_000 }, (_, index) => index);
    expect(namesIn({ embedding: numbers, z: { a: 1 } })).toMatchObject({ keys: ['embedding', 'z', 'z.a'], dropped: 0 });
  });

  test('unless the hook refuses them', () => {
    const redact = vi.fn((_: string, value: string) => (value === 'b' ? undefined : value.toUpperCase()));
    const counts = new RedactionCounts();
    const result = argumentNames(
      { b: 1, a: { c: githubToken } },
      undefined,
      new Redactor({ redact, now: () => 0 }),
      counts,
      'keys',
    );
    expect(result).toEqual({ keys: ['A', 'A.C'], unknownCount: undefined, dropped: 1 });
    expect(redact.mock.calls[0]).toEqual(['keys', 'a']);
    expect([...counts.dropped]).toEqual(['keys']);
  });

  test('and the arguments stay unchanged', () => {
    const args = Object.freeze({ a: Object.freeze([Object.freeze({ b: 1 })]) });
    expect(namesIn(args).keys).toEqual(['a', 'a.b']);
  });
});

describe('with declared names', () => {
  const text = { type: 'string' };
  const declared = declaredNames({
    properties: {
      q: text,
      filter: { properties: { from: text, tags: { items: { properties: { id: text } } } } },
      map: { type: 'object' },
    },
  });

  test.each<[string, unknown, string[], number]>([
    [
      'only those',
      { q: 1, filter: { from: 1, tags: [{ id: 1 }] } },
      ['filter', 'filter.from', 'filter.tags', 'filter.tags.id', 'q'],
      0,
    ],
    ['nothing', {}, [], 0],
    ['no arguments', undefined, [], 0],
    ['others, which are counted', { q: 1, x: 1, y: { z: { w: 1 } } }, ['q'], 2],
    [
      'others inside of declared ones',
      { filter: { from: 1, evil: 1, tags: [{ a: 1 }, { a: 2, b: 3 }] } },
      ['filter', 'filter.from', 'filter.tags'],
      3,
    ],
    ['data below a name', { map: { anything: { goes: 1 } }, q: { x: 1 } }, ['map', 'q'], 0],
    ['a name that imitates a path', { 'filter.from': 1 }, [], 1],
    ['prototypes', JSON.parse('{"__proto__": 1, "constructor": 2}'), [], 2],
  ])('%s', (_, args, keys, unknownCount) => {
    expect(namesIn(args, declared)).toEqual({ keys, unknownCount, dropped: 0 });
  });

  test('a hundred thousand others are counted up to the bound', () => {
    const { keys, unknownCount, dropped } = namesIn(many(100_000), declared);
    expect(keys).toEqual([]);
    expect(unknownCount).toBeGreaterThan(4000);
    expect(unknownCount).toBeLessThanOrEqual(4096);
    expect((unknownCount ?? 0) + dropped).toBe(100_000);
  });

  test('an empty declaration makes every name unknown', () => {
    expect(namesIn({ a: 1 }, new Set())).toEqual({ keys: [], unknownCount: 1, dropped: 0 });
  });
});
