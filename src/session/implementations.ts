/** Client and server of a connection as they describe themselves, and which of them sends. */
import { asRecord, asString } from '../protocol/jsonrpc.js';
import { declaredClient, declaredServer, metaOf } from '../protocol/meta.js';
import type { MethodRow } from '../protocol/methods.js';
import type { ConnectionInfo, Direction, Implementation } from './connection-info.js';
import type { AnswerFacts, RequestFacts } from './message-facts.js';
import type { Operation } from './operation.js';

/** Longer names are hostile. More is kept than is shown, so that truncation shows. */
const MAX_LENGTH = 1024;

/** Learns the client: from `initialize`, and since 2026-07-28 from every message. */
export function learnFromCall(connection: ConnectionInfo, { direction, row, params, meta }: RequestFacts): void {
  // Without a protocol instance, only its own messages tell what this client is.
  if (direction === 'outbound' && connection.role === 'client' && connection.client !== undefined) return;
  if (direction === 'outbound' && connection.role === 'server') return;
  const said = row.result === 'session' ? asRecord(asRecord(params)?.['clientInfo']) : declaredClient(meta);
  if (said !== undefined && !isSame(said, connection.client)) connection.client = kept(said);
}

/**
 * Learns the server: from `initialize`, `server/discover` and, since 2026-07-28, the metadata of every result. Returns
 * whether a peer changed.
 */
export function learnFromAnswer(
  { row, direction, connection }: Operation,
  { message: { result } }: AnswerFacts,
): boolean {
  const own = direction === 'inbound';
  // Without a protocol instance, only its own answers tell what this server is.
  if (own && connection.server !== undefined) return false;
  const said = row.introduces ? asRecord(asRecord(result)?.['serverInfo']) : undefined;
  const server = said ?? declaredServer(metaOf(result));
  if (server === undefined || isSame(server, connection.server)) return false;
  connection.server = kept(server);
  return !own;
}

export function isSame(one: Implementation | undefined, other: Implementation | undefined): boolean {
  return one === other || (one?.name === other?.name && one?.version === other?.version && one?.title === other?.title);
}

/** The client of an operation: since 2026-07-28 each message names it. */
export function clientOf({ connection }: Operation, { meta }: RequestFacts): Implementation | undefined {
  return declaredClient(meta) ?? connection.client;
}

/** The sender of the message of an operation. */
export function senderOf(operation: Operation, client: Implementation | undefined): Implementation | undefined {
  return senderRole(operation) === 'client' ? client : operation.connection.server;
}

export function senderRole({ connection, direction, row }: Operation): 'client' | 'server' {
  return (ownRole(connection, direction, row) === 'client') === (direction === 'outbound') ? 'client' : 'server';
}

/** Role of this process. On a bare transport, methods that only one role may send reveal it. */
export function ownRole(connection: ConnectionInfo, direction: Direction, row: MethodRow): 'client' | 'server' {
  if (connection.role !== 'unknown') return connection.role;
  if (row.from === 'either') return connection.seenAs ?? (direction === 'outbound' ? 'client' : 'server');
  const role = (row.from === 'client') === (direction === 'outbound') ? 'client' : 'server';
  connection.seenAs ??= role;
  return role;
}

/** A copy that does not keep the message alive. */
function kept({ name, version, title }: Implementation): Implementation {
  return { name: keptText(name), version: keptText(version), title: keptText(title) };
}

function keptText(value: unknown): string | undefined {
  const text = asString(value);
  if (text === undefined || text.length <= MAX_LENGTH) return text;
  return Buffer.from(text.slice(0, MAX_LENGTH)).toString();
}
