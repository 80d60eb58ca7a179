/**
 * The transport tap: sees every message a transport sends and delivers, in both directions, and leaves the transport's
 * behaviour as it was.
 */
import type { Pipeline } from '../../emit/pipeline.js';
import { classify, type MessageKind, type NotificationMessage, type RequestMessage } from '../../protocol/jsonrpc.js';
import { methodRow } from '../../protocol/methods.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import { replaceMethod, type Undo, wrapAssigned } from '../replace-methods.js';
import { TapIn } from './inbound.js';
import { TapOut } from './outbound.js';
import { requestNamedBy } from './related-request.js';

/** What a tap looks at: all messages, or only those that never reach the protocol instance with its own tap. */
export type TapScope = 'all' | 'listen';

/** Puts a tap onto a transport; `undos` gets what takes it off, piece by piece. */
export function installTap(
  transport: object,
  pipeline: Pipeline,
  connection: Connection,
  scope: TapScope,
  undos: Undo[],
): void {
  const out = new TapOut(pipeline, connection);
  const into = new TapIn(pipeline, connection);
  undos.push(
    replaceMethod(
      transport,
      'send',
      (send) =>
        function (this: unknown, message: unknown, options?: unknown) {
          if (!pipeline.enabled || out.isPassing(message)) return send.call(this, message, options);
          return out.send(kindOf(message, connection, scope), send, this, message, options);
        },
    ),
  );
  undos.push(
    wrapAssigned(
      transport,
      'onmessage',
      (onmessage) =>
        function (this: unknown, message: unknown, extra?: unknown) {
          if (!pipeline.enabled || into.isPassing(message)) return onmessage.call(this, message, extra);
          return into.deliver(kindOf(message, connection, scope), onmessage, this, message, extra);
        },
    ),
  );
}

/** The kind of a message that this tap is for; all others count as invalid, and pass through. */
function kindOf(message: unknown, connection: Connection, scope: TapScope): MessageKind {
  try {
    const kind = classify(message);
    if (scope === 'all' || kind === 'response' || kind === 'invalid') return kind;
    const listens =
      kind === 'request'
        ? methodRow((message as RequestMessage).method, kind).stream
        : requestNamedBy(connection, message as NotificationMessage, 'requestId', false);
    return listens ? kind : 'invalid';
  } catch (error) {
    reportFailure('classifying a message', error);
    return 'invalid';
  }
}
