/** Calling the application's functions: outside of any `try`, once, with their own `this`, in the right context. */
import { type Context, context } from '@opentelemetry/api';
import { type AnyFunction, callWith } from './replace-methods.js';

/** Calls a function in a context, if that is another than the active one. */
export function callIn(
  target: Context | undefined,
  fn: AnyFunction,
  self: unknown,
  first: unknown,
  second: unknown,
): unknown {
  if (target === undefined || target === context.active()) return fn.call(self, first, second);
  return context.with(target, callWith, undefined, fn, self, first, second);
}

/** Whether a call that is watched has returned. */
export interface Watched {
  returned: boolean;
}

/**
 * Has something done if a call throws, without standing between the exception and the application: whoever makes the
 * call notes that it returned, and if that has not happened by the next microtask it has thrown.
 */
export function ifThrown(call: Watched, then: () => void): void {
  queueMicrotask(() => {
    if (!call.returned) then();
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}
