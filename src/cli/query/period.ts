/** Times that somebody types, and times of records. Pure. */
import { type ReadRecord, textOf } from '../read-records.js';
import { visible } from '../text.js';
import { parseTime } from '../time.js';

/** Milliseconds since 1970; a record from `since` to `until`, both included, matches. */
export interface Period {
  readonly since: number | undefined;
  readonly until: number | undefined;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
/** What is left out at the end of a day: times of records are as exact as this. */
const INSTANT = 0.001;

const AGO = /^(\d{1,6})([smhdw])$/;
const CALENDAR_DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const CLOCK = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?$/;

export const AGE = 'an age (90s, 15m, 24h, 7d, 4w)';
export const DATE = 'a date (2026-11-30)';
export const TIME = 'a time (2026-11-30T09:20, 2026-11-30T09:20:07Z)';

/**
 * The moment that a text means: `since` its first, `until` its last. Dates and times without a zone are local ones, or with
 * `utc` in UTC. A text instead of a moment is the problem.
 */
export function momentOf(
  option: 'since' | 'until',
  text: string,
  { now, utc }: { readonly now: number; readonly utc: boolean },
): number | string {
  const moment = ago(text, now) ?? day(text, option, utc) ?? clock(text, option, utc) ?? zoned(text);
  return moment ?? `--${option} takes ${AGE}, ${DATE}, or ${TIME}; not ${visible(text, 80)}`;
}

function ago(text: string, now: number): number | undefined {
  const [, count, unit] = AGO.exec(text) ?? [];
  return count === undefined ? undefined : now - Number(count) * (UNITS[unit as string] as number);
}

function day(text: string, option: string, utc: boolean): number | undefined {
  const date = CALENDAR_DAY.exec(text)?.slice(1).map(Number);
  if (date === undefined) return undefined;
  const first = at(date, utc);
  if (first === undefined || option === 'since') return first;
  const [year = 0, month = 0, of = 0] = date;
  // Days on which clocks change are not 24 hours long.
  const next = utc ? first + DAY : new Date(year, month - 1, of + 1).getTime();
  return next - INSTANT;
}

/** Without seconds, the minute ends as a day does. */
function clock(text: string, option: string, utc: boolean): number | undefined {
  const [, ...parts] = CLOCK.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [seconds, fraction] = parts.slice(5);
  const start = at(
    parts.slice(0, 6).map((part) => Number(part ?? 0)),
    utc,
  );
  if (start === undefined) return undefined;
  const whole = option === 'since' || fraction !== undefined ? 0 : seconds === undefined ? MINUTE : SECOND;
  return start + Number(fraction ?? 0) * SECOND + Math.max(0, whole - INSTANT);
}

/** `Date` takes the 30th of February for a day of March. */
function zoned(text: string): number | undefined {
  const [, ...date] = /^(\d{4})-(\d\d)-(\d\d)T/i.exec(text) ?? [];
  return at(date.map(Number), true) === undefined ? undefined : parseTime(text);
}

/** Undefined for a day or an hour that does not exist. */
function at([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[], utc: boolean) {
  const inUtc = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const exists =
    inUtc.getUTCMonth() === month - 1 && inUtc.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists || year < 1970) return undefined;
  return utc ? inUtc.getTime() : new Date(year, month - 1, day, hour, minute, second).getTime();
}

/** When a record was made, in milliseconds since 1970. */
export function timeOf(record: ReadRecord): number | undefined {
  return parseTime(textOf(record, 'time')) ?? parseTime(textOf(record, 'observed_time'));
}

/** A record without a time is in no period. */
export function isWithin({ since, until }: Period, record: ReadRecord): boolean {
  if (since === undefined && until === undefined) return true;
  const time = timeOf(record);
  return time !== undefined && (since === undefined || time >= since) && (until === undefined || time <= until);
}
