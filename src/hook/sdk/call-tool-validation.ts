/**
 * `callTool` checks the result against the schema that the tool declares after its request has resolved: that a result
 * fails it shows in nothing but its own promise. The request is known by the params, which both SDK lines pass on as
 * they are.
 */
import { INVALID_RESULT } from '../../describe/outcome.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { ifThrown, type Watched } from '../application-call.js';
import { replaceMethod, type Undo } from '../replace-methods.js';

/** A call whose promise has not settled, and its request once that has. */
interface Call extends Watched {
  request: Operation | undefined;
}

const calls = new WeakMap<object, Call>();

/** Watches the promises of an instance's `callTool`, once it knows what results of some tool have to look like. */
export function hookCallTool(
  protocol: object,
  host: { readonly pipeline: Pipeline; readonly connection: Connection },
): Undo {
  return replaceMethod(
    protocol,
    'callTool',
    (callTool) =>
      function (this: unknown, params: unknown, ...rest: unknown[]) {
        const { pipeline, connection } = host;
        const checked = connection.declaresResults || rest.some(bringsDefinition);
        // Of calls at the same time with the same params the first is watched: its request is one of theirs.
        const watched =
          checked && pipeline.enabled && typeof params === 'object' && params !== null && !calls.has(params);
        if (!watched) return callTool.call(this, params, ...rest);
        const call: Call = { request: undefined, returned: false };
        calls.set(params, call);
        const end = (rejected: boolean) => {
          calls.delete(params);
          const { request } = call;
          if (request === undefined) return;
          const { answer = SUCCESS } = request;
          pipeline.end(request, rejected && answer === SUCCESS ? INVALID_RESULT : answer);
        };
        ifThrown(call, () => calls.delete(params));
        const result: unknown = callTool.call(this, params, ...rest);
        call.returned = true;
        if (!(result instanceof Promise)) {
          calls.delete(params);
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

/** The caller may know the tool better than the client does (SDK v2). */
function bringsDefinition(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'toolDefinition' in options;
}

/** Leaves the end of a request that resolved to the `callTool` that made it. Returns whether there is one. */
export function leaveToCallTool(request: Operation, params: unknown): boolean {
  const call = request.row.content === 'tool' ? calls.get(params as object) : undefined;
  if (call === undefined || call.request !== undefined) return false;
  call.request = request;
  return true;
}
