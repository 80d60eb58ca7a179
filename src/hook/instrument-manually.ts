/** Instrumenting by hand: for bundles, where module hooks see nothing, and for instances that are connected already. */

import type { Pipeline } from '../emit/pipeline.js';
import { isSwitchedOff, resolveConfig } from '../options/instrumentation.js';
import type { Instrumented, McpInstrumentationConfig } from '../types.js';
import { noteHttpRequests } from './http/current-request.js';
import { type FetchHandler, hookHandler } from './http/listen-handler.js';
import { type Observation, observe } from './observation.js';
import { replaceMethod, type Undo } from './replace-methods.js';
import { attachProtocol, type ProtocolLike } from './sdk/attach-instance.js';
import { attaching } from './sdk/class-patches.js';
import { attachTransport } from './transport/attach-transport.js';
import { detach } from './transport/attachment.js';

/** A client or server of either SDK line, as far as its public members go. */
export interface McpPeer {
  connect(transport: never): unknown;
}

/** The high-level server of either SDK line, which holds the protocol instance. */
export interface McpServerHolder {
  readonly server: McpPeer;
}

// A server that is made and instrumented for each HTTP request comes later than the first of them.
if (!isSwitchedOff()) noteHttpRequests();

const HANDLE = Symbol.for('mcp-trail.instrumented');

// One pipeline for everything that is instrumented without options of its own: its bounds are for the process.
let shared: Observation | undefined;

function observationFor(config: McpInstrumentationConfig | undefined): Observation {
  if (config !== undefined) return observe(resolveConfig(config));
  shared ??= observe(resolveConfig());
  return shared;
}

/**
 * Instruments one client, of SDK v1 or v2, before or after it connects. Idempotent: a client that is instrumented
 * already, by whatever means, keeps its instrumentation, and the handle found on it is returned.
 *
 * @param client a `Client`
 * @param config options; without any, those of the environment
 * @throws TypeError if `client` is no client
 */
export function instrumentClient(client: McpPeer, config?: McpInstrumentationConfig): Instrumented {
  return instrumentProtocol(protocolOf(client, 'instrumentClient', 'a Client'), config);
}

/**
 * Instruments one server, of SDK v1 or v2, before or after it connects. Idempotent, as {@link instrumentClient} is.
 *
 * @param server a `Server` or `McpServer`
 * @param config options; without any, those of the environment
 * @throws TypeError if `server` is no server
 */
export function instrumentServer(server: McpPeer | McpServerHolder, config?: McpInstrumentationConfig): Instrumented {
  const protocol = protocolOf('server' in server ? server.server : server, 'instrumentServer', 'a Server or McpServer');
  return instrumentProtocol(protocol, config);
}

/**
 * Instruments one transport, before or after a client or server connects to it: enough where there is no SDK instance
 * to attach to, such as in a proxy that passes messages on. What only a caller's promise tells (a timeout, a result
 * that fails its schema) is not seen.
 *
 * @param transport anything with `send` and `onmessage`
 * @param config options; without any, those of the environment
 * @throws TypeError if `transport` has no `send` method
 */
export function instrumentTransport(transport: object, config?: McpInstrumentationConfig): Instrumented {
  if (typeof (transport as { send?: unknown } | null)?.send !== 'function') {
    throw new TypeError(`instrumentTransport: expected a transport with a send method, got ${describe(transport)}`);
  }
  return once(transport, config, (pipeline) => {
    attachTransport(transport, pipeline);
    return [() => detach(transport)];
  });
}

/**
 * Instruments the HTTP entry of SDK v2 (`createMcpHandler`) by hand: it answers `subscriptions/listen` itself, where no
 * server instance can see it. The servers that it makes are instrumented by {@link instrumentServer}.
 *
 * @param handler what `createMcpHandler` returned
 * @param config options; without any, those of the environment
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

/** Instruments an object unless that is done already, and leaves the handle on it for whoever asks next. */
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
  // A frozen object takes no handle: whoever asks next gets another one.
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
