import { expect, test } from 'vitest';
import { containerOf, memberPath, namesOf } from '../../../src/redact/argument-names.js';

const NAMES = ['a', '', 'a.b', '.', '..', '\\', 'a\\', '\\.', '\\\\.', '__proto__', 'é😀', '\n', '[0]'];

test('a path leads back to its names and its container', () => {
  const seen = new Set<string>();
  for (const first of NAMES) {
    const outer = memberPath(undefined, first);
    expect(namesOf(outer)).toEqual([first]);
    expect(containerOf(outer)).toBeUndefined();
    for (const second of NAMES) {
      const path = memberPath(outer, second);
      expect(namesOf(path)).toEqual([first, second]);
      expect(containerOf(path)).toBe(outer);
      seen.add(path);
    }
  }
  expect(seen.size).toBe(NAMES.length ** 2);
});

test('names are joined by dots, and dots within a name are escaped', () => {
  expect(memberPath(memberPath('filter', 'date'), 'from')).toBe('filter.date.from');
  expect(memberPath(undefined, 'a.b\\c')).toBe('a\\.b\\\\c');
});

test('a handwritten path may end in a backslash', () => {
  expect(namesOf('a\\')).toEqual(['a\\']);
});

test('only the start of an endless name counts', () => {
  expect(memberPath('x', 'a'.repeat(1_000_000))).toHaveLength(258);
});
