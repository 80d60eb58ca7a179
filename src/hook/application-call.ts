/** Calling functions of the application: outside any `try`, once, with their own `this`, in the right context. */
import { types } from 'node:util';
import { type Context, context } from '@opentelemetry/api';
import type { AnyFunction } from './replace-methods.js';

/** One call of `send(message, options)`, `onmessage(message, extra)`, `fetch(request, options)` or a handler. */
export interface ApplicationCall {
  readonly fn: AnyFunction;
  readonly self: unknown;
  readonly first: unknown;
  readonly second: unknown;
}

/** Makes the call in a context, unless that is the active one already. */
export function callIn(target: Context | undefined, call: ApplicationCall): unknown {
  if (target === undefined || target === context.active()) return makeCall(call);
  return context.with(target, makeCall, undefined, call);
}

function makeCall({ fn, self, first, second }: ApplicationCall): unknown {
  return fn.call(self, first, second);
}

/** Whether a call has returned, for {@link ifThrown}. */
export interface CallState {
  returned: boolean;
}

/**
 * Runs `then` if a call throws, without standing between the exception and the application: the caller sets `returned`
 * after the call, and if that has not happened by the next microtask the call has thrown.
 */
export function ifThrown(call: CallState, then: () => void): void {
  queueMicrotask(() => {
    if (!call.returned) then();
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

/**
 * A promise of the application, for its caller, who sees it settle after `fulfilled` or `rejected` has run; they must not
 * throw. A branch beside the promise would count as handling it, and hide a rejection that the application drops.
 */
export function observedPromise(
  result: unknown,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): unknown {
  // Any other thenable may act each time it is read.
  if (!types.isPromise(result)) return result;
  return result.then(
    (value) => {
      fulfilled(value);
      return value;
    },
    (error: unknown) => {
      rejected(error);
      throw error;
    },
  );
}
