/**
 * Opening a listen stream (SDK v2, 2026-07-28): its request goes past the funnel. Whether the caller gave up or the
 * acknowledgement did not come in time shows in nothing but the caller's own signal.
 */
import { asRecord } from '../../protocol/jsonrpc.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { enterFrame, leaveFrame } from '../transport/frame.js';

/** Lets the tap know the signal that a caller opens a stream with. */
export function hookListen(protocol: object): Undo {
  return replaceMethod(
    protocol,
    'listen',
    (listen) =>
      function (this: unknown, filter: unknown, options: unknown, ...rest: unknown[]) {
        const outer = enterFrame({ operation: undefined, stream: { signal: signalOf(options) } });
        const opening = listen.call(this, filter, options, ...rest);
        leaveFrame(outer);
        return opening;
      },
  );
}

/** Where it is a getter, reading it runs code of the caller's. */
function signalOf(options: unknown): unknown {
  try {
    return asRecord(options)?.['signal'];
  } catch {
    return undefined;
  }
}
