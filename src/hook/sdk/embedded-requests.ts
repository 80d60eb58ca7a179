/**
 * Requests embedded in an `input_required` result (SDK v2, 2026-07-28): the client looks up its own handler and calls
 * it; no message goes over the wire.
 */
import { context } from '@opentelemetry/api';
import { CANCELLED_BY_PEER, outcomeOfHandlerError } from '../../describe/outcome.js';
import { whileHandling } from '../../emit/parents.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { Connection } from '../../session/connection.js';
import { SUCCESS } from '../../session/outcome.js';
import { type AnyFunction, callWith, replaceMethod, type Undo } from '../replace-methods.js';

/** Makes the instance's handler lookup answer with an observed handler, while it acts upon such a result. */
export function hookEmbeddedRequests(
  protocol: object,
  host: { readonly pipeline: Pipeline; readonly connection: Connection },
): Undo {
  return replaceMethod(
    protocol,
    '_getRequestHandler',
    (lookUp) =>
      function (this: unknown, method: unknown, ...rest: unknown[]) {
        const handler = lookUp.call(this, method, ...rest);
        if (typeof handler !== 'function' || !host.pipeline.enabled) return handler;
        return observed(handler, host);
      },
  );
}

function observed(handler: AnyFunction, host: { readonly pipeline: Pipeline; readonly connection: Connection }) {
  return function (this: unknown, request: unknown, extra: unknown) {
    const { pipeline, connection } = host;
    const operation = pipeline.receiveEmbedded(connection, request);
    if (operation === undefined) return handler.call(this, request, extra);
    const signal = (extra as { mcpReq?: { signal?: unknown } } | undefined)?.mcpReq?.signal;
    if (signal instanceof AbortSignal) {
      signal.addEventListener('abort', () => pipeline.end(operation, CANCELLED_BY_PEER), { once: true });
    }
    const result = whileHandling(operation, () =>
      context.with(operation.context, callWith, undefined, handler, this, request, extra),
    );
    if (!(result instanceof Promise)) pipeline.end(operation, SUCCESS);
    else {
      result.then(
        () => pipeline.end(operation, SUCCESS),
        (error: unknown) => pipeline.end(operation, outcomeOfHandlerError(error)),
      );
    }
    return result;
  };
}
