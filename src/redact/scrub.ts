/** Applies the pattern set to text, and makes text safe to log, bounded in what it reads and in what it gives. */
import { cutBytes, cutChars, detached, wholeCharacters } from '../lib/text.js';
import { type Detector, detectedSpans } from './detectors.js';
import { MAX_READ_CHARS, OVERLAP_CHARS, SCAN_OVERLAP_CHARS } from './limits.js';
import { type Located, markedFindings, PATTERNS, SECRET_PATTERNS } from './patterns.js';
import type { RedactionCounts } from './redaction-counts.js';
import type { Finding, Span } from './spans.js';
import { DECODERS, writtenOut } from './unseen.js';

/** What goes along with a value. */
export interface ScrubContext {
  /** They look at it after the pattern set. */
  readonly detectors?: readonly Detector[] | undefined;
  /** Is told what was hidden. */
  readonly counts?: RedactionCounts | undefined;
  /** The name that the value stands under: a number is something else in `order.id` than in `phone`. */
  readonly label?: string | undefined;
  /** The name was scrubbed before: what is written out in it stays as it is. */
  readonly again?: boolean | undefined;
  /** It says who somebody is: only secrets are hidden in it. */
  readonly identity?: boolean | undefined;
  readonly reading?: Reading | undefined;
}

/** How much of one call may still be read. Whoever has more to read asks first. */
export interface Reading {
  left: number;
}

export function newReading(): Reading {
  return { left: MAX_READ_CHARS };
}

const NO_CONTEXT: ScrubContext = {};

/** Stands for what is left out. */
export const TRUNCATED = '[TRUNCATED]';

/** Stands for a value hidden because of its key, or one that could not be looked at. */
export const REDACTED = '[REDACTED]';

/** Control characters, lone surrogates and line separators: nothing is gained by knowing which. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** The same, except for tab, line feed and carriage return, and the marks that reverse the reading direction. */
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

/** Read anew so often, by somebody who encodes what is encoded already. */
const MAX_READINGS = 4;

/** Findings in the text as it is shown, and in what it reads as once it is decoded, in order. `seen` has all characters. */
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
    // Each reading costs what the first did.
    if (reading !== undefined) reading.left -= text.length;
    const outer = origin;
    origin = (span) => outer(decoded.origin(span));
    for (const { id, ...span } of findings(text, context)) found.push({ id, ...origin(span) });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** A text, and how much of it from the start may be shown. */
interface Part {
  readonly text: string;
  readonly limit: number;
}

/** The text with each finding, or run of overlapping ones, replaced by the name of its first. */
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
 * At most the first `limit` characters of a text, without secrets and without characters that harm a log. In text of several
 * lines those are replaced; in one line, which is a name, what is not seen is written out (see `unseen.ts`). What is read is bounded too, but goes past the limit, so that a secret lying across it is known. The result may be longer than
 * `limit` by the names that stand for short secrets: callers cut it to their own bound.
 *
 * Throws `DetectorFailure` when one of the detectors fails, and otherwise only for what is not a string.
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

/** Multi-line text scrubbed and cut to at most `max` bytes of UTF-8, ending in how much of it is missing. */
export function scrubToBytes(value: string, max: number, context = NO_CONTEXT): string {
  const text = scrub(value, max, true, context);
  const unseen = value.length > max ? Buffer.byteLength(value.slice(wholeCharacters(value, max))) : 0;
  return cutBytes(text, max, unseen);
}

/** One line that a hook wrote, as a name is shown, of at most `max` UTF-16 units. */
export function oneLine(text: string, max: number): string {
  return cutChars(writtenOut(text.slice(0, max + 1).replace(UNSAFE, '\ufffd'), true), max);
}

// Text that somebody else chose, for a message to the operator.

/** Values come as JSON, whose escapes are to stay what they are. */
const AS_JSON = { again: true };

/** One line of at most `max` UTF-16 units, in which no secret stands. It is cut last: half a secret is not recognised. */
export function shown(text: string, max: number): string {
  const whole = String(text);
  return cutChars(scrub(whole, Math.max(max, MAX_LOOKED_AT), false, AS_JSON), max, false);
}

/** What a longer text has beyond its bound cannot make a secret of what stands before it. */
const MAX_LOOKED_AT = 4096;
