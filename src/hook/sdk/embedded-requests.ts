/**
 * Requests embedded in an `input_required` result (SDK v2, 2026-07-28). The client looks up its own handler and calls it;
 * no message goes over the wire.
 */
import { CANCELLED_BY_PEER, outcomeOfHandlerError } from '../../describe/error-type.js';
import { refusedError } from '../../describe/refusals.js';
import { whileHandling } from '../../emit/parents.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { callIn } from '../application-call.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';

/** What is attached to an instance: its connection changes when it connects again. */
interface Attached {
  readonly pipeline: Pipeline;
  readonly connection: Connection;
}

/** Has the instance's handler lookup return an observed handler. */
export function hookEmbeddedRequests(protocol: object, attached: Attached): Undo {
  return replaceMethod(
    protocol,
    '_getRequestHandler',
    (lookUp) =>
      function (this: unknown, method: unknown, ...rest: unknown[]) {
        const handler = lookUp.call(this, method, ...rest);
        if (typeof handler !== 'function' || !attached.pipeline.enabled) return handler;
        return observed(handler, attached);
      },
  );
}

function observed(handler: AnyFunction, attached: Attached) {
  return function (this: unknown, request: unknown, extra: unknown) {
    const { pipeline, connection } = attached;
    const { operation, refusal } = pipeline.receiveEmbedded(connection, request) ?? {};
    if (refusal !== undefined) {
      if (operation !== undefined) pipeline.end(operation, refusal.outcome);
      return Promise.reject(refusedError(refusal));
    }
    if (operation === undefined) return handler.call(this, request, extra);
    const { onDisk } = operation;
    if (onDisk !== undefined) {
      operation.onDisk = undefined;
      return onDisk.then((refusal) => {
        if (refusal === undefined) return handle(handler, this, request, extra, operation, pipeline);
        pipeline.end(operation, refusal.outcome);
        throw refusedError(refusal);
      });
    }
    return handle(handler, this, request, extra, operation, pipeline);
  };
}

function handle(
  handler: AnyFunction,
  self: unknown,
  request: unknown,
  extra: unknown,
  operation: Operation,
  pipeline: Pipeline,
): unknown {
  const signal = (extra as { mcpReq?: { signal?: unknown } } | undefined)?.mcpReq?.signal;
  if (signal instanceof AbortSignal) {
    signal.addEventListener('abort', () => pipeline.end(operation, CANCELLED_BY_PEER), { once: true });
  }
  const call = { fn: handler, self, first: request, second: extra };
  const result = whileHandling(operation, callIn, operation.context, call);
  if (!(result instanceof Promise)) pipeline.end(operation, SUCCESS);
  else {
    result.then(
      () => pipeline.end(operation, SUCCESS),
      (error: unknown) => pipeline.end(operation, outcomeOfHandlerError(error)),
    );
  }
  return result;
}
