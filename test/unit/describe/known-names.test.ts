import { describe, expect, it } from 'vitest';
import { KnownNames } from '../../../src/describe/known-names.js';

describe('the names in metric attributes', () => {
  it.each(['echo', '', '__proto__', 'constructor', '_OTHER'])('do not include %o before it is learned', (name) => {
    const names = new KnownNames(10);
    expect([names.has(name), names.bounded(name)]).toEqual([false, '_OTHER']);
  });

  it('never include one of more than 128 characters', () => {
    const names = new KnownNames(10);
    const [longest, tooLong] = ['x'.repeat(128), 'x'.repeat(129)] as [string, string];
    expect([names.learn(longest), names.learn(tooLong)]).toEqual([true, false]);
    expect([names.bounded(longest), names.bounded(tooLong)]).toEqual([longest, '_OTHER']);
  });

  it('are bounded, in addition to the given ones', () => {
    const names = new KnownNames(2, ['given', 'also given']);
    expect(['a', 'b', 'c'].map((name) => names.learn(name))).toEqual([true, true, false]);
    expect(['given', 'also given', 'a', 'b', 'c'].map((name) => names.bounded(name))).toEqual([
      'given',
      'also given',
      'a',
      'b',
      '_OTHER',
    ]);
  });

  it('stay known when the bound is reached', () => {
    const names = new KnownNames(1, ['given']);
    names.learn('a');
    expect([names.learn('a'), names.learn('given'), names.learn('b')]).toEqual([true, true, false]);
  });

  it('count a duplicate once', () => {
    const names = new KnownNames(1, ['given', 'given']);
    expect([names.learn('a'), names.learn('b')]).toEqual([true, false]);
  });
});
