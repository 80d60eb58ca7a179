/**
 * The promises of outbound requests. One function of a protocol instance makes them all. The wire shows neither why a
 * caller's promise was rejected (timeout, abort, a result that fails its schema) nor a request that was never written; the
 * promise does.
 */
import { outcomeOfRejection } from '../../describe/error-type.js';
import { refusedError } from '../../describe/refusals.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { membersOf } from '../../lib/foreign.js';
import { asRecord, asString, type RequestMessage } from '../../protocol/jsonrpc.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import type { Refusal } from '../../session/refusal.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import { deliveryStack, type RequestCall } from '../transport/delivery-stack.js';
import { leaveToCallTool } from './call-tool-validation.js';

interface ArgumentPositions {
  readonly request: number;
  readonly options: number;
}

/** The function that makes the promises, by name, newest first, and where its arguments are. */
const REQUEST_FUNCTIONS: Readonly<Record<string, ArgumentPositions>> = {
  _requestWithSchemaViaCodec: { request: 1, options: 3 },
  request: { request: 0, options: 2 },
};

/** The protocol instance that makes the promises. */
export interface RequestingInstance {
  readonly pipeline: Pipeline;
  /** The connection the instance uses now, or used last. */
  connection(): Connection;
  connected(): boolean;
  /** The id of the next request, if the instance keeps a counter. */
  nextId(): number | undefined;
}

export function hookRequestPromises(protocol: object, instance: RequestingInstance): Undo {
  const functions = protocol as Record<string, unknown>;
  const name = Object.keys(REQUEST_FUNCTIONS).find((each) => typeof functions[each] === 'function');
  if (name === undefined) return () => {};
  const positions = REQUEST_FUNCTIONS[name] as ArgumentPositions;
  return replaceMethod(
    protocol,
    name,
    (request) =>
      function (this: unknown, ...args: unknown[]) {
        if (!instance.pipeline.enabled) return request.apply(this, args);
        const made = new PromisedRequest(instance, args, positions);
        if (made.refusal !== undefined) return Promise.reject(refusedError(made.refusal));
        const outer = deliveryStack.enterRequestCall(made.call);
        const before = deliveryStack.requestsSent;
        const promise = request.apply(this, args);
        deliveryStack.leaveRequestCall(outer);
        made.settleWith(promise, deliveryStack.requestsSent > before);
        return promise;
      },
  );
}

/** One request and the promise that its caller gets. */
class PromisedRequest {
  readonly call: RequestCall;
  /** A request that is queued is refused here; one that is sent, by the transport's hook. */
  readonly refusal: Refusal | undefined;
  readonly #instance: RequestingInstance;
  readonly #args: unknown[];
  readonly #positions: ArgumentPositions;
  readonly #connected: boolean;

  /** @param args are changed if the request belongs to a task: its context has to be in it before it is queued */
  constructor(instance: RequestingInstance, args: unknown[], positions: ArgumentPositions) {
    this.#instance = instance;
    this.#args = args;
    this.#positions = positions;
    this.#connected = instance.connected();
    const relatedTask = this.#option('relatedTask');
    const queued = relatedTask === undefined ? undefined : this.#startQueued(relatedTask);
    this.call = { operation: queued, connection: instance.connection() };
    this.refusal = queued?.refusal;
    if (queued?.refusal !== undefined) instance.pipeline.end(queued, queued.refusal.outcome);
  }

  settleWith(promise: unknown, sent: boolean): void {
    const { call } = this;
    if (!sent) call.operation ??= this.#startUnsent();
    if (call.operation === undefined) return;
    // Lets the pipeline clear the call when the operation ends: a promise that never settles keeps nothing of it alive.
    call.operation.waiting = call;
    // A branch with both ends handled: the caller gets the protocol's own promise.
    if (promise instanceof Promise) promise.then(this.#succeed, this.#fail);
    else this.#succeed();
  }

  readonly #succeed = (): void => {
    const { operation } = this.call;
    if (operation === undefined) return;
    const params = (this.#args[this.#positions.request] as { params?: unknown } | undefined)?.params;
    if (!leaveToCallTool(operation, params)) this.#instance.pipeline.end(operation, operation.answer ?? SUCCESS);
  };

  readonly #fail = (error: unknown): void => {
    const { operation } = this.call;
    if (operation === undefined) return;
    const { answer } = operation;
    const signal = this.#option('signal');
    const rejection = {
      error,
      signal: signal instanceof AbortSignal ? signal : undefined,
      answered: answer !== undefined,
      connected: this.#connected,
    };
    const rejected = answer === undefined || answer === SUCCESS;
    this.#instance.pipeline.end(operation, rejected ? outcomeOfRejection(rejection) : answer);
  };

  /** One of the caller's options. A getter runs code of the caller's, which may throw. */
  #option(name: string): unknown {
    try {
      return asRecord(this.#args[this.#positions.options])?.[name];
    } catch {
      return undefined;
    }
  }

  /** A request of a task is queued, not sent: the transport's hook sees it later. */
  #startQueued(relatedTask: unknown): Operation | undefined {
    const { pipeline, connection, nextId } = this.#instance;
    const { request: position } = this.#positions;
    const request = this.#args[position] as RequestMessage;
    const id = nextId();
    if (id === undefined) return undefined;
    const { taskId } = membersOf<{ taskId: unknown }>(relatedTask, ['taskId']);
    const outbound = pipeline.send(connection(), { ...request, id, task: asString(taskId) }, 'request');
    if (outbound === undefined) return undefined;
    outbound.operation.queued = true;
    outbound.operation.awaited = true;
    this.#args[position] = { ...request, params: outbound.message.params };
    return outbound.operation;
  }

  /** The request was refused before it was written: no connection, or a capability that the peer lacks. */
  #startUnsent(): Operation | undefined {
    const request = asRecord(this.#args[this.#positions.request]) ?? {};
    const { method, params } = request as {
      method?: unknown;
      params?: unknown;
    };
    if (typeof method !== 'string') return undefined;
    const { pipeline, connection } = this.#instance;
    return pipeline.send(connection(), { method, params }, 'request')?.operation;
  }
}
