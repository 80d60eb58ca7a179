import { describe, expect, it } from 'vitest';
import { before, periodOf } from '../../../src/retain/period.js';

const at = (time: string, text: string) => {
  const period = periodOf(text);
  return period && new Date(before(Date.parse(time), period)).toISOString();
};

describe('a period', () => {
  it.each([
    ['90m', '2026-11-30T10:30:00.000Z'],
    ['36h', '2026-11-29T00:00:00.000Z'],
    ['30d', '2026-10-31T12:00:00.000Z'],
    ['12w', '2026-09-07T12:00:00.000Z'],
    ['1y', '2025-11-30T12:00:00.000Z'],
    // With 365 days each, they would end two days too early.
    ['6y', '2020-11-30T12:00:00.000Z'],
    ['100y', '1926-11-30T12:00:00.000Z'],
  ])('%s reaches back to %s', (text, time) => {
    expect(at('2026-11-30T12:00:00Z', text)).toBe(time);
  });

  it('of a year is never shorter than one, at a leap day', () => {
    expect(at('2028-02-29T00:00:00Z', '1y')).toBe('2027-03-01T00:00:00.000Z');
    expect(at('2029-03-01T00:00:00Z', '1y')).toBe('2028-03-01T00:00:00.000Z');
  });

  it.each(['', '30', 'd', '0d', '-1d', '1.5d', '30 d', '30D', '1M', '101y', '40000d', '99999999m', '1d1h', 'forever'])(
    'is not %j',
    (text) => {
      expect(periodOf(text)).toBeUndefined();
    },
  );
});
