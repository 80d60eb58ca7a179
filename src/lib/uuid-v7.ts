/**
 * UUIDs of version 7, which sort by the time and order in which they were made.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7 the layout
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2 method 1, the counter
 */
import { randomFillSync } from 'node:crypto';

/** Fills `bytes` with random bytes. */
export type RandomFill = (bytes: Uint8Array) => void;

export interface UuidV7Source {
  /** Milliseconds since 1970. @defaultValue `Date.now` */
  readonly now?: () => number;
  /** Called for 4096 bytes at a time. @defaultValue `randomFillSync` of `node:crypto` */
  readonly random?: RandomFill;
}

/** 12 bits after the version and 6 after the variant; the other 56 bits are random. */
const MAX_COUNTER = 2 ** 18 - 1;
/** A millisecond starts in the lower half, so at least 131 072 UUIDs fit into it. */
const MAX_FIRST_COUNTER = 2 ** 17 - 1;
const MAX_TIME = 2 ** 48 - 1;
/** A clock that goes back further was wrong before. */
const MAX_STEP_BACK_MS = 10_000;
const POOL_BYTES = 4096;
const COUNTER_BYTES = 3;
const TAIL_BYTES = 7;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Returns a function that makes UUIDs of version 7: 36 characters in lower case, each greater than the one before. Within a
 * millisecond, and while the clock is up to ten seconds behind, a counter continues; a full counter moves on to the next
 * millisecond. At least 73 bits are random. Errors of `now` and `random` are thrown.
 */
export function createUuidV7({ now = Date.now, random = randomFillSync }: UuidV7Source = {}): () => string {
  const bytes = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  let time = -1;
  let counter = 0;
  let prefix = '';

  /** The index of `count` unused random bytes. */
  function take(count: number): number {
    if (used + count > POOL_BYTES) {
      random(bytes);
      used = 0;
    }
    used += count;
    return used - count;
  }

  function start(millisecond: number): void {
    counter = firstCounter(bytes, take(COUNTER_BYTES));
    time = millisecond;
    prefix = timeText(millisecond);
  }

  return () => {
    const current = wholeTime(now());
    if (current > time || current < time - MAX_STEP_BACK_MS) start(current);
    else if (counter < MAX_COUNTER) counter += 1;
    else start(time + 1);
    return prefix + restText(counter, bytes, take(TAIL_BYTES));
  };
}

/** 0 for a useless clock. */
function wholeTime(milliseconds: number): number {
  return milliseconds > 0 ? Math.min(Math.floor(milliseconds), MAX_TIME) : 0;
}

function firstCounter(bytes: Uint8Array, at: number): number {
  return ((byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2)) & MAX_FIRST_COUNTER;
}

function timeText(milliseconds: number): string {
  const hex = milliseconds.toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-`;
}

function restText(counter: number, bytes: Uint8Array, at: number): string {
  let text = `${hexOf(0x70 | (counter >> 14))}${hexOf((counter >> 6) & 0xff)}-${hexOf(0x80 | (counter & 0x3f))}`;
  text += `${hexOf(byte(bytes, at))}-`;
  for (let index = at + 1; index < at + TAIL_BYTES; index++) text += hexOf(byte(bytes, index));
  return text;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function hexOf(value: number): string {
  return HEX[value] as string;
}
