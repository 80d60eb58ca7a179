/**
 * What a client does on stdio besides talking: it starts a server process, and SDK v2 starts a second, short-lived one
 * to find out which protocol era the server speaks.
 */
import { CONNECTION_CLOSED, TIMED_OUT } from '../describe/outcome.js';
import type { Pipeline } from '../emit/pipeline.js';
import type { Connection } from '../session/connection.js';
import { attachTransport } from './attach-transport.js';
import { childEnvironment } from './child-environment.js';
import { replaceMethod } from './patch.js';

/** On a transport class whose `start` has been hooked: the pipeline that siblings report to. */
const HOOKED = Symbol.for('mcp-trail.stdio-start');

interface StdioClientTransport {
  _serverParams?: { readonly env?: Readonly<Record<string, string>> };
}

/** Called before a client connects over a transport. */
export function prepareStdioClient(transport: object, pipeline: Pipeline): void {
  const stdio = transport as StdioClientTransport;
  if (typeof stdio._serverParams !== 'object' || stdio._serverParams === null) return;
  if (pipeline.config.propagateToChildProcesses) {
    // The parameters are the application's object: the transport gets a copy.
    stdio._serverParams = { ...stdio._serverParams, env: childEnvironment(stdio._serverParams.env) };
  }
  hookSiblings(transport, pipeline);
}

/** The era probe runs on another instance of the same class, which no `connect` ever sees. */
function hookSiblings(transport: object, pipeline: Pipeline): void {
  const prototype: unknown = Object.getPrototypeOf(transport);
  // Only the class itself is cloned for a probe, and it is known by its own reaper.
  if (typeof prototype !== 'object' || prototype === null || !Object.hasOwn(prototype, '_dispose')) return;
  const hooked = (prototype as { [HOOKED]?: { pipeline: Pipeline } })[HOOKED];
  if (hooked !== undefined) {
    hooked.pipeline = pipeline;
    return;
  }
  const current = { pipeline };
  Object.defineProperty(prototype, HOOKED, { value: current, configurable: true });
  replaceMethod(
    prototype,
    'start',
    (start) =>
      function (this: object, ...args: unknown[]) {
        const { pipeline } = current;
        const connection = pipeline.enabled ? attachTransport(this, pipeline, 'client') : undefined;
        if (connection !== undefined) endWithProcess(this, connection, pipeline);
        return start.apply(this, args);
      },
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
