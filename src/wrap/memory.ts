/**
 * Keeps the memory of this process small: it lives as long as a host does, once for each server. V8 grows to be fast, and frees the
 * buffers of what has passed only when there are many of them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

/** Bytes that may pass before what is left of them is freed. That takes about a millisecond. */
const FREE_AFTER = 4 * 1024 * 1024;

let collect: Collect | undefined;
let passed = 0;

/** To be called before much is loaded. */
export function keepSmall(): void {
  // New objects get the space that a process starts with, and no more.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Old ones are looked through when they have grown by a fifth, and not when they have doubled.
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as Collect | undefined;
}

/** Bytes have passed. */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed < FREE_AFTER) return;
  passed = 0;
  collect?.({ type: 'minor' });
}
