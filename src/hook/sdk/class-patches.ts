/**
 * Patches the exports of an SDK copy: one public method of each class, which attaches to the instance when it is called,
 * and SDK v2's handler factory.
 */
import type { Pipeline } from '../../emit/pipeline.js';
import { hookHandler } from '../http/listen-handler.js';
import { IMPLEMENTATION_PATCHES } from '../implementations/implementations.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';
import { attachAtStart, ownerConnected } from '../transport/attach-at-start.js';
import { attachProtocol } from './attach-instance.js';
import { endingProbes } from './era-probes.js';
import type { ModuleExports } from './module-loading.js';

/** The patch of each exported class, by the name of the export. */
const PATCHES: Readonly<Record<string, Patch>> = {
  Protocol: patchConnect,
  // SDK v2 probes the protocol era on the transport before the base class sees it.
  Client: patchConnect,
  Server: patchConnect,
  // A relay has transports and no protocol instance. A listen stream may come before any protocol instance exists.
  ...starting('server', [
    'StdioServerTransport',
    'SSEServerTransport',
    'StreamableHTTPServerTransport',
    'NodeStreamableHTTPServerTransport',
    'WebStandardStreamableHTTPServerTransport',
    'PerRequestHTTPServerTransport',
  ]),
  ...starting('client', [
    'StdioClientTransport',
    'SSEClientTransport',
    'StreamableHTTPClientTransport',
    'WebSocketClientTransport',
  ]),
  ...IMPLEMENTATION_PATCHES,
};

/** Patches the exports of a module that are not in `patched`. */
export function patchClasses(exports: ModuleExports, pipeline: Pipeline, patched: WeakSet<object>): Undo[] {
  const undos: Undo[] = [];
  for (const [name, patch] of Object.entries(PATCHES)) {
    const prototype: unknown = (exports[name] as { prototype?: unknown } | undefined)?.prototype;
    if (typeof prototype !== 'object' || prototype === null || patched.has(prototype)) continue;
    patched.add(prototype);
    undos.push(patch(prototype, pipeline));
  }
  undos.push(patchHandlerFactory(exports, pipeline));
  return undos;
}

/** Patches the classes of a protocol instance that are not in `patched`. */
export function patchPrototypes(instance: object, pipeline: Pipeline, patched: WeakSet<object>): Undo[] {
  const undos: Undo[] = [];
  for (let each = Object.getPrototypeOf(instance); each !== null; each = Object.getPrototypeOf(each)) {
    if (patched.has(each) || !Object.hasOwn(each, 'connect')) continue;
    patched.add(each);
    undos.push(patchConnect(each, pipeline));
  }
  return undos;
}

const HANDLER_FACTORY = 'createMcpHandler';

/** A function makes SDK v2's HTTP entry, so the export itself is replaced. */
function patchHandlerFactory(exports: ModuleExports, pipeline: Pipeline): Undo {
  const create = exports[HANDLER_FACTORY];
  if (typeof create !== 'function') return () => {};
  const replaceable = exports as Record<string, unknown>;
  replaceable[HANDLER_FACTORY] = function (this: unknown, ...args: unknown[]) {
    const handler: unknown = create.apply(this, args);
    if (typeof handler === 'object' && handler !== null) hookHandler(handler, pipeline);
    return handler;
  };
  return () => {
    replaceable[HANDLER_FACTORY] = create;
  };
}

function patchConnect(prototype: object, pipeline: Pipeline): Undo {
  if (!Object.hasOwn(prototype, 'connect')) return () => {};
  return replaceMethod(prototype, 'connect', (connect) => attaching(connect, pipeline));
}

/** A `connect` that attaches to the instance first. */
export function attaching(connect: AnyFunction, pipeline: Pipeline): AnyFunction {
  return function (this: object, transport: unknown, ...rest: unknown[]) {
    // An application's own `connect` may take something else.
    const known = typeof transport === 'object' && typeof (transport as { send?: unknown } | null)?.send === 'function';
    if (known) attachProtocol(this, transport as object, pipeline);
    const connected = connect.call(this, transport, ...rest);
    if (known) ownerConnected(transport as object, pipeline);
    return known ? endingProbes(connected, transport as object, pipeline) : connected;
  };
}

type Patch = (prototype: object, pipeline: Pipeline) => Undo;

/** Patches of transport classes, by name. */
function starting(role: 'client' | 'server', names: readonly string[]): Record<string, Patch> {
  const patch: Patch = (prototype, pipeline) =>
    replaceMethod(
      prototype,
      'start',
      (start) =>
        function (this: object, ...args: unknown[]) {
          attachAtStart(this, pipeline, role);
          return start.apply(this, args);
        },
    );
  return Object.fromEntries(names.map((name) => [name, patch]));
}
