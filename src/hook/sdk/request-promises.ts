/**
 * The outbound funnel: the one function of a protocol instance that every request with an awaited answer goes through.
 * The wire does not show why a caller's promise was rejected (timeout, abort, a result that fails its schema), nor a
 * request that was never written; the promise does.
 */
import { outcomeOfRejection } from '../../describe/outcome.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { membersOf } from '../../lib/members.js';
import { asRecord, asString, type RequestMessage } from '../../protocol/jsonrpc.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';
import { enterFrame, type Frame, leaveFrame, requestsSent } from '../transport/frame.js';
import { leaveToCallTool } from './call-tool-validation.js';

interface Position {
  readonly request: number;
  readonly options: number;
}

/** Where the request and the caller's options stand among the arguments, by the name of the function. */
const FUNNELS: Readonly<Record<string, Position>> = {
  _requestWithSchemaViaCodec: { request: 1, options: 3 },
  request: { request: 0, options: 2 },
};

/** What the funnel needs to know of the protocol instance it sits on. */
export interface FunnelHost {
  readonly pipeline: Pipeline;
  /** The connection the instance uses now, or used last. */
  connection(): Connection;
  connected(): boolean;
  /** The id the next request will get, where the instance keeps a counter. */
  nextId(): number | undefined;
}

/** Hooks the newest funnel the instance has. */
export function hookFunnel(protocol: object, host: FunnelHost): Undo {
  const name = Object.keys(FUNNELS).find((each) => typeof (protocol as Record<string, unknown>)[each] === 'function');
  if (name === undefined) return () => {};
  const position = FUNNELS[name] as Position;
  return replaceMethod(
    protocol,
    name,
    (request) =>
      function (this: unknown, ...args: unknown[]) {
        return host.pipeline.enabled ? observe(request, this, args, position, host) : request.apply(this, args);
      },
  );
}

function observe(request: AnyFunction, self: unknown, args: unknown[], position: Position, host: FunnelHost): unknown {
  const connected = host.connected();
  const relatedTask = optionOf(args, position, 'relatedTask');
  const queued = relatedTask === undefined ? undefined : startQueued(args, position.request, relatedTask, host);
  const frame: Frame = { operation: queued, connection: host.connection() };
  const outer = enterFrame(frame);
  const before = requestsSent();
  const promise = request.apply(self, args);
  leaveFrame(outer);
  if (requestsSent() === before) frame.operation ??= startUnsent(args[position.request], host);
  if (frame.operation !== undefined) settle(host.pipeline, frame, frame.operation, promise, args, position, connected);
  return promise;
}

function settle(
  pipeline: Pipeline,
  frame: Frame,
  operation: Operation,
  promise: unknown,
  args: readonly unknown[],
  position: Position,
  connected: boolean,
): void {
  // Emptied when the operation ends: a promise that never settles keeps nothing of it.
  operation.waiting = frame;
  const succeed = () => {
    const { operation } = frame;
    if (operation === undefined) return;
    const params = (args[position.request] as { params?: unknown } | undefined)?.params;
    if (!leaveToCallTool(operation, params)) pipeline.end(operation, operation.answer ?? SUCCESS);
  };
  const fail = (error: unknown) => {
    const { operation } = frame;
    if (operation === undefined) return;
    const { answer } = operation;
    const signal = optionOf(args, position, 'signal');
    const rejection = {
      error,
      signal: signal instanceof AbortSignal ? signal : undefined,
      answered: answer !== undefined,
      connected,
    };
    pipeline.end(operation, answer === undefined || answer === SUCCESS ? outcomeOfRejection(rejection) : answer);
  };
  // A branch of its own, with both ends handled: the promise that the caller gets is the protocol's.
  if (promise instanceof Promise) promise.then(succeed, fail);
  else succeed();
}

/** One of the caller's options. Where it is a getter, reading it runs code of the caller's. */
function optionOf(args: readonly unknown[], { options }: Position, name: string): unknown {
  try {
    return asRecord(args[options])?.[name];
  } catch {
    return undefined;
  }
}

/** A request of a task is queued, not sent: its context has to be in it before, and the tap will see it later. */
function startQueued(args: unknown[], index: number, relatedTask: unknown, host: FunnelHost): Operation | undefined {
  const request = args[index] as RequestMessage;
  const id = host.nextId();
  if (id === undefined) return undefined;
  const { taskId } = membersOf<{ taskId: unknown }>(relatedTask, ['taskId']);
  const outbound = host.pipeline.send(host.connection(), { ...request, id, task: asString(taskId) }, 'request');
  if (outbound === undefined) return undefined;
  outbound.operation.queued = true;
  outbound.operation.awaited = true;
  args[index] = { ...request, params: outbound.message.params };
  return outbound.operation;
}

/** The request was refused before it was written: no connection, or a capability that the peer lacks. */
function startUnsent(request: unknown, host: FunnelHost): Operation | undefined {
  const { method, params } = (asRecord(request) ?? {}) as { method?: unknown; params?: unknown };
  if (typeof method !== 'string') return undefined;
  const outbound = host.pipeline.send(host.connection(), { method, params }, 'request');
  return outbound?.operation;
}
