/** Stretches of text to be hidden. */

/** From `start` up to, but not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a letter or digit before a match may be the end of without being part of the same word: `%3D`, `\n`. */
const ESCAPE_BEFORE = /(?:%[0-9A-Fa-f]{2}|\\[bfnrt])$/;

/** Says whether no letter or digit of the same word stands right before `start`. */
export function startsAlone(text: string, start: number): boolean {
  if (start === 0 || !/[A-Za-z0-9]/.test(text.charAt(start - 1))) return true;
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, start - 3), start));
}

/** {@link startsAlone}, and not within a longer number or identifier: `0.4111…`, `1234-…`, `…-5678`. */
export function standsAlone(text: string, { start, end }: Span): boolean {
  if (!startsAlone(text, start) || /\d[.-]$/.test(text.slice(Math.max(0, start - 2), start))) return false;
  return !/^(?:[A-Za-z0-9]|[.-]\d)/.test(text.slice(end, end + 2));
}
