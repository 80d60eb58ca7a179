import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/lib/canonical.js';

const LONE = String.fromCharCode(0xd800);

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe('canonical JSON refuses', () => {
  it('a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = [cycle];
    expect(() => canonicalJson(cycle)).toThrow(RangeError);
  });

  it('more than 64 levels', () => {
    expect(canonicalJson(nested(64))).toHaveLength(2 * 64 + 1);
    expect(() => canonicalJson(nested(65))).toThrow(RangeError);
  });

  it('a text of more than 1 Mi characters, of one string or of many', () => {
    expect(() => canonicalJson('x'.repeat(1_048_577))).toThrow(RangeError);
    expect(() => canonicalJson(new Array(300_000).fill(true))).toThrow(RangeError);
    expect(() => canonicalJson(new Array(2 ** 32 - 1))).toThrow(RangeError);
    expect(() => canonicalJson(new Uint8Array(786_432))).toThrow(RangeError);
    expect(canonicalJson('x'.repeat(1_048_574))).toHaveLength(1_048_576);
  });

  it('values that are small to write and large to walk', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, undefined]));
    expect(() => canonicalJson(new Array(1000).fill(wide))).toThrow(RangeError);
    let twice: unknown = [];
    for (let level = 0; level < 60; level++) twice = [twice, twice];
    expect(() => canonicalJson(twice)).toThrow(RangeError);
  });

  it('two names that differ in lone surrogates only', () => {
    expect(() => canonicalJson({ [LONE]: 1, '\ufffd': 2 })).toThrow(RangeError);
  });
});

describe('canonical JSON reads around', () => {
  it('values without JSON', () => {
    expect(canonicalJson({ a: undefined, b: () => 1, c: Symbol('s'), d: Number.NaN, e: 1n, f: -0 })).toBe(
      '{"d":null,"e":"1","f":0}',
    );
    expect(canonicalJson([undefined, () => 1, Number.POSITIVE_INFINITY])).toBe('[null,null,null]');
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('toJSON, which would run code of the application', () => {
    expect(canonicalJson({ toJSON: () => 'other', x: 1 })).toBe('{"x":1}');
  });

  it('lone surrogates in values and names, and sorts by the replaced names', () => {
    expect(canonicalJson({ v: `a${LONE}b`, [`${LONE}`]: 1, '\ue000': 2 })).toBe(
      '{"v":"a\ufffdb","\ue000":2,"\ufffd":1}',
    );
    expect(canonicalJson('\\ud800 and 😀')).toBe('"\\\\ud800 and 😀"');
  });
});

describe('canonical JSON', () => {
  it('sorts names by UTF-16 code units, as the example of RFC 8785 does', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  it('writes numbers and strings as the examples of RFC 8785 do', () => {
    const value = {
      // biome-ignore lint/correctness/noPrecisionLoss: the number of the specification
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('keeps a member named __proto__ like any other', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1},"b":1}');
  });

  it('is the same for members in another order, and does not change the value', () => {
    const value = Object.freeze({ b: Object.freeze([1, { d: 1, c: 2 }]), a: '' });
    expect(canonicalJson(value)).toBe(canonicalJson({ a: '', b: [1, { c: 2, d: 1 }] }));
    expect(Object.keys(value)).toEqual(['b', 'a']);
  });
});
