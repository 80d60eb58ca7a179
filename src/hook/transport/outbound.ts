/** The tap on what a transport sends: starts operations of ours, ends those of the peer with their answers. */
import type { Context } from '@opentelemetry/api';
import { CANCELLED, CONNECTION_CLOSED, outcomeOfRejection, SEND_FAILED, TIMED_OUT } from '../../describe/outcome.js';
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
import { callIn, ifThrown, isThenable } from '../application-call.js';
import type { AnyFunction } from '../replace-methods.js';
import { type Frame, takeFrame } from './frame.js';
import { requestNamedBy } from './related-request.js';

// The message being sent at this moment: of layered transports each shows the same one, one inside the other. After a
// call that threw it stays set, which does no harm: nobody sends the same object again, and if, it passes unobserved.
let sending: unknown;

export class TapOut {
  readonly #pipeline: Pipeline;
  readonly #connection: Connection;
  /** What was sent over HTTP: SDK v1 sends the same message once more when it has got a fresh token. */
  readonly #sent: WeakSet<object> | undefined;

  constructor(pipeline: Pipeline, connection: Connection) {
    this.#pipeline = pipeline;
    this.#connection = connection;
    this.#sent = connection.kind.name === 'http' ? new WeakSet() : undefined;
  }

  /** Whether a message is on its way already, seen by the tap of an outer layer or by this one. */
  isPassing(message: unknown): boolean {
    return message === sending || this.#sent?.has(message as object) === true;
  }

  send(kind: MessageKind, send: AnyFunction, self: unknown, message: unknown, options: unknown): unknown {
    switch (kind) {
      case 'request':
        return this.#request(send, self, message as RequestMessage, options);
      case 'response':
        return this.#answer(send, self, message as ResponseMessage, options);
      case 'notification':
        return this.#notification(send, self, message as NotificationMessage, options);
      case 'invalid':
        return send.call(self, message, options);
    }
  }

  #request(send: AnyFunction, self: unknown, message: RequestMessage, options: unknown): unknown {
    const frame = takeFrame(this.#connection, message.id);
    const queued = this.#connection.find(true, message.id);
    if (queued?.queued) {
      // A task's request leaves long after it was made: it has its span and its context already.
      queued.queued = false;
      return passOn(undefined, send, self, message, options);
    }
    const outbound = this.#pipeline.send(this.#connection, message, 'request');
    if (outbound === undefined) return passOn(undefined, send, self, message, options);
    this.#sent?.add(outbound.message);
    const { operation } = outbound;
    if (frame !== undefined && frame.stream === undefined) {
      // How it ends, a transport that throws included, shows in the caller's promise.
      frame.operation = operation;
      operation.awaited = true;
      return passOn(operation.context, send, self, outbound.message, options);
    }
    this.#giveUpProbes(operation);
    const watched = this.#watchStream(operation, options, frame?.stream);
    const sent = this.#passOnEnding(operation, operation.context, send, self, outbound.message, watched);
    if (isThenable(sent)) sent.then(undefined, (error: unknown) => this.#endRejected(operation, error));
    return sent;
  }

  #notification(send: AnyFunction, self: unknown, message: NotificationMessage, options: unknown): unknown {
    const outbound = this.#pipeline.send(this.#connection, message, 'notification');
    if (outbound === undefined) return passOn(undefined, send, self, message, options);
    this.#sent?.add(outbound.message);
    const { operation } = outbound;
    this.#pipeline.conclude(operation, SUCCESS);
    const sent = this.#passOnEnding(operation, operation.context, send, self, outbound.message, options);
    this.#endWhenSent(operation, sent);
    const cancelled = requestNamedBy(this.#connection, message, 'requestId', true);
    // A request that is awaited learns of its cancellation from the caller's promise.
    if (cancelled !== undefined && !cancelled.awaited) {
      this.#pipeline.end(cancelled, cancelled.acknowledged ? SUCCESS : CANCELLED);
    }
    return sent;
  }

  #answer(send: AnyFunction, self: unknown, message: ResponseMessage, options: unknown): unknown {
    const operation = this.#pipeline.answer(this.#connection, message, true);
    if (operation === undefined) return passOn(undefined, send, self, message, options);
    const sent = this.#passOnEnding(operation, undefined, send, self, message, options);
    this.#endWhenSent(operation, sent);
    return sent;
  }

  /** Sends the message that an operation ends with: also if the transport throws, instead of rejecting. */
  #passOnEnding(
    operation: Operation,
    target: Context | undefined,
    send: AnyFunction,
    self: unknown,
    message: unknown,
    options: unknown,
  ): unknown {
    const call = { returned: false };
    ifThrown(call, () => this.#pipeline.end(operation, SEND_FAILED));
    const sent = passOn(target, send, self, message, options);
    call.returned = true;
    return sent;
  }

  #endWhenSent(operation: Operation, sent: unknown): void {
    const end = () => this.#pipeline.end(operation, operation.answer ?? SUCCESS);
    if (isThenable(sent)) sent.then(end, (error: unknown) => this.#endRejected(operation, error));
    else end();
  }

  #endRejected(operation: Operation, error: unknown): void {
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

function passOn(target: Context | undefined, send: AnyFunction, self: unknown, message: unknown, options: unknown) {
  const outer = sending;
  sending = message;
  const sent = callIn(target, send, self, message, options);
  sending = outer;
  return sent;
}

interface StreamOptions {
  readonly requestSignal?: unknown;
  readonly onRequestStreamEnd?: unknown;
}

/** The options of a stream. Reading them runs code of the sender's, where they are getters. */
function streamOptions(options: unknown): StreamOptions {
  try {
    const { requestSignal, onRequestStreamEnd } = (asRecord(options) ?? {}) as StreamOptions;
    return { requestSignal, onRequestStreamEnd };
  } catch {
    return {};
  }
}
