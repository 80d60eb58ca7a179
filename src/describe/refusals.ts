/** Requests that are refused: the one table of why, and what the caller gets. */
import type { RequestId, ResponseMessage } from '../protocol/jsonrpc.js';
import { ERROR_TYPE_VALUE_AUDIT_UNAVAILABLE, ERROR_TYPE_VALUE_TOOL_NOT_LOCKED } from '../semconv/values.js';
import type { Refusal } from '../session/refusal.js';

/** Internal error: the caller did nothing wrong. */
const CODE = -32603;

function refusal(reason: string, message: string): Refusal {
  return {
    reason,
    message,
    outcome: { errorType: reason, statusCode: String(CODE), message },
  };
}

export const AUDIT_UNAVAILABLE: Refusal = refusal(
  ERROR_TYPE_VALUE_AUDIT_UNAVAILABLE,
  'Refused: the audit record of this request cannot be kept',
);

export const TOOL_NOT_LOCKED: Refusal = refusal(
  ERROR_TYPE_VALUE_TOOL_NOT_LOCKED,
  'Refused: this tool is not as it was reviewed',
);

/** What the sender of a refused request is answered. */
export function refusedAnswer(id: RequestId | null, { message, reason }: Refusal): ResponseMessage {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: CODE, message, data: { reason } },
  } as ResponseMessage;
}

/** What the caller of a refused request gets. */
export interface RefusedError extends Error {
  readonly code: number;
  readonly data: { readonly reason: string };
}

const made = new WeakSet<object>();

export function refusedError({ message, reason }: Refusal): RefusedError {
  const error = Object.assign(new Error(message), { code: CODE, data: { reason } });
  made.add(error);
  return error;
}

export function isRefusedError(error: unknown): error is RefusedError {
  return made.has(error as object);
}
