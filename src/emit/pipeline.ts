/**
 * From messages to telemetry: describe → redact → emit. The hooks call nothing else. Every public method is guarded:
 * a failure in here loses the telemetry of one message and never reaches the application.
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { ResolvedConfig } from '../config.js';
import { CONNECTION_CLOSED, EVICTED, outcomeOfAnswer } from '../describe/outcome.js';
import { asRecord, asString, type RequestId, type ResponseMessage } from '../protocol/jsonrpc.js';
import { metaOf, withMeta } from '../protocol/meta.js';
import { type MethodRow, methodRow } from '../protocol/methods.js';
import { ATTR_MCP_PROTOCOL_VERSION } from '../semconv/attributes.js';
import { MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED } from '../semconv/values.js';
import type { Connection } from '../session/connection.js';
import { OpenOperations } from '../session/open-operations.js';
import { Operation, type OperationInit } from '../session/operation.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';
import { isLaterRound, type Round, Rounds, roundOf } from '../session/rounds.js';
import type { McpOperationInfo } from '../types.js';
import { callHook } from '../util/call-hook.js';
import { reportFailure } from '../util/report.js';
import { Describer, type Peer } from './describer.js';
import { Measurements } from './measurements.js';
import { continuedIn, executeToolSpan, handledIn, type InboundParent, inboundParent, withHandling } from './parents.js';
import { compareContext, extract, inject } from './propagation.js';
import { Providers } from './providers.js';

/** A message with a method. */
interface Call {
  readonly method: string;
  readonly id?: RequestId;
  readonly params?: unknown;
}

/** A started outbound operation, and the message to send in place of the application's. */
export interface Outbound<M> {
  readonly operation: Operation;
  readonly message: M;
}

type Kind = 'request' | 'notification';

export class Pipeline {
  readonly config: ResolvedConfig;
  readonly #providers: Providers;
  readonly #describer: Describer;
  readonly #measurements: Measurements;
  readonly #open: OpenOperations;
  readonly #rounds = new Rounds();
  readonly #now: () => number;
  enabled: boolean;

  constructor(config: ResolvedConfig, providers = new Providers(), now: () => number = () => performance.now()) {
    this.config = config;
    this.enabled = config.enabled;
    this.#providers = providers;
    this.#describer = new Describer(config);
    this.#measurements = new Measurements(config, providers);
    this.#open = new OpenOperations(config.maxPendingOperations);
    this.#now = now;
  }

  /** How many operations are open: for tests of the bound. */
  get openOperations(): number {
    return this.#open.size;
  }

  /** A message is about to be sent: starts its span and returns the message that carries its context. */
  send<M extends Call>(connection: Connection, message: M, kind: Kind): Outbound<M> | undefined {
    try {
      return this.#send(connection, message, kind);
    } catch (error) {
      reportFailure('starting a client span', error);
      return undefined;
    }
  }

  /**
   * A message has arrived: starts its span. The caller runs the handler in the operation's context.
   * @param related an open request that the message is about: it becomes the parent
   */
  receive(
    connection: Connection,
    message: Call,
    kind: Kind,
    peer: Peer | undefined,
    related?: Operation,
  ): Operation | undefined {
    try {
      return this.#receive(connection, message, kind, peer, related);
    } catch (error) {
      reportFailure('starting a server span', error);
      return undefined;
    }
  }

  /** An `input_required` result asks the client for something: the embedded request, handled in this process. */
  receiveEmbedded(connection: Connection, request: unknown): Operation | undefined {
    try {
      const { method, params } = (asRecord(request) ?? {}) as Partial<Call>;
      const continued = continuedIn(context.active());
      if (typeof method !== 'string' || continued === undefined) return undefined;
      return this.#receive(connection, { method, params }, 'request', undefined, continued);
    } catch (error) {
      reportFailure('starting a server span', error);
      return undefined;
    }
  }

  /** The answer to an open request, on its way in either direction. Takes the request off the books. */
  answer(connection: Connection, message: ResponseMessage, outbound: boolean): Operation | undefined {
    try {
      const operation = connection.find(!outbound, message.id);
      if (operation === undefined) return undefined;
      connection.remove(operation);
      operation.answer = outcomeOfAnswer(message, operation.row, operation.sent);
      this.#readResult(operation, message);
      return operation;
    } catch (error) {
      reportFailure('reading an answer', error);
      return undefined;
    }
  }

