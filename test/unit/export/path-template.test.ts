import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePath } from '../../../src/export/path-template.js';

describe('a path that cannot be a file', () => {
  it.each(['logs/', '/', '.', '..', 'logs/..', 'logs/.'])('throws if it can only be a folder: %s', (path) => {
    expect(() => resolvePath(path)).toThrow(/^path is ".*", a folder; accepted: the path of a file$/);
  });

  it('is not quoted at length', () => {
    expect(() => resolvePath(`${'x'.repeat(100_000)}/`)).toThrow(/^.{0,300}$/);
  });
});

describe('a placeholder', () => {
  it.each([['{service}.jsonl'], ['{toString}.jsonl']])('needs a value: %s', (path) => {
    expect(() => resolvePath(path)).toThrow(TypeError);
    expect(() => resolvePath(path)).toThrow(/^placeholders\.\w+ is missing; accepted: a text or a number\. The path "/);
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

  it('may occur more than once, and pid is the process id', () => {
    const path = resolvePath('/log/{pid}/{service}-{pid}-{n}', { service: 's', n: 0 });
    expect(path).toBe(resolve(`/log/${process.pid}/s-${process.pid}-0`));
    expect(resolvePath('/log/{pid}', { pid: 7 })).toBe(resolve('/log/7'));
  });

  it('needs a name between its braces', () => {
    expect(resolvePath('/log/{}/{1}/{a b}/{')).toBe(resolve('/log/{}/{1}/{a b}/{'));
  });
});

describe('a path', () => {
  it('becomes absolute at once', () => {
    expect(resolvePath('logs/audit.jsonl')).toBe(resolve(process.cwd(), 'logs/audit.jsonl'));
  });
});
