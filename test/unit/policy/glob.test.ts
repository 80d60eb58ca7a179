import { describe, expect, it, test } from 'vitest';
import { compileGlob, type GlobOptions, MAX_TEXT_CHARS } from '../../../src/policy/glob.js';

const PATHS: GlobOptions = { separator: '/' };
const FOLDERS: GlobOptions = { separator: '/', under: true };

function matches(pattern: string, text: string, options?: GlobOptions): boolean {
  const glob = compileGlob(pattern, options);
  if (glob === undefined) expect.fail(`${pattern} is not a pattern`);
  return glob(text);
}

describe('an invalid pattern', () => {
  test.each(['', '{a', 'a}', '{a,b', 'a,b}', '{a}', '{}', 'notes://{id}', '{a,{b,c}', '{{a,b}}'])('%s', (pattern) => {
    expect(compileGlob(pattern)).toBeUndefined();
  });
});

describe('time is linear in the text, whatever the pattern', () => {
  test.each([
    ['stars', `${'*a'.repeat(128)}`],
    ['choices one after the other', '{a,aa}'.repeat(42)],
    ['choices in choices', nested(60)],
    ['choices with stars', '{*a,a*}'.repeat(36)],
    ['empty choices', '{,}'.repeat(85)],
  ])('%s', (_, pattern) => {
    const glob = compileGlob(pattern);
    const before = process.cpuUsage();
    for (let round = 0; round < 20; round++) glob?.(`${'a'.repeat(MAX_TEXT_CHARS - 1)}b`);
    // Processor time: a busy machine adds none. Milliseconds are expected; backtracking would not end.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
    expect(glob).toBeDefined();
  });
});

function nested(levels: number): string {
  return levels === 0 ? 'a' : `{a,${nested(levels - 1)}}`;
}

describe('a long text that is read as a whole', () => {
  test.each([
    [`a*${'b'.repeat(10)}`, true],
    ['a*c', false],
    ['a*', true],
  ])('%s', (pattern, expected) => {
    expect(matches(pattern, `a${'b'.repeat(3 * MAX_TEXT_CHARS)}`, { whole: true })).toBe(expected);
  });
});

describe('a text that is too long to read', () => {
  const padding = 'x'.repeat(MAX_TEXT_CHARS);
  test.each<[string, string, boolean]>([
    ['*_secret', `${padding}_secret`, true],
    ['*_secret', padding + padding, true],
    ['delete_*', `delete_${padding}`, true],
    ['read_*', `delete_${padding}`, false],
    ['x', `x${padding}`, false],
    ['{x,xx}', `x${padding}`, false],
  ])('matches %s if a continuation could', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('is not read further, whatever its length', () => {
    expect(matches('*b', 'a'.repeat(1_000_000))).toBe(true);
    expect(matches('*b', 'a'.repeat(MAX_TEXT_CHARS))).toBe(false);
  });
});

describe('a pattern for names', () => {
  test.each<[string, string, boolean]>([
    ['search', 'search', true],
    ['search', 'Search', false],
    ['search', 'search2', false],
    ['*', '', true],
    ['*', 'a/b.c\n', true],
    ['**', 'a/b', true],
    ['delete_*', 'delete_user', true],
    ['delete_*', 'delete_', true],
    ['delete_*', 'undelete_user', false],
    ['*_delete', 'user_delete', true],
    ['*delete*', 'users/delete/all', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['?', '', false],
    ['???', 'abc', true],
    ['?', '🎉', true],
    ['🎉*', '🎉!', true],
    ['{get,list}_*', 'list_files', true],
    ['{get,list}_*', 'set_files', false],
    ['db.{drop,truncate}{,_table}', 'db.drop', true],
    ['db.{drop,truncate}{,_table}', 'db.truncate_table', true],
    ['db.{drop,truncate}{,_table}', 'db.truncate_', false],
    ['{a{b,c},d*}e', 'ace', true],
    ['{a{b,c},d*}e', 'dxxe', true],
    ['{a{b,c},d*}e', 'ade', false],
    ['a.b', 'axb', false],
    ['a[bc]', 'a[bc]', true],
    ['a,b', 'a,b', true],
    ['(a+)+$', '(a+)+$', true],
    ['\\d', '\\d', true],
    ['constructor', '__proto__', false],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});

describe('a pattern for paths', () => {
  test.each<[string, string, boolean]>([
    ['file:///srv/*', 'file:///srv/a', true],
    ['file:///srv/*', 'file:///srv/a/b', false],
    ['file:///srv/**', 'file:///srv/a/b', true],
    ['file:///srv/**', 'file:///srv', false],
    ['/srv/?', '/srv//', false],
    ['/a?b', '/a/b', false],
    ['**/secrets/*', '/srv/secrets/key', true],
    ['**/secrets/*', 'secrets/key', true],
    ['/srv/**/secrets/*', '/srv/secrets/key', true],
    ['/srv/**/secrets/*', '/srv/a/b/secrets/key', true],
    ['/srv/**/secrets/*', '/srv/mysecrets/key', false],
    ['/srv/**.pem', '/srv/a/b.pem', true],
    ['db://{customers,patients}/**', 'db://patients/1/2', true],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text, PATHS)).toBe(expected);
  });
});

describe('a pattern for folders', () => {
  test.each<[string, string, boolean]>([
    ['/etc', '/etc', true],
    ['/etc', '/etc/passwd', true],
    ['/etc', '/etcetera', false],
    ['/etc', '/srv/etc', false],
    ['/home/*/.ssh', '/home/ann/.ssh/id_rsa', true],
    ['/home/*/.ssh', '/home/ann/x/.ssh', false],
    ['/srv/{a,b}', '/srv/b/c', true],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text, FOLDERS)).toBe(expected);
  });

  it('matches a path that is too long to read if it could be inside', () => {
    expect(matches('/etc', `/etc/${'x'.repeat(2_000)}`, FOLDERS)).toBe(true);
    expect(matches('/etc', `/srv/${'x'.repeat(2_000)}`, FOLDERS)).toBe(false);
  });
});

it('a pattern has no state between texts', () => {
  const glob = compileGlob('{a,b}*c');
  expect(['abc', 'ab', 'c', 'bc', '', 'abc'].map((text) => glob?.(text))).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
});
