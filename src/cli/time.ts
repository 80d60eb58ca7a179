/** Reads and formats times of records, as milliseconds since 1970 with fractions. Pure. */

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)$/i;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Reads an RFC 3339 time, to about a quarter of a microsecond; undefined for any other text. */
export function parseTime(text: string | undefined): number | undefined {
  const [, date, time, fraction = '0', zone] = TIMESTAMP.exec(text ?? '') ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone?.toUpperCase()}`) + Number(`0.${fraction}`) * SECOND;
  return Number.isNaN(ms) ? undefined : ms;
}

/** `12.3ms`, `1.42s`, `2m05s`, `3h07m`. */
export function readableDuration(ms: number): string {
  if (ms < SECOND) return `${trimmed(ms)}ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(2)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m${twoDigits(Math.floor((ms % MINUTE) / SECOND))}s`;
  return `${Math.floor(ms / HOUR)}h${twoDigits(Math.floor((ms % HOUR) / MINUTE))}m`;
}

/** `+12.3ms` after the first record. */
export function readableOffset(ms: number): string {
  return ms < SECOND ? `+${ms.toFixed(1)}ms` : `+${readableDuration(ms)}`;
}

/** As `2026-11-21T09:20:07.123Z`. */
export function utc(ms: number): string {
  return new Date(ms).toISOString();
}

/** As `2026-11-21 10:20:07.123`, in the time zone of the machine. */
export function localTime(ms: number): string {
  const time = new Date(ms);
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
  return `${date} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function trimmed(ms: number): string {
  return Number.isInteger(ms) ? String(ms) : ms.toFixed(1);
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
