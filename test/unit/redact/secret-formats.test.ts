import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MARKED, NAMED } from '../../../src/redact/gitleaks.generated.js';
import { TOKEN_SHAPES } from '../../../src/redact/secret-formats.js';
import { shortest } from './samples.js';

/** A run that is read before a match is certain. */
const MAX_RUN = 512;

/**
 * The parts of a pattern that could read a text again and again; none for a sequence of characters, sets and bounded runs.
 */
function faultsOf(source: string): string[] {
  const faults: string[] = [];
  const parts = source.match(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?[:=!]|\{\d+(?:,\d*)?\}|[()|?*+.]|[\s\S]/g) ?? [];
  const repeats: boolean[] = [false];
  let open = false;
  for (const [index, part] of parts.entries()) {
    if (part.startsWith('(')) repeats.push(false);
    const before = parts[index - 1];
    const [, min, max] = /^\{(\d+)(?:,(\d*))?\}$/.exec(part) ?? [];
    const isRun = min !== undefined;
    if (part === '*' || part === '+' || part === '.') faults.push(`${part} at ${index}`);
    if (isRun && before === ')' && repeats.at(-1) === true) faults.push(`a run of runs at ${index}`);
    if (isRun) {
      // A part after an unbounded run may be missing, or is a lookahead.
      if (open && repeats.length === 1 && min !== '0') faults.push(`a run behind one without a bound at ${index}`);
      if (Number(max) > MAX_RUN) faults.push(`${part} is long`);
      if (max === '') open = true;
      repeats[repeats.length - 1] = true;
    }
    if (part === ')') {
      const inner = repeats.pop();
      if (inner && parts[index + 1]?.startsWith('{')) faults.push(`a run of runs at ${index}`);
    }
  }
  return faults;
}

describe('every token format', () => {
  test.each(TOKEN_SHAPES)('is read in linear time: $id, $marks.0', ({ marks, rest, before = '' }) => {
    expect([...faultsOf(rest), ...faultsOf(before)]).toEqual([]);
    expect(before).not.toMatch(/,\}/);
    for (const mark of marks) expect(mark).toMatch(/^[\x21-\x7e]{3,}$/);
  });

  test('is too long for a name that skips the scan', () => {
    for (const shape of TOKEN_SHAPES) expect(shortest(shape).length, shape.id).toBeGreaterThan(14);
  });

  test('would fail this test if it were not linear', () => {
    for (const source of ['(?:a{1,3}){2,}', 'a+', 'x.{3}', '[a]{2,}[b]{3,}', '[a]{1,9000}b']) {
      expect(faultsOf(source), source).not.toEqual([]);
    }
  });
});

describe('the rows made from gitleaks', () => {
  test('are many, and name their source', () => {
    expect(MARKED.length).toBeGreaterThan(30);
    expect(NAMED.length).toBeGreaterThan(70);
    const text = readFileSync(new URL('../../../src/redact/gitleaks.generated.ts', import.meta.url), 'utf8');
    expect(text).toMatch(/gitleaks v\d+\.\d+\.\d+/);
    expect(text).toContain('MIT License');
    expect(text).toContain('The above copyright notice and this permission notice shall be included in all');
  });

  test.each(NAMED)('need a name, and match their value in linear time: $id', ({ names, value }) => {
    expect(faultsOf(value)).toEqual([]);
    expect(value).not.toMatch(/,\}/);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_.-]{3,}$/);
  });
});
