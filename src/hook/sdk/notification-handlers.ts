/**
 * Follows a notification into its handler. The protocol looks the handler up in a map while the message is delivered, and
 * calls it a tick later: during the delivery, the map returns a handler that ends the operation.
 */
import { outcomeOfThrown } from '../../describe/error-type.js';
import { SUCCESS } from '../../session/outcome.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';
import { deliveryStack, type NotificationDelivery } from '../transport/delivery-stack.js';

/** Hooks a protocol's map of notification handlers, and its fallback handler. */
export function hookNotificationHandlers(handlers: Map<string, unknown>, fallback: () => unknown): Undo {
  return replaceMethod(
    handlers,
    'get',
    (get) =>
      function (this: unknown, method: unknown) {
        const handler = get.call(this, method);
        const { notification } = deliveryStack;
        if (notification === undefined || notification.handled) return handler;
        const used = handler ?? withNotificationOnly(fallback());
        if (typeof used !== 'function') return handler;
        notification.handled = true;
        return endingOperation(used as AnyFunction, notification);
      },
  );
}

/** SDK v2 calls the handlers of the map with one argument more than the fallback. */
function withNotificationOnly(handler: unknown): unknown {
  return typeof handler === 'function' ? (notification: unknown) => handler(notification) : undefined;
}

function endingOperation(handler: AnyFunction, { operation, pipeline }: NotificationDelivery): AnyFunction {
  return function (this: unknown, ...args: unknown[]) {
    const done = run(handler, this, args);
    done.then(
      () => pipeline.end(operation, SUCCESS),
      (error: unknown) => pipeline.end(operation, outcomeOfThrown(error)),
    );
    return done;
  };
}

/** Turns a synchronous throw into a rejection, as the protocol does. */
async function run(handler: AnyFunction, self: unknown, args: unknown[]): Promise<unknown> {
  return handler.apply(self, args);
}
