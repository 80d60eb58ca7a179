/**
 * Finds members of objects in the bytes of a JSON text, without decoding the rest. Iterative, so that no depth is too deep, and
 * reads each byte of a value once. The text must be valid JSON: where it is not, what is found means nothing.
 */

/** Where a value is: its first byte, and the byte after its last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Of an object. */
export interface FoundObject {
  /** The values of the wanted members, by key. Of members with the same key the last, which is what readers take. */
  readonly values: ReadonlyMap<string, Range>;
  /** Where a further member can be added: after the last member, or after the opening brace. */
  readonly end: number;
  readonly isEmpty: boolean;
}

/** Where the value of a text begins. */
export function valueIn(bytes: Uint8Array): number {
  return skipSpace(bytes, 0);
}

export function isObjectAt(bytes: Uint8Array, from: number): boolean {
  return bytes[from] === OPEN_OBJECT;
}

/** Reads the object that begins at a byte. @param wanted keys */
export function readObject(bytes: Buffer, from: number, wanted: ReadonlySet<string>): FoundObject {
  const values = new Map<string, Range>();
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === CLOSE_OBJECT) return { values, end: from + 1, isEmpty: true };
  for (;;) {
    const keyEnd = afterString(bytes, at);
    const key = keyOf(bytes, at, keyEnd);
    const start = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const to = afterValue(bytes, start);
    if (wanted.has(key)) values.set(key, { from: start, to });
    const next = skipSpace(bytes, to);
    if (bytes[next] !== COMMA) return { values, end: to, isEmpty: false };
    at = skipSpace(bytes, next + 1);
  }
}

/** The elements of the array that begins at a byte. */
export function readArray(bytes: Buffer, from: number): Range[] {
  const elements: Range[] = [];
  let at = skipSpace(bytes, from + 1);
  while (at < bytes.length && bytes[at] !== CLOSE_ARRAY) {
    const to = afterValue(bytes, at);
    elements.push({ from: at, to });
    const next = skipSpace(bytes, to);
    at = bytes[next] === COMMA ? skipSpace(bytes, next + 1) : next;
  }
  return elements;
}

/** Nobody wants a longer key, even with each of its characters escaped. */
const MAX_KEY = 1024;

function keyOf(bytes: Buffer, from: number, to: number): string {
  if (to - from > MAX_KEY) return '';
  const quoted = bytes.toString('utf8', from, to);
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}

/** The byte after a value. */
function afterValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return afterString(bytes, from);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return afterLiteral(bytes, from);
  return afterLevels(bytes, from, 0);
}

/** The byte after the bracket that closes the last of some open levels. */
export function afterLevels(bytes: Buffer, from: number, levels: number): number {
  let depth = levels;
  let at = from;
  while (at < bytes.length) {
    const code = bytes[at] as number;
    if (code === QUOTE) at = afterString(bytes, at);
    else {
      at += 1;
      if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
      if (depth === 0) return at;
    }
  }
  return bytes.length;
}

/** The byte after a string. */
export function afterString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    if (!isEscaped(bytes, at, quote)) return quote + 1;
    at = quote + 1;
  }
}

/** Whether an odd number of backslashes is in front of a byte. None before `from` belongs to it. */
function isEscaped(bytes: Uint8Array, from: number, at: number): boolean {
  let first = at;
  while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

function afterLiteral(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && !ENDS_LITERAL.has(bytes[at] as number)) at += 1;
  return at;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (SPACE.has(bytes[at] as number)) at += 1;
  return at;
}

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const COLON = 0x3a;
export const COMMA = 0x2c;
const SPACE: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09]);
const ENDS_LITERAL: ReadonlySet<number> = new Set([...SPACE, COMMA, CLOSE_OBJECT, CLOSE_ARRAY]);
