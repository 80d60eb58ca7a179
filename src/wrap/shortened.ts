/**
 * Reads a long message without taking as much memory as it has: long strings are cut, and of long lists and objects inside of its
 * params or its result, only the beginning is read. What says what the message is, is read wherever it stands.
 */
import { countAs } from '../lib/json-size.js';
import {
  afterLevels,
  afterString,
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  readObject,
  valueIn,
} from './json-bytes.js';

/** Of what is read, in bytes. */
const MAX_STRING = 16_384;
/** Values further inside than params and result are left out above that. */
const MAX_BYTES = 131_072;
/** Above that, the message is not read at all. */
const MAX_WHOLE = 8 * MAX_BYTES;

/** The level of the members of params and of a result. Those tell what a message is. */
const MEMBERS = 2;
const MEASURED: ReadonlySet<string> = new Set(['params', 'result', 'error']);

export type Message = Readonly<Record<string, unknown>>;

/** A message as far as it is read; undefined if even that is too much. Sizes are those of the whole message. @throws SyntaxError */
export function readShortened(line: Buffer): Message | undefined {
  const text = shortened(line);
  if (text === undefined) return undefined;
  const message = JSON.parse(text) as Message;
  for (const [key, { from, to }] of readObject(line, valueIn(line), MEASURED).values) {
    const value = message[key];
    if (typeof value === 'object' && value !== null) countAs(value, to - from);
  }
  return message;
}

function shortened(line: Buffer): string | undefined {
  const parts: Buffer[] = [];
  let size = 0;
  /** What is in front of it has been kept or left out. */
  let done = 0;
  const keepUpTo = (to: number): void => {
    parts.push(line.subarray(done, to));
    size += to - done;
  };
  let depth = 0;
  let at = 0;
  while (at < line.length) {
    const code = line[at] as number;
    if (code === QUOTE) {
      const to = afterString(line, at);
      if (to - at > MAX_STRING) {
        keepUpTo(cutOf(line, at, at + MAX_STRING));
        done = to - 1;
      }
      at = to;
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    else if (code === COMMA && depth > MEMBERS && size + at - done > MAX_BYTES) {
      keepUpTo(at);
      at = afterLevels(line, at, 1) - 1;
      done = at;
      continue;
    }
    at += 1;
    if (size + at - done > MAX_WHOLE) return undefined;
  }
  keepUpTo(line.length);
  return Buffer.concat(parts).toString();
}

/** Bytes of an escape such as `\u00e9`, and of any other. */
const [UNICODE_ESCAPE, ESCAPE] = [6, 2];
const LETTER_U = 0x75;

/** A place in a string at which neither an escape nor a character is cut. @param from where it begins; @param before about where it is cut */
function cutOf(line: Buffer, from: number, before: number): number {
  let at = from + 1;
  while (at < before) {
    if (line[at] !== BACKSLASH) at += 1;
    else at += line[at + 1] === LETTER_U ? UNICODE_ESCAPE : ESCAPE;
  }
  if (at > before) return at;
  while (((line[at] as number) & 0xc0) === 0x80) at -= 1;
  return at;
}
