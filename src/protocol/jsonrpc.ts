/** Classifies JSON-RPC messages by their shape, without copying them. */

/** The `id` of a JSON-RPC request. `null` ids are not MCP and are left alone. */
export type RequestId = string | number;

/** A request: it has a method and an id, and gets one response. */
export interface RequestMessage {
  readonly method: string;
  readonly id: RequestId;
  readonly params?: unknown;
}

/** A notification: it has a method and no id. */
export interface NotificationMessage {
  readonly method: string;
  readonly params?: unknown;
}

/** A response: a result or an error for the request with the same id. */
export interface ResponseMessage {
  readonly id: RequestId;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** The kinds of messages. `invalid` ones pass through unchanged and unobserved. */
export type MessageKind = 'request' | 'notification' | 'response' | 'invalid';

/** Classifies any value. Reads at most three properties; a throwing getter throws here, inside the caller's guard. */
export function classify(message: unknown): MessageKind {
  if (typeof message !== 'object' || message === null) return 'invalid';
  const { method, id } = message as { method?: unknown; id?: unknown };
  const hasId = typeof id === 'number' || typeof id === 'string';
  if (typeof method === 'string') return hasId ? 'request' : id === undefined ? 'notification' : 'invalid';
  return hasId && ('result' in message || 'error' in message) ? 'response' : 'invalid';
}

/** Narrows to a record. Arrays and class instances count too: the value is only read. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** A string, or undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
