/**
 * Reads and copies `params._meta`, where MCP carries trace context and, since 2026-07-28, the protocol version.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic#meta
 */
import { asRecord, asString } from './jsonrpc.js';

export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
/** What the client can do, in 2026-07-28 and later; before, `initialize` has it. */
export const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';
/**
 * The user turn and the model behind a request, as its client claims them: a draft.
 *
 * @see https://github.com/modelcontextprotocol/modelcontextprotocol/pull/2817
 */
export const AI_INVOCATION_KEY = 'io.modelcontextprotocol/aiInvocation';
const SUBSCRIPTION_ID_KEY = 'io.modelcontextprotocol/subscriptionId';

/** `params._meta` if it is an object; anything else counts as absent. */
export function metaOf(params: unknown): Record<string, unknown> | undefined {
  if (typeof params !== 'object' || params === null) return undefined;
  const meta = (params as { _meta?: unknown })._meta;
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : undefined;
}

/** The protocol version of a message, in 2026-07-28 and later. */
export function declaredProtocolVersion(meta: Record<string, unknown> | undefined): string | undefined {
  return meta === undefined ? undefined : asString(meta[PROTOCOL_VERSION_KEY]);
}

/** The sender that a message claims, in 2026-07-28 and later. */
export function declaredClient(meta: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return asRecord(meta?.[CLIENT_INFO_KEY]);
}

/** The server that a result claims to come from, in its metadata. */
export function declaredServer(meta: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return asRecord(meta?.[SERVER_INFO_KEY]);
}

/** The listen stream of a notification, in 2026-07-28 and later. */
export function subscriptionIdOf(meta: Record<string, unknown> | undefined): string | number | undefined {
  const id = meta?.[SUBSCRIPTION_ID_KEY];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/**
 * A copy of the message whose `params._meta` also has `entries`, and nothing under the keys `without`. The message, its params
 * and its `_meta` belong to the application and are never changed. Returns undefined if `params` or `_meta` cannot hold entries
 * (an array, a string, …), or if a copy would say something else: such a message is sent unchanged.
 */
export function withMeta<M extends { params?: unknown }>(
  message: M,
  entries: Record<string, string>,
  without: readonly string[] = [],
): M | undefined {
  const { params } = message;
  if (!isCopyable(message)) return undefined;
  if (params === undefined) return { ...message, params: { _meta: entries } };
  const record = asRecord(params);
  if (record === undefined || Array.isArray(params) || !isCopyable(record)) return undefined;
  const meta = record['_meta'];
  if (meta === undefined) return { ...message, params: { ...record, _meta: entries } };
  if (asRecord(meta) === undefined || Array.isArray(meta) || !isCopyable(meta as object)) return undefined;
  const merged: Record<string, unknown> = { ...(meta as object), ...entries };
  for (const key of without) delete merged[key];
  return { ...message, params: { ...record, _meta: merged } };
}

/** Whether a copy of an object's own members says the same. A class may have accessors, or a JSON form of its own. */
function isCopyable(object: object): boolean {
  let prototype: object | null = Object.getPrototypeOf(object);
  while (prototype !== null) {
    const above: object | null = Object.getPrototypeOf(prototype);
    // That of plain objects, of any realm.
    if (above === null) return true;
    const members = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    if (members.some(([key, { get }]) => key === 'toJSON' || get !== undefined)) return false;
    prototype = above;
  }
  return true;
}
