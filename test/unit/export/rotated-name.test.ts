import { describe, expect, it } from 'vitest';
import { nextName, rotatedNames } from '../../../src/export/rotated-name.js';

const PATH = '/var/log/audit.jsonl';
const NOW = Date.UTC(2026, 10, 21, 9, 30, 0, 999);
const namesOf = (names: readonly string[], path = PATH) => rotatedNames(path, names).map(({ name }) => name);

describe('the rotated files of a path', () => {
  it('match its own pattern only', () => {
    const others = [
      'audit.jsonl',
      'audit-.jsonl',
      'audit-2026-11-21T093000Z.jsonl',
      'audit-2026-11-21T093000Z-0.jsonl',
      'audit-2026-11-21T093000Z-1.jsonl.gz',
      'audit-2026-11-21T093000Z-1',
      'audit-2026-11-21T093000Z-x.jsonl',
      'audit-2026-11-21T093000Z-1x.jsonl',
      'audit-b-2026-11-21T093000Z-1.jsonl',
      'xaudit-2026-11-21T093000Z-1.jsonl',
      'AUDIT-2026-11-21T093000Z-1.jsonl',
      'auditX2026-11-21T093000Z-1.jsonl',
      'jsonl',
      '',
    ];
    expect(namesOf([...others, 'audit-2026-11-21T093000Z-1.jsonl'])).toEqual(['audit-2026-11-21T093000Z-1.jsonl']);
  });

  it('are found if the name contains characters of regular expressions, or has no extension', () => {
    expect(namesOf(['a.b+-2026-11-21T093000Z-1.(c'], '/x/a.b+.(c')).toHaveLength(1);
    expect(namesOf(['audit-2026-11-21T093000Z-1'], '/x/audit')).toHaveLength(1);
    expect(namesOf(['.audit-2026-11-21T093000Z-1'], '/x/.audit')).toHaveLength(1);
  });

  it('are sorted by time and number, newest first', () => {
    const sorted = [
      'audit-2026-11-22T000000Z-1.jsonl',
      'audit-2026-11-21T093000Z-10.jsonl',
      'audit-2026-11-21T093000Z-9.jsonl',
      'audit-2025-12-31T235959Z-3.jsonl',
    ];
    expect(namesOf([...sorted].reverse())).toEqual(sorted);
  });
});

describe('the next name', () => {
  const newest = (name: string) => rotatedNames(PATH, [name])[0];

  it('contains the time to the second', () => {
    expect(nextName(PATH, NOW, undefined).name).toBe('audit-2026-11-21T093000Z-1.jsonl');
    expect(nextName('/x/audit', NOW, undefined).name).toBe('audit-2026-11-21T093000Z-1');
  });

  it('counts within a second, also past a deleted number', () => {
    expect(nextName(PATH, NOW, newest('audit-2026-11-21T093000Z-4.jsonl')).name).toBe(
      'audit-2026-11-21T093000Z-5.jsonl',
    );
    expect(nextName(PATH, NOW, newest('audit-2026-11-21T092959Z-4.jsonl')).name).toBe(
      'audit-2026-11-21T093000Z-1.jsonl',
    );
  });

  it('is the newest even if the clock was set back, because deletion goes by name', () => {
    expect(nextName(PATH, NOW, newest('audit-2099-01-01T000000Z-7.jsonl')).name).toBe(
      'audit-2099-01-01T000000Z-8.jsonl',
    );
  });

  it.each([
    [-1, '1970-01-01T000000Z'],
    [8.64e15, '9999-12-31T235959Z'],
  ])('has the form of all others at the ends of time: %d', (ms, time) => {
    expect(nextName(PATH, ms, undefined).name).toBe(`audit-${time}-1.jsonl`);
  });
});
