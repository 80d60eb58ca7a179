import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { momentOf } from '../../../../src/cli/query/period.js';

const NOW = Date.parse('2026-11-30T10:00:00Z');
const zone = process.env['TZ'];

beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});

afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

function moment(option: 'since' | 'until', text: string, utc = false): string {
  const found = momentOf(option, text, { now: NOW, utc });
  return typeof found === 'string' ? 'refused' : new Date(found).toISOString();
}

describe('a time that somebody types', () => {
  it.each([
    ['90s', '2026-11-30T09:58:30.000Z'],
    ['15m', '2026-11-30T09:45:00.000Z'],
    ['24h', '2026-11-29T10:00:00.000Z'],
    ['7d', '2026-11-23T10:00:00.000Z'],
    ['4w', '2026-11-02T10:00:00.000Z'],
  ])('may be an age: %s', (text, time) => {
    expect(moment('since', text)).toBe(time);
    expect(moment('until', text)).toBe(time);
  });

  it.each([
    ['2026-11-21', '2026-11-20T23:00:00.000Z', '2026-11-21T22:59:59.999Z'],
    // 25 hours.
    ['2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z'],
    ['2026-11-21T09:20', '2026-11-21T08:20:00.000Z', '2026-11-21T08:20:59.999Z'],
    ['2026-11-21 09:20:07', '2026-11-21T08:20:07.000Z', '2026-11-21T08:20:07.999Z'],
    ['2026-11-21 09:20:07.5', '2026-11-21T08:20:07.500Z', '2026-11-21T08:20:07.500Z'],
    ['2026-11-21T09:20:07Z', '2026-11-21T09:20:07.000Z', '2026-11-21T09:20:07.000Z'],
    ['2026-11-21T09:20:07.25-05:00', '2026-11-21T14:20:07.250Z', '2026-11-21T14:20:07.250Z'],
  ])('is from its first moment to its last, local without a zone: %s', (text, since, until) => {
    expect(moment('since', text)).toBe(since);
    expect(moment('until', text)).toBe(until);
  });

  it('is in UTC if asked', () => {
    expect(moment('since', '2026-11-21', true)).toBe('2026-11-21T00:00:00.000Z');
    expect(moment('until', '2026-11-21', true)).toBe('2026-11-21T23:59:59.999Z');
    expect(moment('since', '2026-11-21 09:20', true)).toBe('2026-11-21T09:20:00.000Z');
  });

  it.each([
    '',
    'yesterday',
    '7',
    '7days',
    '-7d',
    '1234567d',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T24:00',
    '2026-11-21T09:60',
    '2026-02-30T09:20:07Z',
    '21.11.2026',
    '1795252807',
    `2026-11-21${'0'.repeat(100_000)}`,
  ])('is refused with what is accepted: %s', (text) => {
    expect(moment('since', text)).toBe('refused');
    expect(momentOf('until', text, { now: NOW, utc: false })).toMatch(
      /^--until takes an age \(90s, .*\), a date \(2026-11-30\), or a time \(.*\); not /,
    );
  });
});
