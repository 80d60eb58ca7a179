/**
 * Watching one notification handler run. The protocol looks its handler up in a map while the message is delivered, and
 * calls it a tick later: during the delivery the map answers with a handler that reports how it ended.
 */
import { outcomeOfThrown } from '../../describe/outcome.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';

interface Watch {
  readonly operation: Operation;
  readonly pipeline: Pipeline;
  /** A handler has been found, and will end the operation. */
  claimed: boolean;
}

/** The notification being delivered. Delivery is synchronous, so there is one at a time. */
let current: Watch | undefined;

/** Begins to watch for the handler of a notification that is about to be delivered. */
export function watchHandler(operation: Operation, pipeline: Pipeline): Watch {
  current = { operation, pipeline, claimed: false };
  return current;
}

/** Delivery is over. Returns whether a handler was found, which then ends the operation. */
export function stopWatching(watch: Watch): boolean {
  current = undefined;
  return watch.claimed;
}

/** Makes a protocol's map of notification handlers take part, and the handler it falls back to. */
export function hookNotificationHandlers(handlers: Map<string, unknown>, fallback: () => unknown): Undo {
  return replaceMethod(
    handlers,
    'get',
    (get) =>
      function (this: unknown, method: unknown) {
        const handler = get.call(this, method);
        const watch = current;
        if (watch === undefined || watch.claimed) return handler;
        const used = handler ?? withNotificationOnly(fallback());
        if (typeof used !== 'function') return handler;
        watch.claimed = true;
        return reportingHandler(used as AnyFunction, watch);
      },
  );
}

/** SDK v2 calls what the map has with one argument more than the fallback. */
function withNotificationOnly(handler: unknown): unknown {
  return typeof handler === 'function' ? (notification: unknown) => handler(notification) : undefined;
}

function reportingHandler(handler: AnyFunction, { operation, pipeline }: Watch): AnyFunction {
  return function (this: unknown, ...args: unknown[]) {
    const done = run(handler, this, args);
    done.then(
      () => pipeline.end(operation, SUCCESS),
      (error: unknown) => pipeline.end(operation, outcomeOfThrown(error)),
    );
    return done;
  };
}

/** Turns a synchronous throw into a rejection, which is what the protocol does with it anyway. */
async function run(handler: AnyFunction, self: unknown, args: unknown[]): Promise<unknown> {
  return handler.apply(self, args);
}
