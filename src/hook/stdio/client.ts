/**
 * What a client does on stdio besides talking: it starts a server process, and SDK v2 starts a second, short-lived one
 * to find out which protocol era the server speaks.
 */
import { CONNECTION_CLOSED, TIMED_OUT } from '../../describe/outcome.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { attachTransport } from '../transport/attach-transport.js';
import { childEnvironment } from './propagate-to-child-processes.js';

interface StdioClientTransport {
  _serverParams?: { readonly env?: Readonly<Record<string, string>> };
}

/** Called before a client connects over a transport. */
export function prepareStdioClient(transport: object, pipeline: Pipeline): Undo[] {
  const stdio = transport as StdioClientTransport;
  const params = stdio._serverParams;
  if (typeof params !== 'object' || params === null) return [];
  const undos = [hookSiblings(transport, pipeline)];
  if (pipeline.config.propagateToChildProcesses) {
    // The parameters are the application's object: the transport gets a copy.
    stdio._serverParams = { ...params, env: childEnvironment(params.env) };
    undos.push(() => {
      stdio._serverParams = params;
    });
  }
  return undos;
}

/** The era probe runs on another instance of the same class, made by its constructor, which no `connect` ever sees. */
function hookSiblings(transport: object, pipeline: Pipeline): Undo {
  const prototype: unknown = Object.getPrototypeOf(transport);
  // Only the class itself is cloned for a probe, and it is known by its own reaper.
  const isCloned = typeof prototype === 'object' && prototype !== null && Object.hasOwn(prototype, '_dispose');
  if (!isCloned || Object.hasOwn(transport, 'constructor')) return () => {};
  return replaceMethod(
    transport,
    'constructor',
    (Transport) =>
      new Proxy(Transport, {
        construct(original, args, newTarget) {
          const sibling: object = Reflect.construct(original, args, newTarget);
          const connection = pipeline.enabled ? attachTransport(sibling, pipeline, 'client') : undefined;
          if (connection !== undefined) endWithProcess(sibling, connection, pipeline);
          return sibling;
        },
      }),
  );
}

/**
 * A sibling has no protocol instance that would tell of its end; its reaper does. One that still runs then, and has not
 * answered, was too slow.
 */
function endWithProcess(transport: object, connection: Connection, pipeline: Pipeline): void {
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
