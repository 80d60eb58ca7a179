/**
 * Hides everything that the pattern set finds in a text, and makes the text safe to log. Bounded in what it reads and
 * writes.
 */
import { cutBytes, cutChars, detached, wholeCharacters } from '../lib/text.js';
import { type Detector, detectedSpans } from './detectors.js';
import { DECODERS, writtenOut } from './invisible-characters.js';
import { MAX_READ_CHARS, OVERLAP_CHARS, SCAN_OVERLAP_CHARS } from './limits.js';
import { type Located, markedFindings, PATTERNS, SECRET_PATTERNS } from './patterns.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Finding, Span } from './spans.js';

/** What is known about a value. */
export interface ScrubContext {
  /** Run after the pattern set. */
  readonly detectors?: readonly Detector[] | undefined;
  /** Counts what is hidden. */
  readonly counts?: RedactionCounts | undefined;
  /** The name of the field: a number means one thing in `order.id` and another in `phone`. */
  readonly label?: string | undefined;
  /** The name was scrubbed before: keep its escapes as they are. */
  readonly again?: boolean | undefined;
  /** Names somebody: hide secrets only. */
  readonly identity?: boolean | undefined;
  readonly reading?: Reading | undefined;
}

/** The reading budget of one call, in characters. Callers check it before they read more. */
export interface Reading {
  left: number;
}

export function newReading(): Reading {
  return { left: MAX_READ_CHARS };
}

const NO_CONTEXT: ScrubContext = {};

/** Replaces a value that is hidden because of its key, or could not be read. */
export const REDACTED = '[REDACTED]';

/** Control characters, lone surrogates and line separators. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** The same without tab, line feed and carriage return, and with the marks that reverse the reading direction. */
const UNSAFE_IN_TEXT = /(?![\t\n\r])[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function findings(text: string, { label, identity }: ScrubContext): Finding[] {
  const found = markedFindings(text);
  for (const { id, hint, regex, locate, swallows } of identity ? SECRET_PATTERNS : PATTERNS) {
    if (!hint.test(text)) continue;
    regex.lastIndex = 0;
    for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
      const whole = { start: match.index, end: match.index + match[0].length };
      const located = locate ? locate(whole, text, label) : whole;
      const spans: readonly Located[] = located === undefined ? [] : 'length' in located ? located : [located];
      for (const span of spans) {
        found.push({ id: span.id ?? id, start: span.start, end: span.end });
        regex.lastIndex = Math.max(regex.lastIndex, span.end);
      }
      if (swallows) regex.lastIndex = Math.max(whole.start + 1, regex.lastIndex - OVERLAP_CHARS);
    }
  }
  return found;
}

/** How often to decode a text that was encoded again and again. */
const MAX_READINGS = 4;

/** Findings in the text to show and in its decoded forms, in order. `seen` is the text with all its characters. */
function allFindings(shown: string, seen: string, context: ScrubContext): Finding[] {
  const { reading } = context;
  const found = findings(shown, context);
  if (reading !== undefined) reading.left -= seen.length;
  let origin = (span: Span): Span => span;
  let text = seen;
  let readings = 0;
  for (let unchanged = 0, next = 0; unchanged < DECODERS.length && readings < MAX_READINGS; next++) {
    const decoded = DECODERS[next % DECODERS.length]?.(text);
    unchanged += 1;
    if (decoded === undefined) continue;
    unchanged = 0;
    readings += 1;
    text = decoded.text;
    // Each reading costs as much as the first.
    if (reading !== undefined) reading.left -= text.length;
    const outer = origin;
    origin = (span) => outer(decoded.origin(span));
    for (const { id, ...span } of findings(text, context)) found.push({ id, ...origin(span) });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** A text, and how much of its start may be shown. */
interface Part {
  readonly text: string;
  readonly limit: number;
}

/** Replaces each finding, or run of overlapping findings, by the id of the first. */
function replace({ text, limit }: Part, found: readonly Finding[], hidden?: (id: string) => void): Part {
  let result = '';
  let done = 0;
  let shown: number | undefined;
  for (const { id, start, end } of found) {
    if (start >= limit) shown ??= result.length + Math.max(0, limit - done);
    else if (end > done) hidden?.(id);
    if (start >= done) result += `${text.slice(done, start)}[REDACTED:${id}]`;
    done = Math.max(done, end);
  }
  shown ??= result.length + Math.max(0, limit - done);
  return { text: result + text.slice(done), limit: shown };
}

/**
 * At most the first `limit` characters of a text, without secrets and without characters that harm a log: replaced in text
 * of several lines, escaped in a single line, which is a name (see {@link writtenOut}). Reads a bounded stretch beyond the
 * limit, to recognise secrets that lie across it. Marks in place of short secrets can make the result longer than `limit`:
 * callers cut it to their own bound.
 *
 * @throws DetectorFailure when a detector fails; otherwise only if `value` is not a string
 */
export function scrub(value: string, limit: number, multiline = false, context = NO_CONTEXT): string {
  const { detectors, counts, again } = context;
  const seen = value.length > limit ? value.slice(0, limit + SCAN_OVERLAP_CHARS) : value;
  const safe = seen.replace(multiline ? UNSAFE_IN_TEXT : UNSAFE, '\ufffd');
  let part: Part = { text: safe, limit: wholeCharacters(value, limit) };
  const changed = safe.slice(0, part.limit) !== seen.slice(0, part.limit);
  part = replace(part, allFindings(safe, seen, context), counts && ((id) => counts.add(id)));
  if (detectors !== undefined) for (const detector of detectors) part = detect(part, detector, counts);
  const scrubbed = part.text.slice(0, part.limit);
  const shown = multiline ? scrubbed : writtenOut(scrubbed, again);
  if (changed || shown !== scrubbed) counts?.add('control');
  return value.length > limit ? detached(shown) : shown;
}

function detect(part: Part, detector: Detector, counts: RedactionCounts | undefined): Part {
  const { id } = detector;
  const found = detectedSpans(detector, part.text).map((span) => ({ id, ...span }));
  if (found.length === 0) return part;
  const { text, limit } = replace(part, found, counts && (() => counts.add(`detector:${id}`)));
  // A stretch that begins or ends within a character leaves half of it.
  return { text: text.replace(/\p{Cs}/gu, '\ufffd'), limit };
}

/** Scrubs text of several lines and cuts it to `max` bytes of UTF-8, ending in how much is missing. */
export function scrubToBytes(value: string, max: number, context = NO_CONTEXT): string {
  const text = scrub(value, max, true, context);
  const unseen = value.length > max ? Buffer.byteLength(value.slice(wholeCharacters(value, max))) : 0;
  return cutBytes(text, max, unseen);
}

/** The answer of a hook as a single line, like a name, of at most `max` UTF-16 units. */
export function oneLine(text: string, max: number): string {
  return cutChars(writtenOut(text.slice(0, max + 1).replace(UNSAFE, '\ufffd'), true), max);
}

/** Values are quoted as JSON, whose escapes must stay. */
const AS_JSON = { again: true };

/**
 * Text of others for a message to the operator: one line of at most `max` UTF-16 units, without secrets. Cut last, because
 * half a secret is not recognised.
 */
export function shown(text: string, max: number): string {
  const whole = String(text);
  return cutChars(scrub(whole, Math.max(max, MAX_LOOKED_AT), false, AS_JSON), max, false);
}

/** What follows cannot make a secret of what comes before. */
const MAX_LOOKED_AT = 4096;
