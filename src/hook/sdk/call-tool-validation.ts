/**
 * `callTool` validates the result against the tool's output schema after its request has resolved, so only the promise of
 * `callTool` shows that the result is invalid. The params identify the request: both SDK lines pass them on as they are.
 */
import { INVALID_RESULT } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { type CallState, ifThrown } from '../application-call.js';
import { replaceMethod, type Undo } from '../replace-methods.js';

/** A call of `callTool` whose promise has not settled. */
interface ToolCall extends CallState {
  /** Set when the request has resolved. */
  request: Operation | undefined;
}

/** By the params. */
const toolCalls = new WeakMap<object, ToolCall>();

/** Follows the promises of an instance's `callTool` that may validate results. */
export function hookCallTool(
  protocol: object,
  attached: { readonly pipeline: Pipeline; readonly connection: Connection },
): Undo {
  return replaceMethod(
    protocol,
    'callTool',
    (callTool) =>
      function (this: unknown, params: unknown, ...rest: unknown[]) {
        const { pipeline, connection } = attached;
        const checked = connection.declaresResults || rest.some(bringsDefinition);
        // Of concurrent calls with the same params object, the first is followed.
        const followed =
          checked && pipeline.enabled && typeof params === 'object' && params !== null && !toolCalls.has(params);
        if (!followed) return callTool.call(this, params, ...rest);
        const call: ToolCall = { request: undefined, returned: false };
        toolCalls.set(params, call);
        const end = (rejected: boolean) => {
          toolCalls.delete(params);
          const { request } = call;
          if (request === undefined) return;
          const { answer = SUCCESS } = request;
          pipeline.end(request, rejected && answer === SUCCESS ? INVALID_RESULT : answer);
        };
        ifThrown(call, () => toolCalls.delete(params));
        const result: unknown = callTool.call(this, params, ...rest);
        call.returned = true;
        if (!(result instanceof Promise)) {
          toolCalls.delete(params);
          return result;
        }
        // A branch beside the promise would count as handling it, and hide a rejection that the application drops.
        return result.then(
          (value: unknown) => {
            end(false);
            return value;
          },
          (error: unknown) => {
            end(true);
            throw error;
          },
        );
      },
  );
}

/** SDK v2: the caller may pass the tool's definition. */
function bringsDefinition(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'toolDefinition' in options;
}

/** Lets the `callTool` that made a resolved request end it. Returns whether there is such a call. */
export function leaveToCallTool(request: Operation, params: unknown): boolean {
  const call = request.row.content === 'tool' ? toolCalls.get(params as object) : undefined;
  if (call === undefined || call.request !== undefined) return false;
  call.request = request;
  return true;
}
