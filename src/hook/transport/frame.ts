/**
 * Ties a caller's promise to the message it sends. Both SDK lines call `transport.send` synchronously inside the
 * function that makes the promise, so a variable is enough.
 */
import type { RequestId } from '../../protocol/jsonrpc.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';

/** One call of a function that sends a request. */
export interface Frame {
  /** What its message became: filled in by the tap, and emptied when the operation has ended. */
  operation: Operation | undefined;
  /** The connection its message will take, where that is known. */
  readonly connection?: Connection;
  /** The call opens a stream: its promise is for the stream's beginning only. */
  readonly stream?: { readonly signal: unknown };
}

// A function that throws leaves its frame behind: no message but its own would be taken for the caller's by it.
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

let requests = 0;

/** How many requests have been sent so far: whether a call has sent one shows in the difference. */
export function requestsSent(): number {
  return requests;
}

/** The frame of the request being sent, for the first who asks: later requests on the way are not the caller's. */
export function takeFrame(connection: Connection, id: RequestId): Frame | undefined {
  requests += 1;
  const frame = current;
  if (frame === undefined || (frame.connection !== undefined && frame.connection !== connection)) return undefined;
  // Requests that no caller waits for, such as era probes, have words for ids.
  if (frame.stream === undefined && typeof id === 'string') return undefined;
  current = undefined;
  return frame;
}
