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

const fromPercentEncoding: Decoder = (original) =>
  original.includes('%') ? rewritten(original, PERCENT, fromPercent) : undefined;

/** A text without percent-encoding; bytes that are not UTF-8 stay encoded. */
export function percentDecoded(text: string): string {
  return text.includes('%') ? text.replace(PERCENT, fromPercent) : text;
}

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
export const DECODERS: readonly Decoder[] = [plain, fromPercentEncoding, unescaped];

/** A stretch of the new text: where it begins, and where in the original what it was made of stands. */
interface Piece {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** Not what it was: it has no places within. */
  readonly changed: boolean;
}

function rewritten(original: string, pattern: RegExp, decode: (code: string) => string): Decoded | undefined {
  const pieces: Piece[] = [];
  let text = '';
  let read = 0;
  const copyTo = (to: number) => {
    if (to > read) pieces.push({ at: text.length, from: read, to, changed: false });
    text += original.slice(read, to);
  };
  for (const { 0: code, index } of original.matchAll(pattern)) {
    const decoded = decode(code);
    if (decoded === code) continue;
    copyTo(index);
    read = index + code.length;
    if (decoded !== '') pieces.push({ at: text.length, from: index, to: read, changed: true });
    text += decoded;
  }
  if (read === 0) return undefined;
  copyTo(original.length);
  return {
    text,
    origin: ({ start, end }) => {
      const from = start < text.length ? placeOf(pieces, start).from : original.length;
      return { start: from, end: end > start ? placeOf(pieces, end - 1).to : from };
    },
  };
}

/** Where in the original one unit of the new text stands. */
function placeOf(pieces: readonly Piece[], unit: number): { readonly from: number; readonly to: number } {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle] as Piece).at <= unit) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low] as Piece;
  if (piece.changed) return piece;
  const from = piece.from + unit - piece.at;
  return { from, to: from + 1 };
}
