/** Finds the open request that a notification is about. */
import { asRecord, type NotificationMessage, type RequestId } from '../../protocol/jsonrpc.js';
import { metaOf, subscriptionIdOf } from '../../protocol/meta.js';
import { methodRow } from '../../protocol/methods.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Direction } from '../../session/connection-info.js';
import type { Operation } from '../../session/operation.js';

/** The open request, sent or received, that is named in a notification's params. */
export function requestNamedBy(
  connection: Connection,
  message: NotificationMessage,
  reference: 'requestId' | 'progressToken',
  direction: Direction,
): Operation | undefined {
  try {
    const id = idNamedBy(message, reference);
    return id === undefined ? undefined : connection.find(direction, id);
  } catch (error) {
    reportFailure('reading a notification', error);
    return undefined;
  }
}

/** The id of the request that is named in a notification's params. Not guarded. */
export function idNamedBy(
  { method, params }: NotificationMessage,
  reference: 'requestId' | 'progressToken',
): RequestId | undefined {
  if (methodRow(method, 'notification').refersTo !== reference) return undefined;
  const id = asRecord(params)?.[reference];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** Our listen stream that a notification came on. */
export function streamOf(connection: Connection, { params }: NotificationMessage): Operation | undefined {
  try {
    const subscription = subscriptionIdOf(metaOf(params));
    const stream = subscription === undefined ? undefined : connection.find('outbound', subscription);
    return stream?.row.stream ? stream : undefined;
  } catch (error) {
    reportFailure('reading a notification', error);
    return undefined;
  }
}
