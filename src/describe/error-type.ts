/**
 * How operations end: what an answer on the wire, or a caller's rejected promise, means for `error.type` and status.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */

import { asRecord, asString, type ResponseMessage } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import { taskMade, taskStatusOf } from '../protocol/tasks.js';
import {
  ERROR_TYPE_VALUE_CANCELLED,
  ERROR_TYPE_VALUE_CONNECTION_CLOSED,
  ERROR_TYPE_VALUE_INVALID_RESULT,
  ERROR_TYPE_VALUE_NOT_CONNECTED,
  ERROR_TYPE_VALUE_OTHER,
  ERROR_TYPE_VALUE_SEND_FAILED,
  ERROR_TYPE_VALUE_TIMEOUT,
  ERROR_TYPE_VALUE_TOOL_ERROR,
  MCP_SERVER_NON_ERROR_CODES,
  MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED,
  MCP_TRAIL_RESULT_TYPE_VALUE_TASK,
} from '../semconv/values.js';
import type { Direction } from '../session/connection-info.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';

/** Code with which both SDK lines answer if a handler throws an error without an integer code. */
const INTERNAL_ERROR = -32603;

const TOOL_ERROR: Outcome = { errorType: ERROR_TYPE_VALUE_TOOL_ERROR };
const INPUT_REQUIRED: Outcome = { resultType: MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED };
const TASK: Outcome = { resultType: MCP_TRAIL_RESULT_TYPE_VALUE_TASK };

/** The caller cancelled: no error of the receiver. */
export const CANCELLED_BY_PEER: Outcome = { cancelled: true };
/** The sender cancelled. */
export const CANCELLED: Outcome = { errorType: ERROR_TYPE_VALUE_CANCELLED };
/** The connection closed while the operation was open. */
export const CONNECTION_CLOSED: Outcome = { errorType: ERROR_TYPE_VALUE_CONNECTION_CLOSED };
/** The bound of open operations was reached. */
export const EVICTED: Outcome = { errorType: ERROR_TYPE_VALUE_OTHER };
/** The caller rejected the result. */
export const INVALID_RESULT: Outcome = { errorType: ERROR_TYPE_VALUE_INVALID_RESULT };
const NOT_CONNECTED: Outcome = { errorType: ERROR_TYPE_VALUE_NOT_CONNECTED };
/** The message was not written. */
export const SEND_FAILED: Outcome = { errorType: ERROR_TYPE_VALUE_SEND_FAILED };
/** No answer in time. */
export const TIMED_OUT: Outcome = { errorType: ERROR_TYPE_VALUE_TIMEOUT };

/** @param direction of the request that is answered */
export function outcomeOfAnswer(answer: ResponseMessage, row: MethodRow, direction: Direction): Outcome {
  if (answer.error !== undefined) return outcomeOfError(answer.error, direction);
  const result = asRecord(answer.result);
  if (result === undefined) return SUCCESS;
  if (row.content === 'tool' && result['isError'] === true) return TOOL_ERROR;
  if (row.result === 'task') return outcomeOfTask(result);
  if (result['resultType'] === MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED) return INPUT_REQUIRED;
  return taskMade(row, result) === undefined ? SUCCESS : TASK;
}

function outcomeOfError(error: unknown, direction: Direction): Outcome {
  const { code, message } = asRecord(error) ?? {};
  const statusCode = Number.isSafeInteger(code) ? String(code) : undefined;
  const text = asString(message);
  const blameless = direction === 'inbound' && MCP_SERVER_NON_ERROR_CODES.includes(code as number);
  return {
    ...(blameless ? {} : { errorType: statusCode ?? ERROR_TYPE_VALUE_OTHER }),
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(text === undefined ? {} : { message: text }),
  };
}

function outcomeOfTask(result: Record<string, unknown>): Outcome {
  const taskStatus = taskStatusOf(result);
  return taskStatus === undefined ? SUCCESS : { taskStatus };
}

/** Error codes of both SDK lines and of Node.js that identify the outcome. */
const OUTCOMES_BY_CODE: Readonly<Record<string, Outcome>> = {
  '-32000': CONNECTION_CLOSED,
  '-32001': TIMED_OUT,
  REQUEST_TIMEOUT: TIMED_OUT,
  CONNECTION_CLOSED,
  NOT_CONNECTED,
  SEND_FAILED,
  INVALID_RESULT,
  UNSUPPORTED_RESULT_TYPE: INVALID_RESULT,
  ECONNRESET: CONNECTION_CLOSED,
  UND_ERR_SOCKET: CONNECTION_CLOSED,
};

/** A request whose promise was rejected without a JSON-RPC error. */
export interface Rejection {
  readonly error: unknown;
  /** The caller's signal, if any. */
  readonly signal: AbortSignal | undefined;
  /** An answer had arrived. */
  readonly answered: boolean;
  /** The protocol was connected. */
  readonly connected: boolean;
}

/** The outcome of a rejected promise. Does not read the error's text. */
export function outcomeOfRejection({ error, signal, answered, connected }: Rejection): Outcome {
  if (answered) return INVALID_RESULT;
  if (!connected) return NOT_CONNECTED;
  if (signal?.aborted) return asRecord(signal.reason)?.['name'] === 'TimeoutError' ? TIMED_OUT : CANCELLED;
  const status = httpStatusOf(error);
  if (status !== undefined) return { errorType: String(status) };
  return outcomeOfCode(error) ?? SEND_FAILED;
}

/** HTTP status of a response without JSON-RPC: `status` in SDK v2, `code` in v1, except v1's 401. */
function httpStatusOf(error: unknown): number | undefined {
  const { status, code } = asRecord(error) ?? {};
  for (const value of [status, code]) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599) return value;
  }
  return error instanceof Error && error.constructor.name === 'UnauthorizedError' ? 401 : undefined;
}

function outcomeOfCode(error: unknown): Outcome | undefined {
  const { code, cause } = asRecord(error) ?? {};
  for (const value of [code, asRecord(cause)?.['code']]) {
    if ((typeof value === 'string' || typeof value === 'number') && Object.hasOwn(OUTCOMES_BY_CODE, value))
      return OUTCOMES_BY_CODE[value];
  }
  return undefined;
}

/** The outcome of a throwing handler whose answer does not cross a transport. */
export function outcomeOfHandlerError(error: unknown): Outcome {
  const { code, message } = asRecord(error) ?? {};
  return outcomeOfError({ code: Number.isSafeInteger(code) ? code : INTERNAL_ERROR, message }, 'inbound');
}

/** The outcome of a throwing notification handler: the error's class, if it is an identifier. */
export function outcomeOfThrown(error: unknown): Outcome {
  const name = error instanceof Error ? error.constructor.name : '';
  return { errorType: /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? name : ERROR_TYPE_VALUE_OTHER };
}
