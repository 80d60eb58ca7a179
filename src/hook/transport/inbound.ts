/** The tap on what a transport delivers: starts operations of the peer's, ends those of ours with their answers. */
import type { Context } from '@opentelemetry/api';
import { CANCELLED_BY_PEER, CONNECTION_CLOSED } from '../../describe/outcome.js';
import { continuationContext, whileHandling } from '../../emit/parents.js';
import type { Pipeline } from '../../emit/pipeline.js';
import type { RequestHeaders } from '../../emit/propagation.js';
import type { Origin } from '../../emit/starter.js';
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
import { callIn, ifThrown } from '../application-call.js';
import { authFactsOf } from '../http/audit-token-verifier.js';
import { currentHttpPeer } from '../http/current-request.js';
import type { AnyFunction } from '../replace-methods.js';
import { stopWatching, watchHandler } from '../sdk/notification-handlers.js';
import { requestNamedBy, streamOf } from './related-request.js';

/** The parts of the SDKs' extra message info that are used: v1 has `requestInfo`, v2 the web request itself. */
interface MessageExtra {
  readonly authInfo?: unknown;
  readonly request?: { readonly signal?: AbortSignal; readonly headers?: { get?(name: string): unknown } };
  readonly requestInfo?: { readonly headers?: Record<string, unknown> };
}

/** Of a message that came by other means, or by an HTTP server that tells nothing. */
const NO_HTTP: Peer = { address: undefined, port: undefined, httpVersion: undefined };

const NOWHERE: Origin = Object.freeze({});

const PROTOCOL_VERSION_HEADER = 'mcp-protocol-version';

// The message being delivered at this moment, as in `tap-out.ts`.
let delivering: unknown;

export class TapIn {
  readonly #pipeline: Pipeline;
  readonly #connection: Connection;

  constructor(pipeline: Pipeline, connection: Connection) {
    this.#pipeline = pipeline;
    this.#connection = connection;
  }

  /** Whether a message is being delivered already, seen by the tap of an outer layer. */
  isPassing(message: unknown): boolean {
    return message === delivering;
  }

  deliver(kind: MessageKind, onmessage: AnyFunction, self: unknown, message: unknown, extra: unknown): unknown {
    switch (kind) {
      case 'request':
        return this.#request(onmessage, self, message as RequestMessage, extra);
      case 'response':
        return this.#answer(onmessage, self, message as ResponseMessage, extra);
      case 'notification':
        return this.#notification(onmessage, self, message as NotificationMessage, extra);
      case 'invalid':
        return onmessage.call(self, message, extra);
    }
  }

  #request(onmessage: AnyFunction, self: unknown, message: RequestMessage, extra: unknown): unknown {
    const operation = this.#pipeline.receive(this.#connection, message, 'request', this.#origin(extra));
    if (operation !== undefined) operation.peerSignal = (extra as MessageExtra | undefined)?.request?.signal;
    if (operation === undefined || !this.#pipeline.observed) {
      return passOn(operation?.context, onmessage, self, message, extra);
    }
    return whileHandling(operation, passOn, operation.context, onmessage, self, message, extra);
  }

  #answer(onmessage: AnyFunction, self: unknown, message: ResponseMessage, extra: unknown): unknown {
    const operation = this.#pipeline.answer(this.#connection, message, false);
    if (operation === undefined) return passOn(undefined, onmessage, self, message, extra);
    const { answer = SUCCESS } = operation;
    const asksForInput = answer.resultType === 'input_required';
    // The caller's promise may still reject a result; errors and requests for input are final.
    if (!operation.awaited || answer.statusCode !== undefined || asksForInput) this.#pipeline.end(operation, answer);
    // Callbacks of the caller run where the caller was; without this, on stdio, where the connection was made.
    const target = asksForInput ? continuationContext(operation) : operation.callerContext;
    return passOn(target, onmessage, self, message, extra);
  }

  #notification(onmessage: AnyFunction, self: unknown, message: NotificationMessage, extra: unknown): unknown {
    const connection = this.#connection;
    const reportedOn = requestNamedBy(connection, message, 'progressToken', true);
    const stream = streamOf(connection, message);
    const related = reportedOn ?? stream;
    const origin = this.#origin(extra, related);
    const operation = this.#pipeline.receive(connection, message, 'notification', origin);
    if (operation === undefined) return passOn(undefined, onmessage, self, message, extra);
    const watch = watchHandler(operation, this.#pipeline);
    const finish = () => {
      if (!stopWatching(watch)) this.#pipeline.end(operation, SUCCESS);
    };
    const call = { returned: false };
    ifThrown(call, finish);
    const target = reportedOn === undefined ? operation.context : reportedOn.callerContext;
    const result = passOn(target, onmessage, self, message, extra);
    call.returned = true;
    finish();
    this.#apply(message);
    // The first thing on a stream is that it is open.
    if (stream !== undefined) stream.acknowledged = true;
    return result;
  }

  /** What a peer's notification says about requests that are open. */
  #apply(message: NotificationMessage): void {
    const cancelled = requestNamedBy(this.#connection, message, 'requestId', false);
    if (cancelled !== undefined) this.#pipeline.end(cancelled, CANCELLED_BY_PEER);
    // A server cancels nothing of a client's but a listen stream, which it ends that way.
    const ended = requestNamedBy(this.#connection, message, 'requestId', true);
    if (ended?.row.stream) this.#pipeline.end(ended, ended.acknowledged ? SUCCESS : CONNECTION_CLOSED);
  }

  /** What an inbound message came with: an HTTP request, as its server tells or as the SDK does. */
  #origin(extra: unknown, related?: Operation): Origin {
    const connection = this.#connection;
    const overHttp = connection.kind.name === 'http';
    const tells = overHttp || extra !== undefined;
    if (connection.role === 'client' || !tells) return related === undefined ? NOWHERE : { related };
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

/** The headers of the request, as the SDK hands them on: also where no server of Node's is at work. */
function headersOf(extra: unknown): RequestHeaders | undefined {
  const { request, requestInfo } = (asRecord(extra) ?? {}) as MessageExtra;
  return (asRecord(request?.headers) ?? asRecord(requestInfo?.headers)) as RequestHeaders | undefined;
}

/** What a stateless server knows of the version a legacy client has negotiated elsewhere. */
function protocolVersionHeader(extra: unknown): string | undefined {
  const { request, requestInfo } = (extra ?? {}) as MessageExtra;
  return asString(request?.headers?.get?.(PROTOCOL_VERSION_HEADER) ?? requestInfo?.headers?.[PROTOCOL_VERSION_HEADER]);
}

function passOn(target: Context | undefined, onmessage: AnyFunction, self: unknown, message: unknown, extra: unknown) {
  const outer = delivering;
  delivering = message;
  const result = callIn(target, onmessage, self, message, extra);
  delivering = outer;
  return result;
}
