import { describe, expect, it } from 'vitest';
import { arrayLength, isArray, memberNames, ownElements, ownKeys, ownValue } from '../../../src/lib/foreign.js';

const { proxy, revoke } = Proxy.revocable({}, {});
revoke();

describe('reading foreign objects', () => {
  it('survives a revoked proxy', () => {
    expect(ownValue(proxy, 'x')).toBeUndefined();
    expect(ownValue(proxy, 'x', null)).toBeNull();
    expect(memberNames(proxy)).toEqual([]);
    expect(isArray(proxy)).toBe(false);
    expect(ownElements(proxy, 1)).toBeUndefined();
    expect(ownKeys(proxy)).toBeUndefined();
    expect(arrayLength(proxy)).toBeUndefined();
  });

  it('calls no getter', () => {
    const value = {
      get x() {
        throw new Error('called');
      },
    };
    expect(ownValue(value, 'x')).toBeUndefined();
    expect(ownValue(value, 'x', null)).toBeNull();
  });

  it('lists the members of plain objects alone', () => {
    expect(memberNames({ a: 1 })).toEqual(['a']);
    for (const value of [undefined, null, 'ab', ['a'], Buffer.from('a'), Object('ab')]) {
      expect(memberNames(value)).toEqual([]);
    }
  });

  it('reads the first elements of an array', () => {
    expect(ownElements(['a', 'b', 'c'], 2)).toEqual(['a', 'b']);
    expect(ownElements({ length: 1, 0: 'a' }, 2)).toBeUndefined();
  });

  it('reads the length of an array as a number, whatever a proxy says', () => {
    const said = (length: unknown) => arrayLength(new Proxy([], { get: () => length }));
    expect([said('9'), said(-1), said(Number.NaN)]).toEqual([0, 0, 0]);
  });

  it('sees own properties only', () => {
    expect(ownValue({}, 'toString')).toBeUndefined();
    expect(ownValue({}, '__proto__')).toBeUndefined();
    expect(ownValue(JSON.parse('{"__proto__":1}'), '__proto__')).toBe(1);
    expect(ownKeys({ a: 1 })).toEqual(['a']);
    expect([arrayLength([1, 2]), arrayLength({ length: 2 }), arrayLength(undefined)]).toEqual([
      2,
      undefined,
      undefined,
    ]);
  });
});
