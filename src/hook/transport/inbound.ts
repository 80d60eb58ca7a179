/** Messages that a transport delivers: requests and notifications start operations, answers end ours. */
import { CANCELLED_BY_PEER, CONNECTION_CLOSED } from '../../describe/error-type.js';
import { refusedAnswer } from '../../describe/refusals.js';
import { continuationContext, whileHandling } from '../../emit/parents.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { RequestHeaders } from '../../emit/propagation.js';
import type { Origin } from '../../emit/start-operation.js';
import {
  asRecord,
  asString,
  type MessageKind,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../../protocol/jsonrpc.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Operation } from '../../session/operation.js';
import { SUCCESS } from '../../session/outcome.js';
import type { Peer } from '../../session/peer.js';
import type { Refusal } from '../../session/refusal.js';
import { type ApplicationCall, ifThrown } from '../application-call.js';
import { authFactsOf } from '../http/audit-token-verifier.js';
import { currentHttpPeer } from '../http/current-request.js';
import { deliveryStack } from './delivery-stack.js';
import type { Order } from './order.js';
import { refusalOf, refuse } from './refuse.js';
import { requestNamedBy, streamOf } from './related-request.js';

/** The parts used of what the SDKs pass with a message: v1 has `requestInfo`, v2 the web request itself. */
interface MessageExtra {
  readonly authInfo?: unknown;
  readonly request?: {
    readonly signal?: AbortSignal;
    readonly headers?: { get?(name: string): unknown };
  };
  readonly requestInfo?: { readonly headers?: Record<string, unknown> };
}

/** The peer of a message without a known HTTP request. */
const NO_HTTP: Peer = { address: undefined, port: undefined, httpVersion: undefined };

const NOWHERE: Origin = Object.freeze({});

const PROTOCOL_VERSION_HEADER = 'mcp-protocol-version';

export class InboundMessages {
  readonly #pipeline: Pipeline;
  readonly #connection: Connection;

  readonly #order: Order;

  constructor(pipeline: Pipeline, connection: Connection, order: Order) {
    this.#pipeline = pipeline;
    this.#connection = connection;
    this.#order = order;
  }

  /** @param call `onmessage(message, extra)` */
  deliver(kind: MessageKind, call: ApplicationCall): unknown {
    if (this.#order.waiting === undefined || kind === 'request') return this.#deliver(kind, call);
    return this.#inTurn(undefined, () => this.#deliver(kind, call));
  }

  #deliver(kind: MessageKind, call: ApplicationCall): unknown {
    switch (kind) {
      case 'request':
        return this.#request(call);
      case 'response':
        return this.#answer(call);
      case 'notification':
        return this.#notification(call);
      case 'invalid':
        return call.fn.call(call.self, call.first, call.second);
    }
  }

  #request(call: ApplicationCall): unknown {
    const extra = call.second;
    const message = call.first as RequestMessage;
    const operation = this.#pipeline.receive(this.#connection, message, 'request', this.#origin(extra));
    const refusal = operation === undefined ? refusalOf(this.#pipeline, message) : operation.refusal;
    if (refusal !== undefined) return refuse(this.#connection, refusedAnswer(message.id, refusal));
    if (operation !== undefined) operation.peerSignal = (extra as MessageExtra | undefined)?.request?.signal;
    const { onDisk } = operation ?? {};
    if (onDisk === undefined && this.#order.waiting === undefined) return this.#handle(operation, call);
    if (operation !== undefined) operation.onDisk = undefined;
    const { closings } = this.#connection;
    return this.#inTurn(onDisk, (late) => {
      // The sender is gone, or the connection is.
      if (this.#connection.closings !== closings) return undefined;
      if (operation !== undefined) operation.refusal = late;
      if (late !== undefined) return refuse(this.#connection, refusedAnswer(message.id, late));
      return this.#handle(operation, call);
    });
  }

  /** The transport would handle what the application throws. */
  #inTurn(before: Promise<Refusal | undefined> | undefined, run: (refusal?: Refusal) => unknown): Promise<unknown> {
    const result = this.#order.pass(before, run);
    result.catch((error: unknown) =>
      (this.#connection.transport as { onerror?(error: unknown): void }).onerror?.(error),
    );
    return result;
  }

  #handle(operation: Operation | undefined, call: ApplicationCall): unknown {
    if (operation === undefined || !this.#pipeline.observed) {
      return deliveryStack.deliver(operation?.context, call);
    }
    return whileHandling(operation, deliveryStack.deliver, operation.context, call);
  }

  #answer(call: ApplicationCall): unknown {
    const operation = this.#pipeline.answer(this.#connection, call.first as ResponseMessage, 'inbound');
    if (operation === undefined) return deliveryStack.deliver(undefined, call);
    const { answer = SUCCESS } = operation;
    const asksForInput = answer.resultType === 'input_required';
    // The caller's promise may still reject a result; errors and requests for input are final.
    if (!operation.awaited || answer.statusCode !== undefined || asksForInput) this.#pipeline.end(operation, answer);
    // The caller's callbacks run in the caller's context. On stdio they would run in that of the connection.
    const target = asksForInput ? continuationContext(operation) : operation.callerContext;
    return deliveryStack.deliver(target, call);
  }

