/**
 * UUIDs of version 7: sortable by the time they were made, in the order they were made.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7 the layout
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2 method 1, the counter
 */
import { randomFillSync } from 'node:crypto';

/** Fills all of `bytes` with random ones. */
export type RandomFill = (bytes: Uint8Array) => void;

export interface UuidV7Source {
  /** Milliseconds since 1970. @defaultValue `Date.now` */
  readonly now?: () => number;
  /** Asked for 4096 bytes at a time. @defaultValue `randomFillSync` of `node:crypto` */
  readonly random?: RandomFill;
}

/** 12 bits after the version and 6 after the variant; the 56 bits that are left are random. */
const MAX_COUNTER = 2 ** 18 - 1;
/** A millisecond starts in the lower half, so that at least 131 072 UUIDs fit into it. */
const MAX_FIRST_COUNTER = 2 ** 17 - 1;
const MAX_TIME = 2 ** 48 - 1;
/** A clock that goes back by more was wrong before, and is believed now. */
const MAX_STEP_BACK_MS = 10_000;
const POOL_BYTES = 4096;
const COUNTER_BYTES = 3;
const TAIL_BYTES = 7;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Makes a function that returns a new UUIDv7 at each call, as 36 characters in lower case, each greater than the one
 * before. Within a millisecond, and where the clock goes back by up to ten seconds, a counter goes on from where it was;
 * a full counter takes the next millisecond. 73 bits or more are random. What `now` or `random` throws, it throws.
 */
export function createUuidV7({ now = Date.now, random = randomFillSync }: UuidV7Source = {}): () => string {
  const bytes = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  let time = -1;
  let counter = 0;
  let prefix = '';

  /** The place of so many unused random bytes. */
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

/** A clock that says nothing of use says 1970. */
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
