/** The time of day, more precise than a millisecond, and as text. */

/** If the process's monotonic clock is further off, the system's clock was set. */
const MAX_DRIFT_MS = 50;

/** Milliseconds since 1970, with fractions. Follows changes of the system's clock. */
export function wallClock(): number {
  const system = Date.now();
  const precise = performance.timeOrigin + performance.now();
  return Math.abs(precise - system) <= MAX_DRIFT_MS ? precise : system;
}

/** Seconds and nanoseconds since 1970, as OpenTelemetry takes them. */
export function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  // A double holds microseconds of the present, and little more.
  return [seconds, Math.floor((ms - seconds * 1000) * 1000) * 1000];
}

/** Milliseconds since 1970 as RFC 3339 in UTC, with nine digits of a second: `2026-11-21T09:20:07.123456000Z`. */
export function rfc3339(ms: number): string {
  return rfc3339OfHrTime(...hrTime(ms));
}

let lastSecond = Number.NaN;
let lastText = '';

/** The same of whole seconds, up to the year 9999, and nanoseconds. */
export function rfc3339OfHrTime(seconds: number, nanoseconds: number): string {
  if (seconds !== lastSecond) {
    lastText = new Date(seconds * 1000).toISOString().slice(0, 19);
    lastSecond = seconds;
  }
  return `${lastText}.${String(nanoseconds).padStart(9, '0')}Z`;
}
