/**
 * Which lines need not be parsed, because no record in them can match. Pure.
 *
 * A value that matches a pattern has the pattern's literal parts. Where a line holds that value, at whatever depth of JSON in
 * JSON, the characters are either there or escaped. JSON knows two kinds of escapes: short ones, for quotes, backslashes,
 * slashes and controls, which no needle contains; and `\u`, which can stand for any character: lines with it are parsed.
 */
import type { AuditKey } from '../../semconv/audit-record.js';

/** One of them is in every line that matters. */
export type Needles = readonly Buffer[];

/** What a pattern can match something else for, and what can be a short escape. U+FFFD is what broken bytes read as. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
const NOT_LITERAL = /[*?"\\/\u0000-\u001f\u007f\ufffd]|\p{Surrogate}/u;
/** A number can be written in several ways: `1000` as `1e3`, and `Infinity` as `1e999`. */
const NUMERIC = /^[\d.eE+-]*$/;
/** Shorter ones are in nearly every line. */
const SHORTEST = 2;
const ESCAPE = Buffer.from('\\u');
const [OPEN, CLOSE] = [0x7b, 0x7d];

/** Bytes in every line with a value that the pattern matches; undefined if there are none. */
export function patternNeedle(pattern: string): Buffer | undefined {
  const parts = withoutChoices(pattern).split(NOT_LITERAL);
  const longest = parts
    .filter((part) => !NUMERIC.test(part) && !'Infinity'.includes(part))
    .reduce((a, b) => (b.length > a.length ? b : a), '');
  return longest.length < SHORTEST ? undefined : Buffer.from(longest);
}

/** Bytes in every line whose record has the field: exports may write the name with other characters between its words. */
export function keyNeedle(key: AuditKey): Buffer {
  const words = key.split(/[^a-z]/);
  return Buffer.from(words.at(-1) as string);
}

/** The pattern with a `*` in place of each choice in braces. */
function withoutChoices(pattern: string): string {
  let depth = 0;
  let text = '';
  for (const char of pattern) {
    if (char === '{') depth += 1;
    if (depth === 0) text += char;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) text += '*';
    }
  }
  return text;
}

/** Whether a line has to be parsed, given the needles of all options. */
export function mayMatch(line: Buffer, needles: readonly Needles[]): boolean {
  for (const some of needles) {
    if (!some.some((needle) => line.includes(needle))) return line.includes(ESCAPE) || isCut(line);
  }
  return true;
}

/** A record that is cut off is not a match, but worth a notice. */
function isCut(line: Buffer): boolean {
  return line[0] === OPEN && line[line.length - 1] !== CLOSE && line.toString('latin1').trimEnd().at(-1) !== '}';
}
