import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../../src/export/path-template.js';

describe('a path that is none', () => {
  it.each([[undefined], [null], [''], ['  '], [7], [{}], ['a\0b']])('is a mistake: %j', (path) => {
    expect(() => resolvePath(path)).toThrow(TypeError);
    expect(() => resolvePath(path)).toThrow(/^path is .*; accepted: the path of a file$/);
  });

  it.each(['logs/', '/', '.', '..', 'logs/..', 'logs/.'])('is a mistake where it can only be a folder: %s', (path) => {
    expect(() => resolvePath(path)).toThrow(/^path is ".*", a folder; accepted: the path of a file$/);
  });

  it('is not quoted at length', () => {
    expect(() => resolvePath(`${'x'.repeat(100_000)}\0`)).toThrow(/^.{0,300}$/);
  });
});

describe('a placeholder', () => {
  it.each([
    ['{service}.jsonl', {}, 'undefined'],
    ['{toString}.jsonl', {}, 'undefined'],
    ['{service}.jsonl', { service: undefined }, 'undefined'],
    ['{service}.jsonl', { service: {} }, 'of type object'],
  ])('without a value is a mistake: %s with %j', (path, placeholders, found) => {
    expect(() => resolvePath(path, placeholders)).toThrow(TypeError);
    expect(() => resolvePath(path, placeholders)).toThrow(`placeholders has ${found} for `);
  });

  it('needs an object of values', () => {
    expect(() => resolvePath('a', 'b' as never)).toThrow('placeholders are "b"; accepted: an object');
  });

  it.each([
    ['../../etc/passwd', '___.._etc_passwd'],
    ['..', '__'],
    ['.hidden', '_hidden'],
    ['a/b\\c:d', 'a_b_c_d'],
    ['a\nb\u2028c', 'a_b_c'],
    ['größe', 'gr__e'],
    ['$&$1', '___1'],
    ['{pid}', '_pid_'],
    ['', '_'],
    ['weather-2.1_x', 'weather-2.1_x'],
    ['x'.repeat(1_000_000), 'x'.repeat(128)],
  ])('leads to no other folder, whatever its value is (%#)', (service, part) => {
    expect(resolvePath('/log/{service}/a.jsonl', { service })).toBe(resolve(`/log/${part}/a.jsonl`));
  });

  it('may stand more than once, and is the process where it is the pid', () => {
    const path = resolvePath('/log/{pid}/{service}-{pid}-{n}', { service: 's', n: 0 });
    expect(path).toBe(resolve(`/log/${process.pid}/s-${process.pid}-0`));
    expect(resolvePath('/log/{pid}', { pid: 7 })).toBe(resolve('/log/7'));
  });

  it('is what has a name between its braces', () => {
    expect(resolvePath('/log/{}/{1}/{a b}/{')).toBe(resolve('/log/{}/{1}/{a b}/{'));
  });
});

describe('a path', () => {
  it('is absolute from then on', () => {
    expect(resolvePath('logs/audit.jsonl')).toBe(resolve(process.cwd(), 'logs/audit.jsonl'));
  });
});
