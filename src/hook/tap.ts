/**
 * The transport tap: sees every message a transport sends and delivers, in both directions, starts and ends their
 * operations, and leaves the transport's behaviour as it was. The application's functions are called exactly once,
 * outside of any `try`, with their own `this`; what they return or throw passes through.
 */
import { type Context, context } from '@opentelemetry/api';
import { CANCELLED, CANCELLED_BY_PEER, CONNECTION_CLOSED, outcomeOfRejection, TIMED_OUT } from '../describe/outcome.js';
import type { Peer } from '../emit/describer.js';
import { continuationContext } from '../emit/parents.js';
import type { Pipeline } from '../emit/pipeline.js';
import {
  asRecord,
  asString,
  classify,
  type MessageKind,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../protocol/jsonrpc.js';
import { metaOf, subscriptionIdOf } from '../protocol/meta.js';
import { methodRow } from '../protocol/methods.js';
import type { Connection } from '../session/connection.js';
import type { Operation } from '../session/operation.js';
import { SUCCESS } from '../session/outcome.js';
import { reportFailure } from '../util/report.js';
import { type Frame, takeFrame } from './frame.js';
import { currentHttpPeer } from './http-peer.js';
import { stopWatching, watchHandler } from './notification-handlers.js';
import { type AnyFunction, callWith, replaceMethod, type Undo, wrapAssigned } from './patch.js';

/** What a tap looks at: all messages, or only those that never reach the protocol instance with its own tap. */
export type TapScope = 'all' | 'listen';

/** The parts of the SDKs' extra message info that are used: v1 has `requestInfo`, v2 the web request itself. */
interface MessageExtra {
  readonly request?: { readonly signal?: AbortSignal; readonly headers?: { get?(name: string): unknown } };
  readonly requestInfo?: { readonly headers?: Record<string, unknown> };
}

const PROTOCOL_VERSION_HEADER = 'mcp-protocol-version';

// The messages being passed on at this moment: of layered transports each shows the same one, one inside the other.
let sending: unknown;
let delivering: unknown;

export class Tap {
  readonly #pipeline: Pipeline;
  readonly #connection: Connection;
  readonly #scope: TapScope;
  /** What was sent over HTTP: SDK v1 sends the same message once more when it has got a fresh token. */
  readonly #sent: WeakSet<object> | undefined;

  constructor(pipeline: Pipeline, connection: Connection, scope: TapScope) {
    this.#pipeline = pipeline;
    this.#connection = connection;
    this.#scope = scope;
    this.#sent = connection.kind.name === 'http' ? new WeakSet() : undefined;
  }

  /** Puts the tap onto a transport. */
  install(transport: object): Undo[] {
    const tap = this;
    return [
      replaceMethod(
        transport,
        'send',
        (send) =>
          function (this: unknown, message: unknown, options?: unknown) {
            return tap.#send(send, this, message, options);
          },
      ),
      wrapAssigned(
        transport,
        'onmessage',
        (onmessage) =>
          function (this: unknown, message: unknown, extra?: unknown) {
            return tap.#deliver(onmessage, this, message, extra);
          },
      ),
    ];
  }

  #kindOf(message: unknown): MessageKind {
    try {
      const kind = classify(message);
      if (this.#scope === 'all' || kind === 'response' || kind === 'invalid') return kind;
      const listens =
        kind === 'request'
          ? methodRow((message as RequestMessage).method, kind).stream
          : this.#operationNamedBy(message as NotificationMessage, 'requestId', false);
      return listens ? kind : 'invalid';
    } catch (error) {
      reportFailure('classifying a message', error);
      return 'invalid';
    }
  }

  // ---- outbound

  #send(send: AnyFunction, self: unknown, message: unknown, options: unknown): unknown {
    if (!this.#pipeline.enabled || message === sending) return send.call(self, message, options);
    if (this.#sent?.has(message as object)) return passOut(undefined, send, self, message, options);
    switch (this.#kindOf(message)) {
      case 'request':
        return this.#sendRequest(send, self, message as RequestMessage, options);
      case 'response':
        return this.#sendAnswer(send, self, message as ResponseMessage, options);
      case 'notification':
        return this.#sendNotification(send, self, message as NotificationMessage, options);
      case 'invalid':
        return send.call(self, message, options);
    }
  }

  #sendRequest(send: AnyFunction, self: unknown, message: RequestMessage, options: unknown): unknown {
    const frame = takeFrame();
    const queued = this.#connection.find(true, message.id);
    if (queued?.queued) {
      // A task's request leaves long after it was made: it has its span and its context already.
      queued.queued = false;
      return passOut(undefined, send, self, message, options);
    }
    const outbound = this.#pipeline.send(this.#connection, message, 'request');
    if (outbound === undefined) return passOut(undefined, send, self, message, options);
    this.#sent?.add(outbound.message);
    const { operation } = outbound;
    if (frame !== undefined && frame.stream === undefined) {
      frame.operation = operation;
      operation.awaited = true;
      return passOut(operation.context, send, self, outbound.message, options);
    }
    this.#giveUpProbes(operation);
    const watched = this.#watchStream(operation, options, frame?.stream);
    const sent = passOut(operation.context, send, self, outbound.message, watched);
    if (isThenable(sent)) sent.then(undefined, (error: unknown) => this.#endRejected(operation, error));
    return sent;
  }

  #sendNotification(send: AnyFunction, self: unknown, message: NotificationMessage, options: unknown): unknown {
    const outbound = this.#pipeline.send(this.#connection, message, 'notification');
    if (outbound === undefined) return passOut(undefined, send, self, message, options);
    this.#sent?.add(outbound.message);
    const sent = passOut(outbound.operation.context, send, self, outbound.message, options);
    this.#endWhenSent(outbound.operation, sent);
    const cancelled = this.#operationNamedBy(message, 'requestId', true);
    // A request that is awaited learns of its cancellation from the caller's promise.
    if (cancelled !== undefined && !cancelled.awaited) {
      this.#pipeline.end(cancelled, cancelled.acknowledged ? SUCCESS : CANCELLED);
    }
    return sent;
  }

  #sendAnswer(send: AnyFunction, self: unknown, message: ResponseMessage, options: unknown): unknown {
    const operation = this.#pipeline.answer(this.#connection, message, true);
    const sent = passOut(undefined, send, self, message, options);
    if (operation !== undefined) this.#endWhenSent(operation, sent);
    return sent;
  }

  #endWhenSent(operation: Operation, sent: unknown): void {
    const end = () => this.#pipeline.end(operation, operation.answer ?? SUCCESS);
    if (isThenable(sent)) sent.then(end, (error: unknown) => this.#endRejected(operation, error));
    else end();
  }

  #endRejected(operation: Operation, error: unknown): void {
    // A client that has stopped waiting for its era probe closes the connection, and with it the probe.
    if (this.#connection.connecting && asRecord(error)?.['name'] === 'AbortError') return;
    const rejection = { error, signal: undefined, answered: false, connected: true };
    this.#pipeline.end(operation, outcomeOfRejection(rejection));
  }

  /** A client that starts the legacy handshake has stopped waiting for the answer to its era probe. */
  #giveUpProbes(started: Operation): void {
    if (started.row.result !== 'session') return;
    for (const operation of this.#connection.openRequests()) {
      if (operation.sent && operation !== started && !operation.awaited) this.#pipeline.end(operation, TIMED_OUT);
    }
  }

  /** A request that no promise of the protocol waits for: its stream's own signals tell how it ends. */
  #watchStream(operation: Operation, options: unknown, stream: Frame['stream']): unknown {
    const { requestSignal, onRequestStreamEnd } = (asRecord(options) ?? {}) as {
      requestSignal?: unknown;
      onRequestStreamEnd?: unknown;
    };
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

  // ---- inbound

  #deliver(onmessage: AnyFunction, self: unknown, message: unknown, extra: unknown): unknown {
    if (!this.#pipeline.enabled || message === delivering) return onmessage.call(self, message, extra);
    switch (this.#kindOf(message)) {
      case 'request':
        return this.#deliverRequest(onmessage, self, message as RequestMessage, extra);
      case 'response':
        return this.#deliverAnswer(onmessage, self, message as ResponseMessage, extra);
      case 'notification':
        return this.#deliverNotification(onmessage, self, message as NotificationMessage, extra);
      case 'invalid':
        return onmessage.call(self, message, extra);
    }
  }

  #deliverRequest(onmessage: AnyFunction, self: unknown, message: RequestMessage, extra: unknown): unknown {
    const operation = this.#pipeline.receive(this.#connection, message, 'request', this.#peer(extra));
    if (operation !== undefined) operation.peerSignal = (extra as MessageExtra | undefined)?.request?.signal;
    return passIn(operation?.context, onmessage, self, message, extra);
  }

  #deliverAnswer(onmessage: AnyFunction, self: unknown, message: ResponseMessage, extra: unknown): unknown {
    const operation = this.#pipeline.answer(this.#connection, message, false);
    if (operation === undefined) return passIn(undefined, onmessage, self, message, extra);
    const { answer = SUCCESS } = operation;
    const asksForInput = answer.resultType === 'input_required';
    // The caller's promise may still reject a result; errors and requests for input are final.
    if (!operation.awaited || answer.statusCode !== undefined || asksForInput) this.#pipeline.end(operation, answer);
    // Callbacks of the caller run where the caller was; without this, on stdio, where the connection was made.
    const target = asksForInput ? continuationContext(operation) : operation.callerContext;
    return passIn(target, onmessage, self, message, extra);
  }

  #deliverNotification(onmessage: AnyFunction, self: unknown, message: NotificationMessage, extra: unknown): unknown {
    const reportedOn = this.#operationNamedBy(message, 'progressToken', true);
    const stream = this.#streamOf(message);
    const related = reportedOn ?? stream;
    const operation = this.#pipeline.receive(this.#connection, message, 'notification', this.#peer(extra), related);
    if (operation === undefined) return passIn(undefined, onmessage, self, message, extra);
    const watch = watchHandler(operation, this.#pipeline);
    const target = reportedOn === undefined ? operation.context : reportedOn.callerContext;
    const result = passIn(target, onmessage, self, message, extra);
    if (!stopWatching(watch)) this.#pipeline.end(operation, SUCCESS);
    this.#applyNotification(message);
    // The first thing on a stream is that it is open.
    if (stream !== undefined) stream.acknowledged = true;
    return result;
  }

  /** What a peer's notification says about requests that are open. */
  #applyNotification(message: NotificationMessage): void {
    const cancelled = this.#operationNamedBy(message, 'requestId', false);
    if (cancelled !== undefined) this.#pipeline.end(cancelled, CANCELLED_BY_PEER);
    // A server cancels nothing of a client's but a listen stream, which it ends that way.
    const ended = this.#operationNamedBy(message, 'requestId', true);
    if (ended?.row.stream) this.#pipeline.end(ended, ended.acknowledged ? SUCCESS : CONNECTION_CLOSED);
  }

  /** The listen stream that a notification came on. */
  #streamOf({ params }: NotificationMessage): Operation | undefined {
    try {
      const subscription = subscriptionIdOf(metaOf(params));
      const stream = subscription === undefined ? undefined : this.#connection.find(true, subscription);
      return stream?.row.stream ? stream : undefined;
    } catch (error) {
      reportFailure('reading a notification', error);
      return undefined;
    }
  }

  /** The open request that a notification's params name. */
  #operationNamedBy(
    message: NotificationMessage,
    reference: 'requestId' | 'progressToken',
    sent: boolean,
  ): Operation | undefined {
    try {
      if (methodRow(message.method, 'notification').refersTo !== reference) return undefined;
      const id = asRecord(message.params)?.[reference];
      return typeof id === 'string' || typeof id === 'number' ? this.#connection.find(sent, id) : undefined;
    } catch (error) {
      reportFailure('reading a notification', error);
      return undefined;
    }
  }

  /** The HTTP side of an inbound message. */
  #peer(extra: unknown): Peer | undefined {
    const connection = this.#connection;
    if (connection.kind.name !== 'http' || connection.role === 'client') return undefined;
    try {
      connection.protocolVersion ??= protocolVersionHeader(extra);
      return currentHttpPeer(this.#pipeline.config.trustProxy);
    } catch (error) {
      reportFailure('reading an HTTP request', error);
      return undefined;
    }
  }
}

/** What a stateless server knows of the version a legacy client has negotiated elsewhere. */
function protocolVersionHeader(extra: unknown): string | undefined {
  const { request, requestInfo } = (extra ?? {}) as MessageExtra;
  return asString(request?.headers?.get?.(PROTOCOL_VERSION_HEADER) ?? requestInfo?.headers?.[PROTOCOL_VERSION_HEADER]);
}

function passOut(target: Context | undefined, send: AnyFunction, self: unknown, message: unknown, options: unknown) {
  const outer = sending;
  sending = message;
  const sent = runIn(target, send, self, message, options);
  sending = outer;
  return sent;
}

function passIn(target: Context | undefined, onmessage: AnyFunction, self: unknown, message: unknown, extra: unknown) {
  const outer = delivering;
  delivering = message;
  const result = runIn(target, onmessage, self, message, extra);
  delivering = outer;
  return result;
}

function runIn(target: Context | undefined, fn: AnyFunction, self: unknown, first: unknown, second: unknown): unknown {
  if (target === undefined || target === context.active()) return fn.call(self, first, second);
  return context.with(target, callWith, undefined, fn, self, first, second);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}