  #notification(call: ApplicationCall): unknown {
    const message = call.first as NotificationMessage;
    const connection = this.#connection;
    const reportedOn = requestNamedBy(connection, message, 'progressToken', 'outbound');
    const stream = streamOf(connection, message);
    const related = reportedOn ?? stream;
    const origin = this.#origin(call.second, related);
    const operation = this.#pipeline.receive(connection, message, 'notification', origin);
    if (operation === undefined) return deliveryStack.deliver(undefined, call);
    const delivery = deliveryStack.enterNotification(operation, this.#pipeline);
    const finish = () => {
      deliveryStack.leaveNotification();
      if (!delivery.handled) this.#pipeline.end(operation, SUCCESS);
    };
    const state = { returned: false };
    ifThrown(state, finish);
    const target = reportedOn === undefined ? operation.context : reportedOn.callerContext;
    const result = deliveryStack.deliver(target, call);
    state.returned = true;
    finish();
    this.#apply(message);
    // A stream's first notification acknowledges it.
    if (stream !== undefined) stream.acknowledged = true;
    return result;
  }

  /** Applies a peer's notification to the open requests it names. */
  #apply(message: NotificationMessage): void {
    const cancelled = requestNamedBy(this.#connection, message, 'requestId', 'inbound');
    if (cancelled !== undefined) this.#pipeline.end(cancelled, CANCELLED_BY_PEER);
    // The only request of a client that a server cancels is a listen stream, to end it.
    const ended = requestNamedBy(this.#connection, message, 'requestId', 'outbound');
    if (ended?.row.stream) this.#pipeline.end(ended, ended.acknowledged ? SUCCESS : CONNECTION_CLOSED);
  }

  /** The HTTP request that brought a message, from Node's HTTP server or from the SDK. */
  #origin(extra: unknown, related?: Operation): Origin {
    const connection = this.#connection;
    const overHttp = connection.kind.name === 'http';
    const hasRequest = overHttp || extra !== undefined;
    if (connection.role === 'client' || !hasRequest) return related === undefined ? NOWHERE : { related };
    try {
      if (overHttp) connection.protocolVersion ??= protocolVersionHeader(extra);
      const http = overHttp ? currentHttpPeer(this.#pipeline.config.trustProxy) : undefined;
      const headers = headersOf(extra) ?? http?.http?.headers();
      const auth = this.#pipeline.observed ? authFactsOf((extra as MessageExtra | undefined)?.authInfo) : undefined;
      const peer = auth === undefined ? http : { ...(http ?? NO_HTTP), auth };
      return peer === undefined && headers === undefined && related === undefined
        ? NOWHERE
        : { peer, headers, related };
    } catch (error) {
      reportFailure('reading an HTTP request', error);
      return { related };
    }
  }
}

/** The headers of the request as the SDK passes them: also without Node's HTTP server. */
function headersOf(extra: unknown): RequestHeaders | undefined {
  const { request, requestInfo } = (asRecord(extra) ?? {}) as MessageExtra;
  return (asRecord(request?.headers) ?? asRecord(requestInfo?.headers)) as RequestHeaders | undefined;
}

/** The protocol version of a legacy client that negotiated it with another instance of a stateless server. */
function protocolVersionHeader(extra: unknown): string | undefined {
  const { request, requestInfo } = (extra ?? {}) as MessageExtra;
  return asString(request?.headers?.get?.(PROTOCOL_VERSION_HEADER) ?? requestInfo?.headers?.[PROTOCOL_VERSION_HEADER]);
}
