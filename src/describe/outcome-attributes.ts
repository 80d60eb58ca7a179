/** Span attributes of an outcome. Pure. */
import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_MCP_TRAIL_CANCELLED,
  ATTR_MCP_TRAIL_RESULT_TYPE,
  ATTR_MCP_TRAIL_TASK_STATUS,
  ATTR_RPC_RESPONSE_STATUS_CODE,
  ATTR_RPC_STATUS_CODE,
} from '../semconv/attributes.js';
import type { Outcome } from '../session/outcome.js';

/** Which attributes hold the JSON-RPC error code. */
export type StatusCodeKey = 'rpc.response.status_code' | 'rpc.status_code' | 'both';

/** The JSON-RPC error code under the configured attributes. */
export function statusCodeAttributes(code: string, key: StatusCodeKey): Attributes {
  return {
    ...(key !== 'rpc.status_code' && { [ATTR_RPC_RESPONSE_STATUS_CODE]: code }),
    ...(key !== 'rpc.response.status_code' && { [ATTR_RPC_STATUS_CODE]: code }),
  };
}

/** Attributes that are known at the end. */
export function outcomeAttributes(outcome: Outcome, statusCodeKey: StatusCodeKey): Attributes {
  const { errorType, statusCode, cancelled, resultType, taskStatus } = outcome;
  return {
    ...(errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType }),
    ...(statusCode !== undefined && statusCodeAttributes(statusCode, statusCodeKey)),
    ...(cancelled && { [ATTR_MCP_TRAIL_CANCELLED]: true }),
    ...(resultType !== undefined && { [ATTR_MCP_TRAIL_RESULT_TYPE]: resultType }),
    ...(taskStatus !== undefined && { [ATTR_MCP_TRAIL_TASK_STATUS]: taskStatus }),
  };
}
