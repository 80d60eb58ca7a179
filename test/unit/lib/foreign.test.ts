import { describe, expect, it } from 'vitest';
import { arrayLength, ownKeys, ownValue } from '../../../src/lib/foreign.js';

const { proxy, revoke } = Proxy.revocable({}, {});
revoke();

describe('reading what somebody else made', () => {
  it('survives a revoked proxy', () => {
    expect(ownValue(proxy, 'x')).toBeNull();
    expect(ownKeys(proxy)).toBeUndefined();
    expect(arrayLength(proxy)).toBeUndefined();
  });

  it('calls no getter', () => {
    const value = {
      get x() {
        throw new Error('called');
      },
    };
    expect(ownValue(value, 'x')).toBeNull();
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
