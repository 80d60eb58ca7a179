/**
 * The client's side of a listen stream (SDK v2, 2026-07-28). Its request does not go through the function that makes other
 * requests' promises, so only the caller's signal shows whether the caller gave up or the acknowledgement came too late.
 */
import { asRecord } from '../../protocol/jsonrpc.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { deliveryStack } from '../transport/delivery-stack.js';

/** Passes the signal that a caller opens a stream with on to the transport's hook. */
export function hookListen(protocol: object): Undo {
  return replaceMethod(
    protocol,
    'listen',
    (listen) =>
      function (this: unknown, filter: unknown, options: unknown, ...rest: unknown[]) {
        const outer = deliveryStack.enterRequestCall({ operation: undefined, stream: { signal: signalOf(options) } });
        const opening = listen.call(this, filter, options, ...rest);
        deliveryStack.leaveRequestCall(outer);
        return opening;
      },
  );
}

/** A getter runs code of the caller's, which may throw. */
function signalOf(options: unknown): unknown {
  try {
    return asRecord(options)?.['signal'];
  } catch {
    return undefined;
  }
}
