/** The second, short-lived server process that SDK v2 starts on stdio to find out which protocol era the server speaks. */
import { CONNECTION_CLOSED, TIMED_OUT } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';
import { attachTransport } from '../transport/attach-transport.js';

/** The probe runs on another transport of the same class, made by its constructor, which no `connect` ever sees. */
export function hookEraProbeProcess(transport: object, pipeline: Pipeline): Undo {
  const prototype: unknown = Object.getPrototypeOf(transport);
  // Probes are made of the SDK's own class only, which has `_dispose`.
  const isCloned = typeof prototype === 'object' && prototype !== null && Object.hasOwn(prototype, '_dispose');
  if (!isCloned || Object.hasOwn(transport, 'constructor')) return () => {};
  const { constructor: Transport } = transport as { constructor: AnyFunction };
  return replaceMethod(
    transport,
    'constructor',
    () =>
      new Proxy(Transport, {
        construct(original, args, newTarget) {
          const probe: object = Reflect.construct(original, args, newTarget);
          const connection = pipeline.enabled ? attachTransport(probe, pipeline, 'client') : undefined;
          if (connection !== undefined) endWithProbe(probe, connection, pipeline);
          return probe;
        },
      }),
  );
}

/**
 * No protocol instance reports the end of a probe; `_dispose` does. A probe whose process still runs then has not answered
 * in time.
 */
function endWithProbe(transport: object, connection: Connection, pipeline: Pipeline): void {
  replaceMethod(
    transport,
    '_dispose',
    (dispose) =>
      function (this: unknown, ...args: unknown[]) {
        const running = typeof (this as { pid?: unknown }).pid === 'number';
        pipeline.closed(connection, () => (running ? TIMED_OUT : CONNECTION_CLOSED));
        return dispose.apply(this, args);
      },
  );
}
