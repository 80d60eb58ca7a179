import { describe, expect, it, test } from 'vitest';
import { compileArguments } from '../../../src/policy/arguments.js';
import type { ArgumentPredicate } from '../../../src/policy/rule.js';

function matches(conditions: Record<string, ArgumentPredicate>, args: unknown): boolean | undefined {
  return compileArguments(conditions)?.(args);
}

const evil = () => {
  throw new Error('no');
};
const getter = (name: string) => Object.defineProperty({}, name, { get: evil, enumerable: true });
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;
const ring: unknown[] = [];
ring.push(ring);

describe('an unreadable value matches, and none of its code runs', () => {
  const CASES: [string, Record<string, ArgumentPredicate>, unknown][] = [
    ['a getter', { a: { equals: 1 } }, getter('a')],
    ['a getter on the way', { 'a.b': { equals: 1 } }, getter('a')],
    ['a getter on the way to what must not be there', { 'a.b': { present: false } }, getter('a')],
    ['a getter of any name', { '*': { equals: 1 } }, getter('a')],
    ['a revoked proxy', { a: { equals: 1 } }, revoked.proxy],
    ['a proxy that throws', { a: { present: false } }, new Proxy({}, { getOwnPropertyDescriptor: evil })],
    ['a list that is too long', { a: { equals: 1 } }, { a: new Array(1_000_000).fill(2) }],
    ['a list of a billion holes', { a: { equals: 1 } }, { a: new Array(1_000_000_000) }],
    ['100 000 names', { '*': { equals: -1 } }, Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i, i]))],
    ['a list in itself', { a: { equals: 1 } }, { a: ring }],
    ['a text that is too long', { a: { glob: '*secret*' } }, { a: 'x'.repeat(1_000_000) }],
    ['a path that is too long', { a: { underPath: '/etc' } }, { a: `/srv/${'../'.repeat(100_000)}` }],
  ];
  test.each(CASES)('%s', (_, conditions, args) => {
    expect(matches(conditions, args)).toBe(true);
  });

  it('is present if it has a getter', () => {
    expect(matches({ a: { present: true } }, getter('a'))).toBe(true);
    expect(matches({ a: { present: false } }, getter('a'))).toBe(false);
  });
});

describe('a value does not match', () => {
  test.each<[string, ArgumentPredicate, unknown]>([
    ['of another type', { equals: 1 }, '1'],
    ['of another type in the list', { in: ['1', true] }, 1],
    ['that is not text', { glob: '*' }, 1],
    ['that is neither text nor a path', { underPath: '/etc' }, { toString: evil }],
    ['that is not a number', { min: 1 }, '5'],
    ['that is not a number', { min: 1 }, Number.NaN],
    ['below the range', { min: 1, max: 5 }, 0.5],
    ['above the range', { min: 1, max: 5 }, 6],
    ['that has only one of what is asked', { glob: '*', equals: 'a' }, 'b'],
    ['that is undefined', { present: true }, undefined],
    ['in an object where a value is expected', { equals: 'a' }, { x: 'a' }],
    ['in an empty list', { equals: 'a' }, []],
  ])('%s', (_, predicate, value) => {
    expect(matches({ a: predicate }, { a: value })).toBe(false);
  });

  test.each<[string, unknown]>([
    ['there are no arguments', undefined],
    ['they are null', null],
    ['they are a text', 'a'],
    ['they are inherited', Object.create({ a: 1 })],
  ])('where %s', (_, args) => {
    expect(matches({ a: { present: true } }, args)).toBe(false);
    expect(matches({ a: { present: false } }, args)).toBe(true);
    expect(matches({ length: { equals: 1 } }, args)).toBe(false);
  });
});

describe('a value matches', () => {
  test.each<[string, ArgumentPredicate, unknown]>([
    ['text', { equals: 'prod' }, 'prod'],
    ['number', { equals: 0 }, 0],
    ['boolean', { equals: false }, false],
    ['one of several', { in: ['a', 2, true] }, 2],
    ['by pattern', { glob: 'prod-*' }, 'prod-eu'],
    ['by one of several patterns', { glob: ['x', '{prod,stage}-*'] }, 'stage-eu'],
    ['as a path', { underPath: '/etc' }, '/srv/../etc/passwd'],
    ['as a path in one of several', { underPath: ['/etc', '~/.ssh'] }, '/home/ann/.ssh/id_rsa'],
    ['in the range', { min: 1, max: 5 }, 5],
    ['by being there', { present: true }, null],
    ['as any element', { equals: 'b' }, ['a', 'b']],
    ['as an element of a list in a list', { equals: 'b' }, [['a'], [['b']]]],
    ['by being an empty list', { present: true }, []],
  ])('%s', (_, predicate, value) => {
    expect(matches({ a: predicate }, { a: value })).toBe(true);
  });

  it('when nested, also in lists', () => {
    expect(matches({ 'a.b.c': { equals: 1 } }, { a: { b: { c: 1 } } })).toBe(true);
    expect(matches({ 'files.path': { underPath: '/etc' } }, { files: [{ path: '/srv' }, { path: '/etc/x' }] })).toBe(
      true,
    );
    expect(matches({ 'a.b.c': { equals: 1 } }, { a: { b: 1 } })).toBe(false);
  });

  it('under any name', () => {
    expect(matches({ '*': { underPath: '/etc' } }, { mode: 'r', target: '/etc/hosts' })).toBe(true);
    expect(matches({ 'env.*': { equals: 'prod' } }, { env: { stage: 'prod' } })).toBe(true);
    expect(matches({ '*': { equals: 'prod' } }, { env: { stage: 'prod' } })).toBe(false);
  });

  it('under names of inherited members', () => {
    expect(matches({ __proto__x: { equals: 1 } }, { __proto__x: 1 })).toBe(true);
    const args: unknown = JSON.parse('{"__proto__": {"admin": true}}');
    expect(matches({ ['__proto__.admin']: { equals: true } }, args)).toBe(true);
    expect(matches({ constructor: { present: true } }, {})).toBe(false);
  });

  it('in a cyclic object', () => {
    expect(matches({ 'self.self.self': { present: true } }, cycle)).toBe(true);
    expect(matches({ 'self.self.x': { present: true } }, cycle)).toBe(false);
  });
});

it('all conditions have to hold', () => {
  const conditions = { path: { glob: '*' }, mode: { equals: 'w' } };
  expect(matches(conditions, { path: '/x', mode: 'w' })).toBe(true);
  expect(matches(conditions, { path: '/x', mode: 'r' })).toBe(false);
});

it('a rule without conditions on arguments has no test', () => {
  expect(compileArguments(undefined)).toBeUndefined();
});
