/** The time of day, finer than a millisecond, and as text. */

/** Past this the process's monotonic clock and the system's have been told different things. */
const MAX_DRIFT_MS = 50;

/** Milliseconds since 1970, with fractions. Follows the system's clock when that is set. */
export function wallClock(): number {
  const system = Date.now();
  const precise = performance.timeOrigin + performance.now();
  return Math.abs(precise - system) <= MAX_DRIFT_MS ? precise : system;
}

let lastSecond = Number.NaN;
let lastText = '';

/** RFC 3339 in UTC, with nine digits of a second: `2026-11-21T09:20:07.123456000Z`. */
export function rfc3339(ms: number): string {
  const [seconds, nanoseconds] = hrTime(ms);
  if (seconds !== lastSecond) {
    lastSecond = seconds;
    lastText = new Date(seconds * 1000).toISOString().slice(0, 19);
  }
  return `${lastText}.${String(nanoseconds).padStart(9, '0')}Z`;
}

/** Seconds and nanoseconds, as OpenTelemetry takes them. */
export function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  // A double holds microseconds of the present and not much more.
  return [seconds, Math.floor((ms - seconds * 1000) * 1000) * 1000];
}
