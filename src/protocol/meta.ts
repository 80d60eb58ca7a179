/**
 * Reading and copying `params._meta`: where MCP carries trace context and, since 2026-07-28, the protocol version.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic#meta
 */
import { asRecord, asString } from './jsonrpc.js';

const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
const SUBSCRIPTION_ID_KEY = 'io.modelcontextprotocol/subscriptionId';

/** `params._meta` if it is an object. Anything else is somebody's mistake and counts as absent. */
export function metaOf(params: unknown): Record<string, unknown> | undefined {
  if (typeof params !== 'object' || params === null) return undefined;
  const meta = (params as { _meta?: unknown })._meta;
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : undefined;
}

/** The protocol revision a 2026-07-28 (or later) message says it is written in. */
export function declaredProtocolVersion(meta: Record<string, unknown> | undefined): string | undefined {
  return meta === undefined ? undefined : asString(meta[PROTOCOL_VERSION_KEY]);
}

/** Who sends a 2026-07-28 (or later) message, as it says. */
export function declaredClient(meta: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return asRecord(meta?.[CLIENT_INFO_KEY]);
}

/** Who answers, in the metadata of a result. */
export function declaredServer(meta: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return asRecord(meta?.[SERVER_INFO_KEY]);
}

/** The listen stream that a 2026-07-28 notification was sent on. */
export function subscriptionIdOf(meta: Record<string, unknown> | undefined): string | number | undefined {
  const id = meta?.[SUBSCRIPTION_ID_KEY];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/**
 * A copy of the message whose `params._meta` also holds `entries`, and nothing under the keys `without`. The message, its params and its `_meta` are the
 * application's and are never written to. Returns undefined where `params` or `_meta` cannot carry entries
 * (an array, a string, …): such a message goes out exactly as it came.
 */
export function withMeta<M extends { params?: unknown }>(
  message: M,
  entries: Record<string, string>,
  without: readonly string[] = [],
): M | undefined {
  const { params } = message;
  if (params === undefined) return { ...message, params: { _meta: entries } };
  const record = asRecord(params);
  if (record === undefined || Array.isArray(params)) return undefined;
  const meta = record['_meta'];
  if (meta === undefined) return { ...message, params: { ...record, _meta: entries } };
  if (asRecord(meta) === undefined || Array.isArray(meta)) return undefined;
  const merged: Record<string, unknown> = { ...(meta as object), ...entries };
  for (const key of without) delete merged[key];
  return { ...message, params: { ...record, _meta: merged } };
}
