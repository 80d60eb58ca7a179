/**
 * Attaches to one protocol instance: a client or server of either SDK line. Each hook on a private member is left out if
 * the member is missing; without any of them, the transport is still observed.
 */
import { CANCELLED_BY_PEER, CONNECTION_CLOSED } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord, asString } from '../../protocol/jsonrpc.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Role } from '../../session/connection-info.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { hookEraProbeProcess } from '../stdio/era-probe-process.js';
import { propagateToChildProcess } from '../stdio/propagate-to-child-processes.js';
import { stdioServers } from '../stdio/stdio-servers.js';
import { ownerConnects } from '../transport/attach-at-start.js';
import { attachTransport } from '../transport/attach-transport.js';
import { Attachment, attachmentOf, detach, mark } from '../transport/attachment.js';
import { ordersOf } from '../transport/order.js';
import { hookCallTool } from './call-tool-validation.js';
import { hookEmbeddedRequests } from './embedded-requests.js';
import { hookListen } from './listen-requests.js';
import { hookNotificationHandlers } from './notification-handlers.js';
import { hookRequestPromises } from './request-promises.js';

/** The members of a protocol instance that are used. Any of them may be missing. */
export interface ProtocolLike {
  readonly transport?: unknown;
  readonly _clientInfo?: unknown;
  readonly _serverInfo?: unknown;
  readonly _requestMessageId?: unknown;
  readonly _notificationHandlers?: unknown;
  readonly fallbackNotificationHandler?: unknown;
  getNegotiatedProtocolVersion?(): unknown;
}

/** Attaches to a protocol instance that is about to connect, or is connected, over a transport. */
export function attachProtocol(protocol: ProtocolLike, transport: object, pipeline: Pipeline): void {
  if (!pipeline.enabled) return;
  try {
    ownerConnects(transport, pipeline);
    const role = roleOf(protocol);
    const connection = attachTransport(transport, pipeline, role);
    if (connection === undefined) return;
    noteOwnImplementation(connection, protocol);
    connection.negotiatedVersion = () => asString(protocol.getNegotiatedProtocolVersion?.());
    if (role === 'client') attachmentTo(transport)?.undos.push(...hookStdioClient(transport, pipeline));
    else stdioServers.connecting(transport, () => pipeline.sessionOver(connection));
    attachWire(transport, pipeline);
    const existing = attachmentOf(protocol);
    if (existing === 'foreign') return;
    if (existing?.pipeline.enabled) existing.connection = connection;
    else hookProtocol(protocol, pipeline, connection, existing);
  } catch (error) {
    reportFailure('attaching to a client or server', error);
  }
}

function hookStdioClient(transport: object, pipeline: Pipeline): Undo[] {
  if (asRecord((transport as { _serverParams?: unknown })._serverParams) === undefined) return [];
  const undos = [hookEraProbeProcess(transport, pipeline)];
  if (pipeline.config.propagateToChildProcesses) undos.push(propagateToChildProcess(transport));
  return undos;
}

function hookProtocol(
  protocol: ProtocolLike,
  pipeline: Pipeline,
  connection: Connection,
  stale: Attachment | undefined,
): void {
  stale?.undo();
  const attachment = new Attachment(pipeline, connection);
  mark(protocol, attachment);
  attachment.undos.push(
    hookRequestPromises(protocol, {
      pipeline,
      connection: () => attachment.connection,
      connected: () => protocol.transport !== undefined,
      nextId: () => (typeof protocol._requestMessageId === 'number' ? protocol._requestMessageId : undefined),
    }),
    hookClose(protocol, attachment),
    hookEmbeddedRequests(protocol, attachment),
    hookListen(protocol),
    hookCallTool(protocol, attachment),
  );
  const handlers = protocol._notificationHandlers;
  if (handlers instanceof Map) {
    attachment.undos.push(hookNotificationHandlers(handlers, () => protocol.fallbackNotificationHandler));
  }
}

/** Every way of closing goes through the protocol's own close handling. */
function hookClose(protocol: object, attachment: Attachment): Undo {
  return replaceMethod(
    protocol,
    '_onclose',
    (onclose) =>
      function (this: unknown, ...args: unknown[]) {
        const { pipeline, connection } = attachment;
        // A client that disconnects cancels its request; a server that shuts down drops it.
        pipeline.closed(connection, (operation) =>
          operation.peerSignal?.aborted ? CANCELLED_BY_PEER : CONNECTION_CLOSED,
        );
        const wire = wireOf(connection.transport);
        const attached = wire === undefined ? undefined : attachmentOf(wire);
        if (attached instanceof Attachment) pipeline.closed(attached.connection);
        return onclose.apply(this, args);
      },
  );
}

/**
 * SDK v2 serves stdio through a channel per protocol era, on top of one wire transport. Listen streams are answered on
 * the wire, and never reach the channel.
 */
function attachWire(transport: object, pipeline: Pipeline): void {
  const wire = wireOf(transport);
  if (wire === undefined) return;
  attachTransport(wire, pipeline, 'server', 'listen');
  if (pipeline.syncs) for (const order of ordersOf(transport)) ordersOf(wire).add(order);
  attachmentTo(transport)?.undos.push(() => detach(wire));
}

/** The attachment of this copy of the package. */
function attachmentTo(target: object): Attachment | undefined {
  const attachment = attachmentOf(target);
  return attachment === 'foreign' ? undefined : attachment;
}

function wireOf(transport: object): object | undefined {
  return asRecord((transport as { _wire?: unknown })._wire);
}

/** Notes the name and version of this process's own end. */
function noteOwnImplementation(connection: Connection, { _clientInfo, _serverInfo }: ProtocolLike): void {
  if (connection.role === 'client') connection.client ??= asRecord(_clientInfo);
  if (connection.role === 'server') connection.server ??= asRecord(_serverInfo);
}

function roleOf(protocol: ProtocolLike): Role {
  if (protocol._clientInfo !== undefined) return 'client';
  return protocol._serverInfo !== undefined ? 'server' : 'unknown';
}
