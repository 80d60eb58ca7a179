/**
 * What the SDKs have on the call stack at this moment, for hooks that see different parts of one call.
 *
 * Both SDK lines send and deliver synchronously: `transport.send` runs inside the function that makes a request's
 * promise, and a notification's handler is looked up inside `onmessage`. So plain variables are enough, and one object for
 * the process holds them all, because transports of different pipelines can wrap each other:
 *
 * | state | set while | read by |
 * | --- | --- | --- |
 * | message being sent, message being delivered | the application's `send` or `onmessage` runs | an inner transport, which lets the message pass unobserved |
 * | request call | a function that sends a request runs | the transport, which ties the request to the caller's promise |
 * | notification | a notification is delivered | the map of handlers, which ties the handler to the operation |
 *
 * No `try` surrounds the application's functions. When one throws, its state stays until the next call replaces it. That
 * is harmless: the state names one message object or one call, and no later message matches it.
 */
import type { Context } from '@opentelemetry/api';
import type { Pipeline } from '../../emit/pipeline.js';
import type { RequestId } from '../../protocol/jsonrpc.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { type ApplicationCall, callIn } from '../application-call.js';

/** One call of a function that sends a request. */
export interface RequestCall {
  /** Set when the request is sent, and cleared when the operation has ended. */
  operation: Operation | undefined;
  /** The connection the request will take, if known. */
  readonly connection?: Connection;
  /** Set if the call opens a stream: its promise covers only the start of the stream. */
  readonly stream?: { readonly signal: unknown };
}

/** A notification that is being delivered. */
export interface NotificationDelivery {
  readonly operation: Operation;
  readonly pipeline: Pipeline;
  /** Whether a handler was found, which then ends the operation. */
  handled: boolean;
}

class DeliveryStack {
  #sending: unknown;
  #delivering: unknown;
  #requestCall: RequestCall | undefined;
  #requestsSent = 0;
  #notification: NotificationDelivery | undefined;

  /** Whether an outer transport is sending this message. */
  isSending(message: unknown): boolean {
    return message === this.#sending;
  }

  /** Whether an outer transport is delivering this message. */
  isDelivering(message: unknown): boolean {
    return message === this.#delivering;
  }

  /** Calls the application's `send`. */
  readonly send = (target: Context | undefined, call: ApplicationCall): unknown => {
    const outer = this.#sending;
    this.#sending = call.first;
    const sent = callIn(target, call);
    this.#sending = outer;
    return sent;
  };

  /** Calls the application's `onmessage`. */
  readonly deliver = (target: Context | undefined, call: ApplicationCall): unknown => {
    const outer = this.#delivering;
    this.#delivering = call.first;
    const result = callIn(target, call);
    this.#delivering = outer;
    return result;
  };

  /** Returns the outer request call, for {@link leaveRequestCall}. */
  enterRequestCall(call: RequestCall): RequestCall | undefined {
    const outer = this.#requestCall;
    this.#requestCall = call;
    return outer;
  }

  leaveRequestCall(outer: RequestCall | undefined): void {
    this.#requestCall = outer;
  }

  /** How many requests this process has sent: shows whether a call has sent one. */
  get requestsSent(): number {
    return this.#requestsSent;
  }

  /** The call that sends this request. Only its first request gets it: later ones are not the caller's. */
  takeRequestCall(connection: Connection, id: RequestId): RequestCall | undefined {
    this.#requestsSent += 1;
    const call = this.#requestCall;
    if (call === undefined || (call.connection !== undefined && call.connection !== connection)) return undefined;
    // Requests that no caller waits for, such as era probes, have words for ids.
    if (call.stream === undefined && typeof id === 'string') return undefined;
    this.#requestCall = undefined;
    return call;
  }

  /** The notification that is being delivered. */
  get notification(): NotificationDelivery | undefined {
    return this.#notification;
  }

  enterNotification(operation: Operation, pipeline: Pipeline): NotificationDelivery {
    this.#notification = { operation, pipeline, handled: false };
    return this.#notification;
  }

  leaveNotification(): void {
    this.#notification = undefined;
  }
}

export const deliveryStack: DeliveryStack = new DeliveryStack();
