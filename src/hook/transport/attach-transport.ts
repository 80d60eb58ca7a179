/**
 * Attaches to a transport: `send` and `onmessage` show every message in both directions. The transport behaves as it did
 * before.
 */
import { CONNECTION_CLOSED } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import {
  classify,
  type MessageKind,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../../protocol/jsonrpc.js';
import { methodRow } from '../../protocol/methods.js';
import { mcpSeen } from '../../report/quiet.js';
import { reportFailure } from '../../report/report.js';
import { Connection } from '../../session/connection.js';
import type { Role } from '../../session/connection-info.js';
import { replaceMethod, wrapAssigned } from '../replace-methods.js';
import { sightings } from '../unobserved/sightings.js';
import { Attachment, attachmentOf, mark } from './attachment.js';
import { deliveryStack } from './delivery-stack.js';
import { EarlyRequests } from './early-requests.js';
import { InboundMessages } from './inbound.js';
import { drained, isAnyWaiting, Order, ordersOf } from './order.js';
import { OutboundMessages } from './outbound.js';
import { requestNamedBy } from './related-request.js';

/**
 * Which messages are observed: all, or only those of listen streams, which never reach an instance that is hooked itself.
 * While that is undecided, those of listen streams; if it is decided that all are, requests without an answer are among them.
 */
export type MessageScope = 'all' | 'listen' | 'undecided';

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
      if (scope !== 'undecided') decide(existing, scope);
      return existing.connection;
    }
    existing?.undo();
    mcpSeen();
    const connection = new Connection(transport, role);
    attachment = new Attachment(pipeline, connection);
    const { undos } = attachment;
    attachment.listensOnly = scope !== 'all';
    if (scope === 'undecided') attachment.early = new EarlyRequests();
    const [inbound, outbound] = [new Order(), new Order()];
    hookSend(transport, attachment, outbound);
    hookOnmessage(transport, attachment, inbound);
    if (pipeline.syncs) hookClose(transport, attachment, [inbound, outbound]);
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

/** Only what is undecided is decided. */
function decide(attachment: Attachment, scope: 'all' | 'listen'): void {
  const { early, pipeline, connection } = attachment;
  if (early === undefined) return;
  attachment.early = undefined;
  attachment.listensOnly = scope === 'listen';
  if (scope === 'all') early.observe(pipeline, connection);
}

function hookSend(transport: object, attachment: Attachment, order: Order): void {
  const { pipeline, connection, undos } = attachment;
  const outbound = new OutboundMessages(pipeline, connection, order);
  undos.push(
    replaceMethod(
      transport,
      'send',
      (send) =>
        function (this: unknown, message: unknown, options?: unknown) {
          if (!pipeline.enabled || outbound.isSending(message)) return send.call(this, message, options);
          const call = { fn: send, self: this, first: message, second: options };
          const kind = kindOf(message, attachment);
          if (kind === 'request') sightings.leaves(message as RequestMessage);
          if (kind === 'response') attachment.early?.answered(message as ResponseMessage);
          return outbound.send(kind, call);
        },
    ),
  );
}

function hookOnmessage(transport: object, attachment: Attachment, order: Order): void {
  const { pipeline, connection, undos } = attachment;
  const inbound = new InboundMessages(pipeline, connection, order);
  undos.push(
    wrapAssigned(
      transport,
      'onmessage',
      (onmessage) =>
        function (this: unknown, message: unknown, extra?: unknown) {
          if (!pipeline.enabled || deliveryStack.isDelivering(message)) return onmessage.call(this, message, extra);
          const call = { fn: onmessage, self: this, first: message, second: extra };
          const kind = kindOf(message, attachment);
          if (kind === 'request') sightings.arrived(message as RequestMessage);
          if (kind === 'invalid' && attachment.early !== undefined) return attachment.early.deliver(call);
          return inbound.deliver(kind, call);
        },
    ),
  );
}

/** A transport closes after what waits for its records. */
function hookClose(transport: object, { undos }: Attachment, own: readonly Order[]): void {
  const orders = ordersOf(transport);
  for (const order of own) orders.add(order);
  undos.push(
    replaceMethod(
      transport,
      'close',
      (close) =>
        function (this: unknown, ...args: unknown[]) {
          if (!isAnyWaiting(orders)) return close.apply(this, args);
          return drained(orders).then(() => close.apply(this, args));
        },
    ),
  );
}

/** The kind of a message in scope. All others count as invalid, and pass unobserved. */
function kindOf(message: unknown, { connection, listensOnly }: Attachment): MessageKind {
  try {
    const kind = classify(message);
    if (!listensOnly || kind === 'response' || kind === 'invalid') return kind;
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
