/**
 * Attaches to a transport: `send` and `onmessage` show every message in both directions. The transport behaves as it did
 * before.
 */
import { CONNECTION_CLOSED } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { classify, type MessageKind, type NotificationMessage, type RequestMessage } from '../../protocol/jsonrpc.js';
import { methodRow } from '../../protocol/methods.js';
import { mcpSeen } from '../../report/quiet.js';
import { reportFailure } from '../../report/report.js';
import { Connection } from '../../session/connection.js';
import type { Role } from '../../session/connection-info.js';
import { replaceMethod, type Undo, wrapAssigned } from '../replace-methods.js';
import { Attachment, attachmentOf, mark } from './attachment.js';
import { deliveryStack } from './delivery-stack.js';
import { InboundMessages } from './inbound.js';
import { OutboundMessages } from './outbound.js';
import { requestNamedBy } from './related-request.js';

/** Which messages are observed: all, or only those of listen streams, which never reach an instance that is hooked itself. */
export type MessageScope = 'all' | 'listen';

/** Attaches to a transport. Returns its connection; undefined if it cannot be hooked or another copy of this package is there. */
export function attachTransport(
  transport: object,
  pipeline: Pipeline,
  role: Role = 'unknown',
  scope: MessageScope = 'all',
): Connection | undefined {
  let attachment: Attachment | undefined;
  try {
    const existing = attachmentOf(transport);
    if (existing === 'foreign') return undefined;
    if (existing?.pipeline.enabled) {
      if (scope === 'all') existing.connection.narrow(role);
      return existing.connection;
    }
    existing?.undo();
    mcpSeen();
    const connection = new Connection(transport, role);
    attachment = new Attachment(pipeline, connection);
    const { undos } = attachment;
    hookSend(transport, attachment, scope, undos);
    hookOnmessage(transport, attachment, scope, undos);
    undos.push(() => {
      // No hook is left to see these end.
      for (const operation of [...connection.openRequests(), ...connection.openUnnumbered()]) {
        pipeline.end(operation, CONNECTION_CLOSED);
      }
    });
    mark(transport, attachment);
    return connection;
  } catch (error) {
    // Half a hook starts operations whose end it never sees.
    attachment?.undo();
    reportFailure('attaching to a transport', error);
    return undefined;
  }
}

function hookSend(transport: object, { pipeline, connection }: Attachment, scope: MessageScope, undos: Undo[]): void {
  const outbound = new OutboundMessages(pipeline, connection);
  undos.push(
    replaceMethod(
      transport,
      'send',
      (send) =>
        function (this: unknown, message: unknown, options?: unknown) {
          if (!pipeline.enabled || outbound.isSending(message)) return send.call(this, message, options);
          const call = { fn: send, self: this, first: message, second: options };
          return outbound.send(kindOf(message, connection, scope), call);
        },
    ),
  );
}

function hookOnmessage(
  transport: object,
  { pipeline, connection }: Attachment,
  scope: MessageScope,
  undos: Undo[],
): void {
  const inbound = new InboundMessages(pipeline, connection);
  undos.push(
    wrapAssigned(
      transport,
      'onmessage',
      (onmessage) =>
        function (this: unknown, message: unknown, extra?: unknown) {
          if (!pipeline.enabled || deliveryStack.isDelivering(message)) return onmessage.call(this, message, extra);
          const call = { fn: onmessage, self: this, first: message, second: extra };
          return inbound.deliver(kindOf(message, connection, scope), call);
        },
    ),
  );
}

/** The kind of a message in scope. All others count as invalid, and pass unobserved. */
function kindOf(message: unknown, connection: Connection, scope: MessageScope): MessageKind {
  try {
    const kind = classify(message);
    if (scope === 'all' || kind === 'response' || kind === 'invalid') return kind;
    const listens =
      kind === 'request'
        ? methodRow((message as RequestMessage).method, kind).stream
        : requestNamedBy(connection, message as NotificationMessage, 'requestId', 'inbound');
    return listens ? kind : 'invalid';
  } catch (error) {
    reportFailure('classifying a message', error);
    return 'invalid';
  }
}
