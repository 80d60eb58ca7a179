import { describe, expect, it, test } from 'vitest';
import { jsonSize } from '../../../src/lib/json-size.js';
import { seeded } from '../redact/corpus/draw.js';

const evil = () => {
  throw new Error('no');
};
const cycle: Record<string, unknown> = { name: 'ring' };
cycle['self'] = [cycle];
const revoked = Proxy.revocable({}, {});
revoked.revoke();

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('there is no size for', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a BigInt', { a: 1n }],
    ['a cycle', cycle],
    ['a getter, which is not called', Object.defineProperty({}, 'x', { get: evil, enumerable: true })],
    ['a getter in an array', Object.defineProperty([1], 0, { get: evil, enumerable: true })],
    ['a toJSON of its own, which is not called', { a: { toJSON: evil } }],
    ['a toJSON behind a getter', { a: Object.defineProperty({}, 'toJSON', { get: evil }) }],
    ['an inherited toJSON, which is not called', { a: new URL('http://localhost/') }],
    ['a function with a toJSON', { a: Object.assign(() => 1, { toJSON: evil }) }],
    ['a date with a toJSON of its own', Object.assign(new Date(0), { toJSON: evil })],
    ['a date with a toISOString of its own', Object.assign(new Date(0), { toISOString: evil })],
    ['a date of another class', new (class extends Date {})(0)],
    ['an object that only says it is a date', Object.create(Date.prototype)],
    ['a buffer', Buffer.from('x')],
    ['a typed array', { a: new Uint8Array(3) }],
    ['an array buffer', new ArrayBuffer(3)],
    ['boxed primitives', [Object('x')]],
    ['a revoked proxy', { a: revoked.proxy }],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil })],
    ['a proxy with properties that throw', new Proxy({ a: 1 }, { getOwnPropertyDescriptor: evil })],
    ['an array of a billion holes', new Array(1_000_000_000)],
    ['100 000 keys', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 1]))],
    ['100 000 levels', deep(100_000)],
  ])('%s', (_, value) => {
    expect(jsonSize(value)).toBeUndefined();
  });

  it('a text longer than any string, because one part occurs too often', () => {
    const long = 'x'.repeat(10_000_000);
    expect(jsonSize(new Array(100).fill(long))).toBeUndefined();
  });

  it('more values than allowed, members without JSON included', () => {
    expect(jsonSize([1, 2, 3], 4)).toBe(7);
    expect(jsonSize([1, 2, 3], 3)).toBeUndefined();
    expect(jsonSize({ a: undefined, b: { c: 1 } }, 4)).toBe(13);
    expect(jsonSize({ a: undefined, b: { c: 1 } }, 3)).toBeUndefined();
    expect(jsonSize([[], []], 2)).toBeUndefined();
    expect(jsonSize(new Array(9_999).fill(0))).toBe(19_999);
    expect(jsonSize(new Array(10_000).fill(0))).toBeUndefined();
  });
});

const real = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('the size is that of the JSON text', () => {
  const shared = { a: [1] };
  test.each<[string, unknown]>([
    ['null', null],
    ['numbers', [0, -0, 1.5, -1e21, 1e-7, 5e-324, Number.MAX_SAFE_INTEGER]],
    ['numbers without JSON', [Number.NaN, Number.POSITIVE_INFINITY]],
    ['booleans', [true, false]],
    ['plain text', 'hello'],
    ['text of two, three and four bytes', 'äöü€漢字🎉'],
    ['every control character', String.fromCharCode(...Array.from({ length: 0x100 }, (_, code) => code))],
    ['quotes and backslashes', '"\\"\\\\ / </script>'],
    ['lone surrogates', ['\ud800', '\udc00', '\udc00\ud800', '\ud83c', 'a\ud83cb', '\ud83c\ud83c\udf89']],
    ['line separators', '\u2028\u2029'],
    ['empty things', [[], {}, '']],
    ['members without JSON', { a: undefined, b: () => 1, c: Symbol('x'), d: 1, e: undefined }],
    ['only members without JSON', { a: undefined }],
    ['elements without JSON', [undefined, () => 1, Symbol('x'), 1]],
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    ['holes', [1, , 2]],
    ['symbols as keys', { [Symbol('x')]: 1, a: 1 }],
    ['members that are not enumerable', Object.defineProperty({ a: 1 }, 'b', { value: 1 })],
    ['an array with more members', Object.assign([1], { more: 1 })],
    ['dates', { at: new Date(0), late: new Date(8.64e15), early: new Date(-8.64e15), none: new Date(Number.NaN) }],
    ['data named toJSON', { toJSON: 'no method' }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    [
      'an instance of a class',
      new (class Point {
        x = 1;
        y = [2];
      })(),
    ],
    ['maps and sets', [new Map([[1, 2]]), new Set([1])]],
    ['the same object twice', [shared, shared, { shared }]],
    ['a __proto__ key', JSON.parse('{"__proto__": {"a": 1}}')],
    ['keys with escapes', { 'a"b\n': 1, 'ü\ud800': 2 }],
    ['two thousand levels', deep(2_000)],
  ])('%s', (_, value) => {
    expect(jsonSize(value)).toBe(real(value));
  });

  it('whatever the data is', () => {
    const random = seeded('sizes');
    for (let round = 0; round < 3_000; round++) {
      const value = anything(random, 4);
      const text = JSON.stringify(value);
      const expected = text === undefined ? undefined : Buffer.byteLength(text);
      if (jsonSize(value) !== expected) expect.fail(`round ${round}: ${jsonSize(value)} for ${text}`);
    }
  });

  it('and the value stays unchanged', () => {
    const value = Object.freeze({ a: Object.freeze([1, 'x']) });
    expect(jsonSize(value)).toBe(13);
  });
});

function anything(random: () => number, depth: number): unknown {
  const below = (limit: number) => Math.floor(random() * limit);
  const text = () => {
    const ranges = [0x20, 0x80, 0x800, 0x3000, 0x10000];
    const codes = () => (below(4) === 0 ? 0xd800 + below(0x800) : below(ranges[below(ranges.length)] as number));
    return String.fromCharCode(...Array.from({ length: below(60) }, codes));
  };
  const leaves = [
    text,
    text,
    () => below(1_000) - 500,
    () => (random() - 0.5) * 10 ** (below(60) - 30),
    () => random() < 0.5,
    () => null,
    () => undefined,
    () => Number.NaN,
    () => new Date(below(2 ** 31) * 100_000),
  ];
  const kind = depth === 0 ? 0 : below(4);
  if (kind === 1) return Array.from({ length: below(6) }, () => anything(random, depth - 1));
  if (kind === 2) {
    return Object.fromEntries(Array.from({ length: below(6) }, () => [text(), anything(random, depth - 1)]));
  }
  return (leaves[below(leaves.length)] as () => unknown)();
}
