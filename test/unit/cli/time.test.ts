import { describe, expect, it } from 'vitest';
import { localTime, parseTime, readableDuration, readableOffset, utc } from '../../../src/cli/time.js';

describe('times', () => {
  it.each([undefined, '', 'yesterday', '2026-11-21', '2026-13-41T00:00:00Z', '1700000000', `${'9'.repeat(1000)}Z`])(
    'are not made up from %s',
    (text) => {
      expect(parseTime(text)).toBeUndefined();
    },
  );

  it.each([
    ['2026-11-21T09:20:07.123456789Z', 1795252807123.4568],
    ['2026-11-21T09:20:07Z', 1795252807000],
    ['2026-11-21t10:20:07.5+01:00', 1795252807500],
  ])('are read from %s', (text, ms) => {
    expect(parseTime(text)).toBeCloseTo(ms, 3);
  });

  it('are formatted briefly', () => {
    expect([0, 12.34, 142, 1420, 125_000, 11_220_000].map(readableDuration)).toEqual([
      '0ms',
      '12.3ms',
      '142ms',
      '1.42s',
      '2m05s',
      '3h07m',
    ]);
    expect([0, 12.34, 1420].map(readableOffset)).toEqual(['+0.0ms', '+12.3ms', '+1.42s']);
    expect(utc(1795252807123.4)).toBe('2026-11-21T09:20:07.123Z');
    expect(localTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe('2026-01-02 03:04:05.006');
  });
});
