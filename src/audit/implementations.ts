/** Who is at the two ends of a connection, as they say themselves, and who of them sends. */
import { asRecord, type ResponseMessage } from '../protocol/jsonrpc.js';
import { declaredClient, declaredServer, metaOf } from '../protocol/meta.js';
import type { Connection, Implementation } from '../session/connection.js';
import type { Operation } from '../session/operation.js';

/** What a request says of the client: `initialize` for the connection. */
export function learnFromCall({ row, sent, connection }: Operation, params: unknown): void {
  if (row.result !== 'session' || sent) return;
  connection.client = asRecord(asRecord(params)?.['clientInfo']) ?? connection.client;
}

/** What a result says of the server: `initialize` and, in its metadata, every result since 2026-07-28. */
export function learnFromAnswer({ row, sent, connection }: Operation, { result }: ResponseMessage): void {
  if (!sent) return;
  const said = row.audit?.action === 'CONNECT' ? asRecord(asRecord(result)?.['serverInfo']) : undefined;
  const server = said ?? declaredServer(metaOf(result));
  // Since 2026-07-28 every message says it anew.
  if (server !== undefined && !isSame(server, connection.server)) connection.server = server;
}

export function isSame(one: Implementation | undefined, other: Implementation | undefined): boolean {
  return one === other || (one?.name === other?.name && one?.version === other?.version && one?.title === other?.title);
}

/** The client of an operation: since 2026-07-28 every message says it. */
export function clientOf({ connection }: Operation, params: unknown): Implementation | undefined {
  return declaredClient(metaOf(params)) ?? connection.client;
}

/** The end that sends the message of an operation. */
export function senderOf(operation: Operation, client: Implementation | undefined): Implementation | undefined {
  return senderRole(operation) === 'client' ? client : operation.connection.server;
}

export function senderRole({ connection, sent, row }: Operation): 'client' | 'server' {
  const role: Connection['role'] = connection.role;
  if (role === 'unknown') return row.from === 'server' ? 'server' : 'client';
  return (role === 'client') === sent ? 'client' : 'server';
}
