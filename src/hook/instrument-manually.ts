/** Manual instrumentation: for bundles, which module hooks do not see, and for instances that have connected already. */

import type { Pipeline } from '../emit/pipeline.js';
import { resolveConfig } from '../options/instrumentation.js';
import { isSwitchedOff } from '../options/switch.js';
import type { FetchHandler, Instrumented, McpInstrumentationConfig } from '../types.js';
import { noteHttpRequests } from './http/current-request.js';
import { hookHandler } from './http/listen-handler.js';
import { createObservation, type Observation } from './observation.js';
import { replaceMethod, type Undo } from './replace-methods.js';
import { attachProtocol, type ProtocolLike } from './sdk/attach-instance.js';
import { attaching } from './sdk/class-patches.js';
import { attachUnowned } from './transport/attach-at-start.js';
import { detach } from './transport/attachment.js';

/** A client or server of either SDK line. */
export interface McpPeer {
  connect(transport: never): unknown;
}

/** The high-level server of either SDK line. `server` is the protocol instance. */
export interface McpServerHolder {
  readonly server: McpPeer;
}

/** Members that servers have, of both SDK lines: a server in the place of a client does not compile. */
interface NotAServer {
  readonly getClientCapabilities?: never;
  readonly server?: never;
}

/** A member that clients have, of both SDK lines: a client in the place of a server does not compile. */
interface NotAClient {
  readonly getServerCapabilities?: never;
}

// A server that is made and instrumented for each HTTP request comes after the first request.
if (!isSwitchedOff()) noteHttpRequests();

const HANDLE = Symbol.for('mcp-trail.instrumented');

/** One pipeline for everything that is instrumented without options: its bounds apply to the process. */
const defaults: { observation?: Observation } = {};

function observationFor(config: McpInstrumentationConfig | undefined): Observation {
  if (config !== undefined) return createObservation({ config: resolveConfig(config) });
  defaults.observation ??= createObservation({ config: resolveConfig() });
  return defaults.observation;
}

/**
 * Instruments one client of SDK v1 or v2, before or after it connects. Idempotent: a client that is already instrumented
 * keeps its instrumentation, and its handle is returned.
 *
 * @param client a `Client`
 * @param config options; by default those of the environment
 * @throws TypeError if `client` has no `connect` method, saying what was expected and what was given
 */
export function instrumentClient(client: McpPeer & NotAServer, config?: McpInstrumentationConfig): Instrumented {
  return instrumentProtocol(protocolOf(client, 'instrumentClient', 'a Client'), config);
}

/**
 * Instruments one server of SDK v1 or v2, before or after it connects. Idempotent, as {@link instrumentClient} is.
 *
 * @param server a `Server` or `McpServer`
 * @param config options; by default those of the environment
 * @throws TypeError if `server` is neither, saying what was expected and what was given
 */
export function instrumentServer(
  server: (McpPeer & NotAClient) | McpServerHolder,
  config?: McpInstrumentationConfig,
): Instrumented {
  const held = (server as Partial<McpServerHolder> | null | undefined)?.server;
  return instrumentProtocol(protocolOf(held ?? server, 'instrumentServer', 'a Server or McpServer'), config);
}

/**
 * Instruments one transport, before or after a client or server connects to it. Use it where no SDK instance exists, for
 * example in a proxy that forwards messages. What only a caller's promise shows (a timeout, a result that fails its schema)
 * is not seen. What is open when the transport closes ends then.
 *
 * @param transport anything with `send` and `onmessage`
 * @param config options; by default those of the environment
 * @throws TypeError if `transport` has no `send` method
 */
export function instrumentTransport(transport: object, config?: McpInstrumentationConfig): Instrumented {
  if (typeof (transport as { send?: unknown } | null)?.send !== 'function') {
    throw new TypeError(`instrumentTransport: expected a transport with a send method, got ${describe(transport)}`);
  }
  return once(transport, config, (pipeline) => {
    attachUnowned(transport, pipeline);
    return [() => detach(transport)];
  });
}

/**
 * Instruments the HTTP entry of SDK v2 (`createMcpHandler`), which answers `subscriptions/listen` without a server instance.
 * Instrument the servers that it makes with {@link instrumentServer}.
 *
 * @param handler the return value of `createMcpHandler`
 * @param config options; by default those of the environment
 * @throws TypeError if `handler` has no `fetch` function
 */
export function instrumentHandler(handler: FetchHandler, config?: McpInstrumentationConfig): Instrumented {
  if (typeof (handler as { fetch?: unknown } | null)?.fetch !== 'function') {
    throw new TypeError(`instrumentHandler: expected a handler with a fetch function, got ${describe(handler)}`);
  }
  return once(handler, config, (pipeline) => [hookHandler(handler, pipeline)]);
}

function instrumentProtocol(peer: McpPeer, config: McpInstrumentationConfig | undefined): Instrumented {
  const protocol = peer as McpPeer & ProtocolLike;
  return once(peer, config, (pipeline) => {
    const { transport } = protocol;
    if (typeof transport === 'object' && transport !== null) attachProtocol(protocol, transport, pipeline);
    return [
      () => detach(protocol),
      () => detachTransport(protocol),
      replaceMethod(protocol, 'connect', (connect) => attaching(connect, pipeline)),
    ];
  });
}

function detachTransport({ transport }: ProtocolLike): void {
  if (typeof transport === 'object' && transport !== null) detach(transport);
}

/** Instruments an object unless it has a handle already. */
function once(
  target: object,
  config: McpInstrumentationConfig | undefined,
  instrument: (pipeline: Pipeline) => Undo[],
): Instrumented {
  const existing = (target as { [HANDLE]?: Instrumented })[HANDLE];
  if (existing !== undefined) return existing;
  const { pipeline, watch, stopAuditing } = observationFor(config);
  if (!pipeline.enabled) return { disable() {} };
  const instrumented = instrument(pipeline);
  const undos = [stopAuditing, watch(), ...instrumented];
  const handle: Instrumented = {
    disable() {
      if ((target as { [HANDLE]?: Instrumented })[HANDLE] === handle)
        delete (target as { [HANDLE]?: Instrumented })[HANDLE];
      for (const undo of undos.splice(0).reverse()) undo();
    },
  };
  // A frozen object cannot keep its handle: the next call makes another one.
  Reflect.defineProperty(target, HANDLE, { value: handle, configurable: true });
  return handle;
}

function protocolOf(value: unknown, name: string, expected: string): McpPeer {
  if (typeof (value as McpPeer | null)?.connect === 'function') return value as McpPeer;
  throw new TypeError(`${name}: expected ${expected} with a connect method, got ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value === null ? null : typeof value);
  return `an object of class ${value.constructor?.name ?? '(none)'}`;
}