  /** Ends an operation. The first call counts. */
  end(operation: Operation, outcome: Outcome): void {
    if (!operation.open) return;
    operation.open = false;
    this.#open.delete(operation);
    operation.connection.remove(operation);
    try {
      this.#endSpan(operation, outcome);
    } catch (error) {
      reportFailure('ending a span', error);
    }
    try {
      this.#measurements.operation(operation, outcome, this.#now() - operation.startedAt);
    } catch (error) {
      reportFailure('recording a duration', error);
    }
  }

  /** The connection is gone: ends what is open on it, and its session. */
  closed(connection: Connection, outcomeOf: (operation: Operation) => Outcome = () => CONNECTION_CLOSED): void {
    try {
      const open = connection.openRequests();
      // A caller that waits learns from its own promise, which tells a timeout from a close.
      for (const operation of open) if (!operation.awaited) this.end(operation, outcomeOf(operation));
      this.#endSession(connection, open.length > 0 ? CONNECTION_CLOSED : SUCCESS);
    } catch (error) {
      reportFailure('ending a session', error);
    }
  }

  /** Ends everything: the instrumentation is being disabled. */
  shutdown(): void {
    this.enabled = false;
    for (const operation of this.#open.values()) this.end(operation, CONNECTION_CLOSED);
  }

  #send<M extends Call>(connection: Connection, message: M, kind: Kind): Outbound<M> {
    const { method, params, id } = message;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    const active = context.active();
    const callerContext = this.#cancelledRequest(connection, row, params)?.callerContext ?? active;
    // A trace context that the application chose stays as it is. One that it only forwarded would skip our span.
    const present = meta === undefined ? 'absent' : compareContext(meta, handledIn(active)?.inboundMeta);
    const parent = meta !== undefined && present === 'different' ? extract(callerContext, meta) : callerContext;

    const previous = this.#previousRound(active, method, params);
    const template = this.#describer.template(connection, true, row, method, params, meta);
    const attributes = this.#describer.startAttributes({ template, row, id, params, previous, peer: undefined });
    const reused = this.config.reuseExecuteToolSpan ? executeToolSpan(active, row, params) : undefined;
    reused?.setAttributes(attributes);
    const span = reused ?? this.#startSpan({ template, attributes, parent, links: roundLinks(previous) });
    const operation = this.#begin({
      sent: true,
      connection,
      method,
      row,
      id,
      template,
      startedAt: this.#now(),
      span,
      ownsSpan: reused === undefined,
      context: trace.setSpan(parent, span),
      callerContext,
      previous,
    });

    if (present === 'different' || row.inject === false || !this.#mayInject(method)) return { operation, message };
    const entries = inject(operation.context);
    if (entries === undefined) return { operation, message };
    // Baggage that the application wrote itself stays as it is; what it forwarded is replaced as a whole.
    if (present === 'absent' && meta?.['baggage'] !== undefined) delete entries['baggage'];
    return { operation, message: withMeta(message, entries) ?? message };
  }

  #receive(
    connection: Connection,
    { method, params, id }: Call,
    kind: Kind,
    peer: Peer | undefined,
    related: Operation | undefined,
  ): Operation {
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    if (peer?.httpVersion !== undefined) connection.httpVersion = peer.httpVersion;
    const active = context.active();
    const previous = this.#rounds.continuedBy(method, params);
    const parent: InboundParent =
      related === undefined
        ? inboundParent(connection, active, meta, this.config.trustIncomingContext)
        : { context: related.context, links: [] };
    const template = this.#describer.template(connection, false, row, method, params, meta);
    const attributes = this.#describer.startAttributes({ template, row, id, params, previous, peer });
    const links = previous === undefined ? parent.links : [...parent.links, ...roundLinks(previous)];
    const span = this.#startSpan({ template, attributes, parent: parent.context, links });
    const operation = this.#begin({
      sent: false,
      connection,
      method,
      row,
      id,
      template,
      startedAt: this.#now(),
      span,
      ownsSpan: true,
      context: trace.setSpan(parent.context, span),
      callerContext: active,
      previous,
    });
    operation.inboundMeta = meta;
    operation.context = withHandling(operation.context, operation);
    return operation;
  }

  #startSpan(start: {
    readonly template: Operation['template'];
    readonly attributes: Attributes;
    readonly parent: Context;
    readonly links: readonly Link[];
  }): Span {
    const { template, attributes, parent, links } = start;
    const name = this.#describer.spanName(template, attributes);
    const options = { kind: template.spanKind, attributes, links: links as Link[] };
    return this.#providers.tracer.startSpan(name, options, parent);
  }

  #begin(init: OperationInit & { readonly previous: Round | undefined }): Operation {
    const operation = new Operation(init);
    if (init.previous !== undefined) {
      operation.round = init.previous.number + 1;
      operation.firstRound = init.previous.first;
    }
    const replaced = operation.connection.add(operation);
    if (replaced !== undefined) this.#evict(replaced);
    const oldest = this.#open.add(operation);
    if (oldest !== undefined) this.#evict(oldest);
    this.#callHook('requestHook', operation, SUCCESS);
    return operation;
  }

  #evict(operation: Operation): void {
    this.end(operation, EVICTED);
    this.#measurements.evicted();
  }

  /** The open request that a cancellation of ours names. */
  #cancelledRequest(connection: Connection, row: MethodRow, params: unknown): Operation | undefined {
    if (row.refersTo !== 'requestId') return undefined;
    const id = asRecord(params)?.['requestId'];
    return typeof id === 'string' || typeof id === 'number' ? connection.find(true, id) : undefined;
  }

  /** The round that a request of ours continues: told by where it is made, else by the state it hands back. */
  #previousRound(active: Context, method: string, params: unknown): Round | undefined {
    if (!isLaterRound(params)) return undefined;
    const continued = continuedIn(active);
    return continued?.method === method ? roundOf(continued) : this.#rounds.continuedBy(method, params);
  }

  #mayInject(method: string): boolean {
    const { propagateContext } = this.config;
    return propagateContext === undefined || callHook('the propagateContext hook', propagateContext, method) !== false;
  }

  /** What a result tells about the connection, and content of it that was asked for. */
  #readResult(operation: Operation, { result }: ResponseMessage): void {
    const { row, span, answer } = operation;
    const record = asRecord(result);
    if (record === undefined) return;
    if (answer?.resultType === MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED) this.#rounds.remember(operation, record);
    if (row.result === 'session') this.#startSession(operation, record);
    else if (row.result !== undefined) {
      this.#measurements.learnListed(row, record, (field, name) => this.#describer.name(field, name));
    }
    if (row.content === undefined || !span.isRecording()) return;
    const attributes = this.#describer.resultAttributes(row, record);
    if (attributes !== undefined) span.setAttributes(attributes);
  }

  #startSession(operation: Operation, result: Record<string, unknown>): void {
    const { connection, sent, row, method, span } = operation;
    const version = asString(result['protocolVersion']);
    if (version === undefined) return;
    connection.protocolVersion = version;
    connection.sessionStartedAt ??= this.#now();
    span.setAttribute(ATTR_MCP_PROTOCOL_VERSION, this.#describer.name(ATTR_MCP_PROTOCOL_VERSION, version));
    // Its measurement is made at the end, when the version is known.
    operation.template = this.#describer.template(connection, sent, row, method, undefined, undefined);
  }

  #endSession(connection: Connection, outcome: Outcome): void {
    const { sessionStartedAt } = connection;
    if (sessionStartedAt === undefined) return;
    connection.sessionStartedAt = undefined;
    const stateless = connection.kind.name === 'http' && !connection.hadSessionId;
    if (!stateless) this.#measurements.session(connection, outcome, this.#now() - sessionStartedAt);
  }

  #endSpan(operation: Operation, outcome: Outcome): void {
    const { span, ownsSpan } = operation;
    if (outcome !== SUCCESS) {
      span.setAttributes(this.#describer.endAttributes(outcome));
      if (ownsSpan && outcome.errorType !== undefined) {
        const message = this.#describer.statusMessage(outcome);
        span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
      }
    }
    this.#callHook('responseHook', operation, outcome);
    if (ownsSpan) span.end();
  }

  #callHook(hook: 'requestHook' | 'responseHook', operation: Operation, outcome: Outcome): void {
    const callback = this.config[hook];
    if (callback !== undefined) callHook(`the ${hook}`, callback, operation.span, infoOf(operation, outcome));
  }
}

const NO_LINKS: readonly Link[] = [];

function roundLinks(previous: Round | undefined): readonly Link[] {
  return previous === undefined ? NO_LINKS : [{ context: previous.first }];
}

function infoOf({ sent, method, id, template }: Operation, { errorType }: Outcome): McpOperationInfo {
  const { target } = template.facts;
  return {
    side: sent ? 'client' : 'server',
    method,
    ...(id !== undefined && { id }),
    ...(target !== undefined && { target }),
    ...(errorType !== undefined && { errorType }),
  };
}
