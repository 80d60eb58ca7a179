import { describe, expect, it, test } from 'vitest';
import { recordLine } from '../../../src/export/line.js';
import { canonicalJson } from '../../../src/lib/canonical.js';
import { jsonSize } from '../../../src/lib/json-size.js';
import { copyStructure } from '../../../src/redact/structure.js';
import { seeded } from '../redact/corpus/draw.js';

const MAX_COPY_BYTES = 2048;

/** Everything that reads foreign values, each with the value it made. */
const READERS: Record<string, (value: unknown) => unknown> = {
  'canonical JSON': (value) => JSON.parse(canonicalJson(value)),
  'the line of a log record': (value) => JSON.parse(recordLine({ body: value })).body,
  'a redacted copy': (value) => copyStructure(value, MAX_COPY_BYTES),
};

let called = 0;
const foreign = () => {
  called += 1;
  throw new Error('code of the application');
};
const getter = { get: foreign, enumerable: true, configurable: true };
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const hostile = new Proxy({}, { getPrototypeOf: foreign, ownKeys: foreign, getOwnPropertyDescriptor: foreign });
class Point {
  x = 1;
  get y() {
    return foreign();
  }
  toJSON() {
    return foreign();
  }
}

describe.each(Object.entries(READERS))('%s', (_, read) => {
  test.each<[string, unknown, unknown]>([
    ['plain data', { a: [1, -1.5, true, null, 'x', {}] }, { a: [1, -1.5, true, null, 'x', {}] }],
    ['a bigint', [42n, -(2n ** 127n)], ['42', String(-(2n ** 127n))]],
    ['a bigint too large for a number to mean', 2n ** 128n, '[BIGINT]'],
    ['values without JSON', { a: undefined, b: foreign, c: Symbol('c'), d: [undefined, foreign] }, { d: [null, null] }],
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    ['a hole', [1, , 2], [1, null, 2]],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    [
      'a date with methods of its own',
      Object.assign(new Date(0), { toJSON: foreign, toISOString: foreign }),
      '1970-01-01T00:00:00.000Z',
    ],
    ['an invalid date', new Date(Number.NaN), '[UNREADABLE]'],
    ['an object that only claims to be a date', Object.create(Date.prototype), {}],
    ['boxed primitives', [Object('x'), Object(1), Object(1n)], ['[UNREADABLE]', '[UNREADABLE]', '[UNREADABLE]']],
    ['an instance of a class', new Point(), { x: 1 }],
    ['maps and sets', [new Map([[1, 2]]), new Set([1])], [{}, {}]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a tag behind a getter', Object.defineProperty({}, Symbol.toStringTag, getter), {}],
    ['a getter', Object.defineProperty({ a: 1 }, 'b', getter), { a: 1, b: '[GETTER]' }],
    ['a getter in an array', Object.defineProperty([1, 2], 0, getter), ['[GETTER]', 2]],
    ['a toJSON', { a: 1, toJSON: foreign }, { a: 1 }],
    ['a revoked proxy', [revoked], ['[UNREADABLE]']],
    ['the same object twice', Array(2).fill(revoked), ['[UNREADABLE]', '[UNREADABLE]']],
  ])('reads %s as all others do', (_, value, expected) => {
    called = 0;
    expect(read(value)).toEqual(expected);
    expect(called).toBe(0);
  });

  test('reads a proxy that throws as unreadable', () => {
    expect(read({ a: hostile, b: 1 })).toEqual({ a: '[UNREADABLE]', b: 1 });
  });
});

describe('where readers differ', () => {
  const cycle: Record<string, unknown> = { a: 1 };
  cycle['self'] = [cycle];
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const marked = (levels: number): unknown => (levels === 0 ? '[TRUNCATED]' : [marked(levels - 1)]);

  it('cycles and levels too deep are marked, and have no canonical JSON', () => {
    for (const [name, levels] of [
      ['the line of a log record', 63],
      ['a redacted copy', 8],
    ] as const) {
      const read = READERS[name] as (value: unknown) => unknown;
      expect(read(cycle)).toEqual({ a: 1, self: ['[CYCLE]'] });
      expect(read(deep(levels))).toEqual(deep(levels));
      expect(read(deep(levels + 1))).toEqual(marked(levels));
    }
    expect(() => canonicalJson(cycle)).toThrow(RangeError);
  });

  it('binary data is base64, and hidden in redacted copies', () => {
    const bytes = new Uint8Array([0, 1, 2, 255]);
    const named = Object.defineProperties(new Uint8Array([1, 2, 255]), {
      buffer: getter,
      byteOffset: getter,
      byteLength: getter,
    });
    const values = [bytes.subarray(1), named, new DataView(bytes.buffer, 1), new Uint8Array([1, 2, 255]).buffer];
    called = 0;
    expect(READERS['canonical JSON']?.(values)).toEqual(['AQL/', 'AQL/', 'AQL/', 'AQL/']);
    expect(READERS['the line of a log record']?.(values)).toEqual(['AQL/', 'AQL/', 'AQL/', 'AQL/']);
    expect(READERS['a redacted copy']?.(values)).toEqual(Array(4).fill('[BINARY]'));
    expect(called).toBe(0);
  });

  it('numbers without JSON are null, and named in lines of log records', () => {
    const values = [Number.NaN, Number.NEGATIVE_INFINITY];
    expect(READERS['canonical JSON']?.(values)).toEqual([null, null]);
    expect(READERS['a redacted copy']?.(values)).toEqual([null, null]);
    expect(READERS['the line of a log record']?.(values)).toEqual(['NaN', '-Infinity']);
  });
});

describe('whatever the value', () => {
  /** A value in which anything can stand anywhere. */
  function anything(random: () => number, around: object[], left = { values: 200 }): unknown {
    left.values -= 1;
    const below = (limit: number) => Math.floor(random() * limit);
    const leaves: (() => unknown)[] = [
      () => String.fromCharCode(...Array.from({ length: below(20) }, () => below(0x10000))).repeat(below(50)),
      () => (random() - 0.5) * 10 ** (below(60) - 30),
      () => 2n ** BigInt(below(200)),
      () => [true, null, undefined, Number.NaN, foreign, Symbol('s'), -0][below(7)],
      () => around[below(around.length)],
      () => new Array(2 ** 32 - 1),
      () => new Proxy([], { get: () => ['9', -1, Number.NaN, 2 ** 53][below(4)] }),
      () =>
        [revoked, new Point(), new Date(Number.NaN), new Date(below(2 ** 31)), Object('x'), new Float64Array(below(9))][
          below(6)
        ],
    ];
    if (left.values < 0 || below(3) === 0) return leaves[below(leaves.length)]?.();
    const made: object = below(2) === 0 ? [] : below(4) === 0 ? new Point() : {};
    for (let index = below(10) === 0 ? 300 : below(4); index >= 0; index--) {
      const key = Array.isArray(made)
        ? index
        : (['__proto__', 'toJSON', 'length', 'password'][below(9)] ?? `k${below(1e6)}`);
      const value = index > 9 ? index : anything(random, [...around, made], left);
      Object.defineProperty(made, key, below(9) === 0 ? getter : { value, enumerable: true, configurable: true });
    }
    return made;
  }

  const BOUNDS: Record<string, (value: unknown) => void> = {
    'canonical JSON': (value) => {
      try {
        expect(canonicalJson(value).length).toBeLessThanOrEqual(1_048_576);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    },
    'the line of a log record': (value) => {
      const line = recordLine({ body: value });
      expect(() => JSON.parse(line)).not.toThrow();
      expect(line.length).toBeLessThan(700_000);
    },
    'a redacted copy': (value) => {
      expect(JSON.stringify(copyStructure(value, MAX_COPY_BYTES) ?? null).length).toBeLessThanOrEqual(MAX_COPY_BYTES);
    },
    'the size of JSON': (value) => {
      const size = jsonSize(value);
      if (size !== undefined) expect(size).toBe(Buffer.byteLength(JSON.stringify(value)));
    },
  };

  it.each(Object.entries(BOUNDS))('%s is bounded, throws nothing else, and runs no code of the value', (_, check) => {
    const random = seeded('values');
    for (let round = 0; round < 150; round++) {
      let value = anything(random, [{}]);
      // Some are too deep for every reader.
      for (let level = round % 10 === 0 ? 100 : 0; level > 0; level--) value = [value];
      called = 0;
      check(value);
      expect(called).toBe(0);
    }
  });
});
