/** Percent-encoding undone, for patterns that do not look through it. */
import type { Span } from './span.js';

/** Characters of ASCII: secrets consist of no others. */
const ENCODED = /%[0-7][0-9A-Fa-f]/g;

/** A text without its percent-encoding. */
export interface Decoded {
  readonly text: string;
  /** Where in the original a stretch of it stands. */
  origin(span: Span): Span;
}

/** Undefined for a text in which nothing is encoded. */
export function percentDecoded(original: string): Decoded | undefined {
  if (!original.includes('%')) return undefined;
  const positions = new Uint32Array(original.length + 1);
  let text = '';
  let read = 0;
  const copy = (end: number) => {
    for (let at = read; at < end; at++) positions[text.length + at - read] = at;
    text += original.slice(read, end);
  };
  for (const { 0: code, index } of original.matchAll(ENCODED)) {
    copy(index);
    positions[text.length] = index;
    text += String.fromCharCode(Number.parseInt(code.slice(1), 16));
    read = index + code.length;
  }
  if (read === 0) return undefined;
  copy(original.length);
  positions[text.length] = original.length;
  return {
    text,
    origin: ({ start, end }) => ({ start: positions[start] as number, end: positions[end] as number }),
  };
}
