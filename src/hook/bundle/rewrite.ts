/**
 * Rewrites a file that contains an MCP SDK, so that the SDK's objects are handed to us when they are made. The new text has
 * the length of the old one and one more line at its end: no line or column moves.
 */
import { inCode } from './code-positions.js';
import { FAR, MARKS, type Place, PROTOCOL_ACTION, REACH } from './marks.js';

/** Names the global function that rewritten files call: a bundle imports nothing of ours. */
export const BUNDLE_HOOK = 'mcp-trail.bundles';

const NEWLINE = 10;
/**
 * The beginning of the line that a rewritten file ends with, before and after the name of the function. A bundle that
 * contains this very module has no such line.
 */
const ADDED = { before: '\n;function ', after: `(t,k){var g=globalThis[Symbol.for("${BUNDLE_HOOK}")]` };

/** In every file with a mark, and in few others. */
const HINT = 'onmessage';
/** The largest bundle seen has 8 million. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The new text, as a string or bytes like the old one, or why a file with an SDK in it stays as it is. */
export type Rewriting<T> = { readonly text: T } | { readonly failed: string };

/** Undefined for a file without an SDK, and for one that was rewritten before. */
export function rewriteBundle<T extends string | Uint8Array>(source: T): Rewriting<T> | undefined {
  const bytes = bytesOf(source);
  if (bytes === undefined) return undefined;
  const uses = MARKS.flatMap((mark) => usesOf(mark, bytes)).sort((a, b) => a.at - b.at);
  if (uses.length === 0 || isRewritten(bytes)) return undefined;
  if (bytes.length > MAX_BYTES) return { failed: `it is longer than ${MAX_BYTES} bytes` };
  const code = inCode(
    bytes,
    uses.map(({ at }) => at),
  );
  // Half of a surrogate pair has no bytes.
  if (code === undefined || (typeof source === 'string' && !source.isWellFormed()))
    return { failed: 'its text cannot be read with certainty' };
  const inside = uses.filter((_, index) => code[index]);
  const rewritten = replaced(
    bytes,
    inside.flatMap(({ place }) => place ?? []),
  );
  if (rewritten !== undefined) return { text: (typeof source === 'string' ? rewritten.toString() : rewritten) as T };
  return inside.some(({ needed }) => needed) ? { failed: 'it was compiled in an unknown way' } : undefined;
}

/** Undefined without the hint: the one search that every file costs. */
function bytesOf(source: string | Uint8Array): Buffer | undefined {
  if (typeof source === 'string') return source.includes(HINT) ? Buffer.from(source) : undefined;
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return bytes.includes(HINT) ? bytes : undefined;
}

function* occurrences(text: string, bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) yield at;
}

/** An occurrence of a mark's literal. */
interface Use {
  /** What has to be code: the start of the place, or of the literal without one. */
  readonly at: number;
  readonly place: Place | undefined;
  readonly needed: boolean;
}

function usesOf({ literal, companion, needed, place }: (typeof MARKS)[number], bytes: Buffer): Use[] {
  const found = [...occurrences(literal, bytes)];
  if (found.length === 0 || (companion !== undefined && !bytes.includes(companion))) return [];
  const letters = (start: number, end: number) => lettersOf(bytes, start, end);
  return found.map((at) => {
    const end = at + literal.length;
    const there = place({
      before: letters(at - REACH, at),
      after: letters(end, end + REACH),
      farBefore: () => letters(at - FAR, at),
    });
    if (there === undefined) return { at, place: undefined, needed };
    const start = at + there.start;
    return { at: start, place: { ...there, start, end: at + there.end }, needed };
  });
}

/** A letter for each byte, and for those beyond ASCII always the same: half of a character must not look like a space. */
function lettersOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', Math.max(0, start), end).replace(/[\x80-\xff]/g, '\xff');
}

/** The bytes with all places replaced that have room, and the function they call; undefined if there is none. */
function replaced(bytes: Buffer, places: readonly Place[]): Buffer | undefined {
  const name = freeName(bytes);
  if (name === undefined) return undefined;
  // The first action needs no number, and has the least room.
  const actions = [PROTOCOL_ACTION];
  const call = (action: string, argument: string) => {
    if (!actions.includes(action)) actions.push(action);
    const index = actions.indexOf(action);
    return index === 0 ? `${name}(${argument})` : `${name}(${argument},${index})`;
  };
  const pieces: Uint8Array[] = [];
  let end = 0;
  for (const place of places) {
    const written = place.write(call);
    const room = place.end - place.start;
    if (written.length > room || place.start < end) continue;
    pieces.push(bytes.subarray(end, place.start), Buffer.from(written.padEnd(room)));
    end = place.end;
  }
  if (end === 0) return undefined;
  const rest = bytes.subarray(end);
  const line = `${ADDED.before}${name}${ADDED.after}${functionBody(actions)}}\n`;
  return Buffer.concat([...pieces, rest, Buffer.from(rest.at(-1) === NEWLINE ? line.slice(1) : line)]);
}

/** Without our global, as in a worker of its own, every action does what was there before. */
function functionBody([first, ...others]: readonly string[]): string {
  const pass = ',s=function(n,o){return g?g(n,o):o};';
  const cases = others.map((action, index) => `case ${index + 1}:return ${action};`).join('');
  return `${pass}switch(k){${cases}default:return ${first}}`;
}

/** Letters beyond ASCII, which hardly any code uses: those of Latin-1 first, with which a string needs no more memory. */
const LETTERS = { from: 0xc0, to: 0x24f };
/** The bytes of each. */
const LETTER_LENGTH = 2;

/** What comes before the digits of `\u{c0}`. */
const OPEN_ESCAPE = /\\u\{0*$/;

/** A name that the text has nowhere, not even escaped. */
function freeName(bytes: Buffer): string | undefined {
  for (let code = LETTERS.from; code <= LETTERS.to; code++) {
    const letter = String.fromCharCode(code);
    if (/\p{ID_Start}/u.test(letter) && !occurs(bytes, letter, code.toString(16))) return letter;
  }
  return undefined;
}

function occurs(bytes: Buffer, letter: string, hex: string): boolean {
  const isEscaped = (digits: string) =>
    bytes.includes(`\\u${digits.padStart(4, '0')}`) ||
    [...occurrences(`${digits}}`, bytes)].some((at) => OPEN_ESCAPE.test(lettersOf(bytes, at - REACH, at)));
  return bytes.includes(letter) || isEscaped(hex) || isEscaped(hex.toUpperCase());
}

function isRewritten(bytes: Buffer): boolean {
  for (const at of occurrences(ADDED.after, bytes)) {
    const end = at - LETTER_LENGTH;
    if (bytes.toString('latin1', Math.max(0, end - ADDED.before.length), end) === ADDED.before) return true;
  }
  return false;
}
