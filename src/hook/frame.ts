/**
 * Ties a caller's promise to the message it sends. Both SDK lines call `transport.send` synchronously inside the
 * function that makes the promise, so a variable is enough.
 */
import type { Operation } from '../session/operation.js';

/** One call of a function that sends a request. The tap fills in the operation that its message became. */
export interface Frame {
  operation: Operation | undefined;
  /** The call opens a stream: its promise is for the stream's beginning only. */
  readonly stream?: { readonly signal: unknown };
}

let current: Frame | undefined;

/** Opens a frame; returns the one to go back to. */
export function enterFrame(frame: Frame): Frame | undefined {
  const outer = current;
  current = frame;
  return outer;
}

export function leaveFrame(outer: Frame | undefined): void {
  current = outer;
}

/** The frame of the request being sent, for the first who asks: later requests on the way are not the caller's. */
export function takeFrame(): Frame | undefined {
  const frame = current;
  current = undefined;
  return frame;
}
