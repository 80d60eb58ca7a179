/** How long something is kept: `90m`, `36h`, `30d`, `12w`, `6y`. Pure. */

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
const PERIOD = /^([1-9]\d{0,6})([mhdwy])$/;
/** Longer ones reach to before there were computers. */
const MAX_YEARS = 100;

/** A period. Its text is as it was given. */
export interface Period {
  readonly text: string;
  /** Of the calendar: with 365 days each, six years would end a day or two too early. */
  readonly years: number;
  readonly ms: number;
}

/** Reads a period; undefined for any other text, and for more than 100 years. */
export function periodOf(text: string): Period | undefined {
  const [, digits = '', unit = ''] = PERIOD.exec(text) ?? [];
  const count = Number(digits);
  const period = unit === 'y' ? { text, years: count, ms: 0 } : { text, years: 0, ms: count * (UNITS[unit] ?? 0) };
  return count > 0 && period.years + period.ms / (365 * DAY) <= MAX_YEARS ? period : undefined;
}

/** The time that is a period before another, both in milliseconds since 1970. */
export function before(now: number, { years, ms }: Period): number {
  const time = new Date(now - ms);
  if (years > 0) time.setUTCFullYear(time.getUTCFullYear() - years);
  return time.getTime();
}
