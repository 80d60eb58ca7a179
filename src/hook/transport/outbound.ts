/** Messages that a transport sends: requests and notifications start operations, answers end the peer's. */
import { types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import { CANCELLED, CONNECTION_CLOSED, outcomeOfRejection, SEND_FAILED, TIMED_OUT } from '../../describe/error-type.js';
import { refusedError } from '../../describe/refusals.js';
import type { Pipeline } from '../../emit/pipeline.js';
import {
  asRecord,
  type MessageKind,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../../protocol/jsonrpc.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import { type ApplicationCall, ifThrown, observedPromise } from '../application-call.js';
import { deliveryStack, type RequestCall } from './delivery-stack.js';
import type { Order } from './order.js';
import { refusalOf } from './refuse.js';
import { requestNamedBy } from './related-request.js';

export class OutboundMessages {
  readonly #pipeline: Pipeline;
  readonly #connection: Connection;
  /** Messages sent over HTTP: SDK v1 sends the same object again with a fresh token. */
  readonly #sent: WeakSet<object> | undefined;
  readonly #order: Order;

  constructor(pipeline: Pipeline, connection: Connection, order: Order) {
    this.#pipeline = pipeline;
    this.#connection = connection;
    this.#order = order;
    this.#sent = connection.kind.name === 'http' ? new WeakSet() : undefined;
  }

  /** Whether a message was observed before, by an outer transport or by this one. */
  isSending(message: unknown): boolean {
    return deliveryStack.isSending(message) || this.#sent?.has(message as object) === true;
  }

  /** @param call `send(message, options)` */
  send(kind: MessageKind, call: ApplicationCall): unknown {
    switch (kind) {
      case 'request':
        return this.#request(call);
      case 'response':
        return this.#answer(call);
      case 'notification':
        return this.#notification(call);
      case 'invalid':
        if (this.#order.waiting !== undefined) return this.#pass(undefined, call);
        return call.fn.call(call.self, call.first, call.second);
    }
  }

  /** Calls the application's `send`, once the record of its operation is on disk, where that is asked for. */
  #pass(target: Context | undefined, call: ApplicationCall, operation?: Operation): unknown {
    const before = operation?.onDisk;
    if (before === undefined && this.#order.waiting === undefined) return deliveryStack.send(target, call);
    return this.#order.pass(before, (refusal) => {
      if (refusal === undefined || operation === undefined) return deliveryStack.send(target, call);
      this.#pipeline.end(operation, refusal.outcome);
      throw refusedError(refusal);
    });
  }

  #request(call: ApplicationCall): unknown {
    const message = call.first as RequestMessage;
    const requestCall = deliveryStack.takeRequestCall(this.#connection, message.id);
    const queued = this.#connection.find('outbound', message.id);
    if (queued?.queued) {
      // A task's request is sent long after it was made: it already has its span and carries its context.
      queued.queued = false;
      return this.#pass(undefined, call, queued);
    }
    const outbound = this.#pipeline.send(this.#connection, message, 'request');
    const refusal = outbound === undefined ? refusalOf(this.#pipeline, message) : outbound.operation.refusal;
    if (refusal !== undefined) {
      if (outbound !== undefined) this.#pipeline.end(outbound.operation, refusal.outcome);
      return Promise.reject(refusedError(refusal));
    }
    if (outbound === undefined) return this.#pass(undefined, call);
    this.#sent?.add(outbound.message);
    const { operation } = outbound;
    if (requestCall !== undefined && requestCall.stream === undefined) {
      // The caller's promise shows how it ends, also if the transport throws.
      requestCall.operation = operation;
      operation.awaited = true;
      return this.#pass(operation.context, { ...call, first: outbound.message }, operation);
    }
    this.#giveUpProbes(operation);
    const options = this.#watchStream(operation, call.second, requestCall?.stream);
    const sent = this.#sendOrFail(operation, operation.context, { ...call, first: outbound.message, second: options });
    return this.#whenSent(sent, undefined, (error) => this.#endRejected(operation, error));
  }

  #notification(call: ApplicationCall): unknown {
    const message = call.first as NotificationMessage;
    const outbound = this.#pipeline.send(this.#connection, message, 'notification');
    if (outbound === undefined) return this.#pass(undefined, call);
    this.#sent?.add(outbound.message);
    const { operation } = outbound;
    this.#pipeline.conclude(operation, SUCCESS);
    const sent = this.#sendOrFail(operation, operation.context, { ...call, first: outbound.message });
    const returned = this.#endWhenSent(operation, sent);
    const cancelled = requestNamedBy(this.#connection, message, 'requestId', 'outbound');
    // The caller's promise ends a request that is awaited.
    if (cancelled !== undefined && !cancelled.awaited) {
      this.#pipeline.end(cancelled, cancelled.acknowledged ? SUCCESS : CANCELLED);
    }
    return returned;
  }

  #answer(call: ApplicationCall): unknown {
    const operation = this.#pipeline.answer(this.#connection, call.first as ResponseMessage, 'outbound');
    if (operation === undefined) return this.#pass(undefined, call);
    const sent = this.#sendOrFail(operation, undefined, call);
    return this.#endWhenSent(operation, sent);
  }

  /** Sends a message and ends its operation if the transport throws instead of rejecting. */
  #sendOrFail(operation: Operation, target: Context | undefined, call: ApplicationCall): unknown {
    const state = { returned: false };
    ifThrown(state, () => this.#pipeline.end(operation, SEND_FAILED));
    const sent = this.#pass(target, call, operation);
    state.returned = true;
    return sent;
  }

  /** Returns what the caller gets. */
  #endWhenSent(operation: Operation, sent: unknown): unknown {
    const end = () => this.#pipeline.end(operation, operation.answer ?? SUCCESS);
    if (types.isPromise(sent)) return this.#whenSent(sent, end, (error) => this.#endRejected(operation, error));
    end();
    return sent;
  }

  /** Returns what the caller gets. A client or server handles every rejection itself; an application may drop one. */
  #whenSent(sent: unknown, fulfilled: (() => void) | undefined, rejected: (error: unknown) => void): unknown {
    // Any other thenable may act each time it is read.
    if (!types.isPromise(sent)) return sent;
    if (!this.#connection.hasOwner) return observedPromise(sent, () => fulfilled?.(), rejected);
    sent.then(fulfilled, rejected);
    return sent;
  }

  #endRejected(operation: Operation, error: unknown): void {
    const rejection = { error, signal: undefined, answered: false, connected: true };
    this.#pipeline.end(operation, outcomeOfRejection(rejection));
  }

  /** A client that starts the legacy handshake no longer waits for the answer to its era probe. */
  #giveUpProbes(started: Operation): void {
    if (started.row.result !== 'session') return;
    for (const operation of this.#connection.openRequests()) {
      if (operation.direction === 'outbound' && operation !== started && !operation.awaited)
        this.#pipeline.end(operation, TIMED_OUT);
    }
  }

  /** No promise of the protocol waits for a stream's request: the stream's own signals show how it ends. */
  #watchStream(operation: Operation, options: unknown, stream: RequestCall['stream']): unknown {
    const { requestSignal, onRequestStreamEnd } = streamOptions(options);
    if (!(requestSignal instanceof AbortSignal)) return options;
    const endAborted = () => {
      const { signal } = stream ?? {};
      const tooSlow = stream !== undefined && !(signal instanceof AbortSignal && signal.aborted);
      this.#pipeline.end(operation, operation.acknowledged ? SUCCESS : tooSlow ? TIMED_OUT : CANCELLED);
    };
    requestSignal.addEventListener('abort', endAborted, { once: true });
    if (typeof onRequestStreamEnd !== 'function') return options;
    const endStream = () => {
      this.#pipeline.end(operation, CONNECTION_CLOSED);
      return onRequestStreamEnd();
    };
    return { ...(options as object), onRequestStreamEnd: endStream };
  }
}

interface StreamOptions {
  readonly requestSignal?: unknown;
  readonly onRequestStreamEnd?: unknown;
}

/** The options of a stream. Getters run code of the sender's, which may throw. */
function streamOptions(options: unknown): StreamOptions {
  try {
    const { requestSignal, onRequestStreamEnd } = (asRecord(options) ?? {}) as StreamOptions;
    return { requestSignal, onRequestStreamEnd };
  } catch {
    return {};
  }
}
