/** Applies the pattern set to text, and makes text safe to log, bounded in what it reads and in what it gives. */
import { SCAN_OVERLAP_CHARS } from './limits.js';
import { PATTERNS } from './patterns.js';
import type { Span } from './span.js';

/** Stands for a value hidden because of its key, or one that could not be looked at. */
export const REDACTED = '[REDACTED]';

/** Control characters, lone surrogates, line separators and the marks that reverse the reading direction. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The same, except for tab, line feed and carriage return. */
const UNSAFE_IN_TEXT = /(?![\t\n\r])[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

interface Finding extends Span {
  readonly id: string;
}

function findings(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { id, hint, regex, locate } of PATTERNS) {
    if (!hint.test(text)) continue;
    regex.lastIndex = 0;
    for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
      const whole = { start: match.index, end: match.index + match[0].length };
      const span = locate ? locate(whole, text) : whole;
      if (span === undefined) continue;
      found.push({ id, start: span.start, end: span.end });
      regex.lastIndex = Math.max(whole.end, span.end);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The first `limit` characters of the text with each finding, or run of overlapping ones, replaced by its name. */
function replaceFindings(text: string, limit: number): string {
  let result = '';
  let done = 0;
  for (const { id, start, end } of findings(text)) {
    if (start >= limit) break;
    if (start >= done) result += `${text.slice(done, start)}[REDACTED:${id}]`;
    done = Math.max(done, end);
  }
  return result + text.slice(done, Math.max(done, limit));
}

/**
 * At most the first `limit` characters of a text, without secrets and without characters that harm a log. What is read
 * is bounded too, but goes past the limit, so that a secret lying across it is known. The result may be longer than
 * `limit` by the names that stand for short secrets: callers cut it to their own bound.
 */
export function scrub(value: string, limit: number, multiline = false): string {
  const seen = value.length > limit ? value.slice(0, limit + SCAN_OVERLAP_CHARS) : value;
  const safe = seen.replace(multiline ? UNSAFE_IN_TEXT : UNSAFE, '\ufffd');
  const scrubbed = replaceFindings(safe, wholeCharacters(value, limit));
  return value.length > limit ? detached(scrubbed) : scrubbed;
}

/** A copy that shares no memory: a slice keeps the whole string alive that it was cut from. */
export function detached(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}

/** Multi-line text scrubbed and cut to at most `max` bytes of UTF-8, ending in how much of it is missing. */
export function scrubToBytes(value: string, max: number): string {
  const text = scrub(value, max, true);
  const unseen = value.length > max ? Buffer.byteLength(value.slice(wholeCharacters(value, max))) : 0;
  return cutBytes(text, max, unseen);
}

/** A string of at most `max` UTF-16 units, ending in `…` when it, or what it was made of, was longer. */
export function cutChars(text: string, max: number, more = false): string {
  if (text.length <= max && !more) return text;
  return `${text.slice(0, wholeCharacters(text, max - 1))}…`;
}

/** The largest number up to `limit` of UTF-16 units from the start that does not split a character. */
function wholeCharacters(text: string, limit: number): number {
  const split =
    limit > 0 && limit < text.length && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(limit - 1, limit + 1));
  return split ? limit - 1 : limit;
}

/**
 * A string of at most `max` bytes of UTF-8, ending in how many were left out when any were, `unseen` ones included.
 * The bound holds where it is at least the length of that mark, about 30 bytes.
 */
export function cutBytes(text: string, max: number, unseen = 0): string {
  const total = Buffer.byteLength(text);
  if (total <= max && unseen === 0) return text;
  const room = Math.max(0, max - Buffer.byteLength(cutMark(total + unseen)));
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(room));
  return text.slice(0, read) + cutMark(total - written + unseen);
}

function cutMark(bytes: number): string {
  return `…[cut ${bytes} bytes]`;
}
