/** Other ways in which a text is read: without encodings and invisible characters, for patterns that do not look through them. */
import type { Span } from './span.js';
import { foldOf, PRINTABLE } from './unseen.js';

/** A text as it reads. */
export interface Decoded {
  readonly text: string;
  /** Where in the original a stretch of it stands. */
  origin(span: Span): Span;
}

/** Reads a text in one way. Undefined where that changes nothing. */
export type Decoder = (original: string) => Decoded | undefined;

/** Percent-encoded characters in UTF-8. */
const PERCENT =
  /%[0-7][\dA-F]|%[CD][\dA-F]%[89AB][\dA-F]|%E[\dA-F](?:%[89AB][\dA-F]){2}|%F[0-7](?:%[89AB][\dA-F]){3}/gi;

const percentDecoded: Decoder = (original) =>
  original.includes('%') ? rewritten(original, PERCENT, fromPercent) : undefined;

function fromPercent(code: string): string {
  const decoded = Buffer.from(code.replaceAll('%', ''), 'hex').toString('utf8');
  return decoded.includes('\ufffd') ? code : decoded;
}

/** Escapes of JSON within the text: many programs write every character beyond ASCII so. */
const ESCAPE = /\\u[\dA-F]{4}/gi;

const unescaped: Decoder = (original) =>
  original.includes('\\') ? rewritten(original, ESCAPE, fromEscape) : undefined;

function fromEscape(code: string): string {
  return String.fromCharCode(Number.parseInt(code.slice(2), 16));
}

const UNUSUAL = /[^\t\n\r\x20-\x7e]/gu;

/** Normalised as NFKC does, without characters that are not seen, look-alikes as what they look like. */
const plain: Decoder = (original) => (PRINTABLE.test(original) ? undefined : rewritten(original, UNUSUAL, foldOf));

/** In the order in which they are tried, each on what the one before made of it. */
export const DECODERS: readonly Decoder[] = [plain, percentDecoded, unescaped];

function rewritten(original: string, pattern: RegExp, decode: (code: string) => string): Decoded | undefined {
  // Where each unit of the new text stands in the original, and where that ends.
  const starts: number[] = [];
  const ends: number[] = [];
  let text = '';
  let read = 0;
  const copy = (end: number) => {
    for (let at = read; at < end; at++) {
      starts.push(at);
      ends.push(at + 1);
    }
    text += original.slice(read, end);
    read = end;
  };
  let changed = false;
  for (const { 0: code, index } of original.matchAll(pattern)) {
    const decoded = decode(code);
    if (decoded === code) continue;
    changed = true;
    copy(index);
    read += code.length;
    for (let unit = 0; unit < decoded.length; unit++) {
      starts.push(index);
      ends.push(read);
    }
    text += decoded;
  }
  if (!changed) return undefined;
  copy(original.length);
  return {
    text,
    origin: ({ start, end }) => {
      const from = starts[start] ?? original.length;
      return { start: from, end: end > start ? (ends[end - 1] as number) : from };
    },
  };
}
