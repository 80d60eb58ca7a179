import { describe, expect, it } from 'vitest';
import { OpenOperations } from '../../../src/session/open-operations.js';
import { operation } from '../build.js';

describe('the open operations', () => {
  it('return the oldest beyond the bound', () => {
    const open = new OpenOperations(3);
    const all = Array.from({ length: 10 }, (_, id) => operation({ id }));
    const givenUp = all.map((each) => {
      const oldest = open.add(each);
      if (oldest !== undefined) open.delete(oldest);
      expect(open.size).toBeLessThanOrEqual(3);
      return oldest;
    });
    expect(givenUp).toEqual([undefined, undefined, undefined, ...all.slice(0, 7)]);
    expect([...open.values()]).toEqual(all.slice(7));
  });

  it('count a duplicate once', () => {
    const open = new OpenOperations(1);
    const one = operation();
    expect([open.add(one), open.add(one), open.size]).toEqual([undefined, undefined, 1]);
  });

  it('ignore the removal of an unknown one', () => {
    const open = new OpenOperations(1);
    open.delete(operation());
    expect(open.size).toBe(0);
  });

  it('can be removed during iteration', () => {
    const open = new OpenOperations(10);
    const all = [operation({ id: 1 }), operation({ id: 2 }), operation({ id: 3 })];
    for (const each of all) open.add(each);
    const seen = [];
    for (const each of open.values()) {
      seen.push(each);
      for (const other of all) open.delete(other);
    }
    expect(seen).toEqual(all);
    expect(open.size).toBe(0);
  });
});
