/**
 * From messages to telemetry: describe → redact → emit. The hooks call nothing else. Every public method is guarded:
 * a failure in here loses the telemetry of one message and never reaches the application.
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { ResolvedConfig } from '../config.js';
import { type Content, requestContent, resultContent } from '../describe/content.js';
import { createLabelNames, type LabelNames, learnNames, operationLabels, sessionLabels } from '../describe/metric.js';
import { CONNECTION_CLOSED, EVICTED, outcomeOfAnswer, taskStatusOf } from '../describe/outcome.js';
import { outcomeAttributes } from '../describe/span.js';
import { buildTemplate, type Template } from '../describe/template.js';
import { asRecord, asString, type RequestId, type ResponseMessage } from '../protocol/jsonrpc.js';
import { declaredProtocolVersion, metaOf, withMeta } from '../protocol/meta.js';
import { type MethodRow, methodRow, targetOf } from '../protocol/methods.js';
import { Redactor } from '../redact/redactor.js';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_CLIENT_PORT,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_JSONRPC_REQUEST_ID,
  ATTR_MCP_PROTOCOL_VERSION,
  ATTR_MCP_RESOURCE_URI,
  ATTR_MCP_TRAIL_ROUND,
  ATTR_MCP_TRAIL_TASK_STATUS,
} from '../semconv/attributes.js';
import { MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED } from '../semconv/values.js';
import type { Connection } from '../session/connection.js';
import { OpenOperations } from '../session/open-operations.js';
import { Operation } from '../session/operation.js';
import { type Outcome, SUCCESS } from '../session/outcome.js';
import { isLaterRound, type Round, Rounds, roundOf } from '../session/rounds.js';
import type { McpOperationInfo } from '../types.js';
import { reportFailure } from '../util/report.js';
import { Metrics } from './metrics.js';
import { compareContext, extract, inject } from './propagation.js';
import { Providers, STRUCTURED_ATTRIBUTES } from './providers.js';

/** The inbound operation whose handler is running. */
const HANDLING = createContextKey('mcp-trail operation being handled');
/** The operation whose `input_required` result is being acted upon. */
const CONTINUED = createContextKey('mcp-trail operation to be continued');

/** Who is at the other end of the HTTP request that brought a message. */
export interface Peer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly httpVersion: string | undefined;
}

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

export class Pipeline {
  readonly config: ResolvedConfig;
  readonly providers: Providers;
  readonly #metrics: Metrics;
  readonly #redactor: Redactor;
  readonly #names: LabelNames = createLabelNames();
  readonly #open: OpenOperations;
  readonly #rounds = new Rounds();
  readonly #now: () => number;
  enabled: boolean;

  constructor(config: ResolvedConfig, providers = new Providers(), now: () => number = () => performance.now()) {
    this.config = config;
    this.providers = providers;
    this.enabled = config.enabled;
    this.#metrics = new Metrics(providers);
    this.#redactor = new Redactor(config.redact === undefined ? {} : { redact: config.redact });
    this.#open = new OpenOperations(config.maxPendingOperations);
    this.#now = now;
  }

  /** How many operations are open: for tests of the bound. */
  get openOperations(): number {
    return this.#open.size;
  }

  /** A message is about to be sent: starts its span and returns the message that carries its context. */
  send<M extends Call>(connection: Connection, message: M, kind: 'request' | 'notification'): Outbound<M> | undefined {
    try {
      return this.#send(connection, message, kind);
    } catch (error) {
      reportFailure('starting a client span', error);
      return undefined;
    }
  }

  /** A message has arrived: starts its span. The caller runs the handler in the operation's context. */
  receive(
    connection: Connection,
    message: Call,
    kind: 'request' | 'notification',
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
      if (typeof method !== 'string') return undefined;
      const continued = context.active().getValue(CONTINUED) as Operation | undefined;
      if (continued === undefined) return undefined;
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
    try {
      this.#open.delete(operation);
      operation.connection.remove(operation);
      this.#endSpan(operation, outcome);
      this.#measure(operation, outcome);
    } catch (error) {
      reportFailure('ending a span', error);
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

  #send<M extends Call>(connection: Connection, message: M, kind: 'request' | 'notification'): Outbound<M> {
    const { method, params, id } = message;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    const caller = context.active();
    const related = this.#relatedRequest(connection, row, params);
    let parent = related?.callerContext ?? caller;

    const handled = caller.getValue(HANDLING) as Operation | undefined;
    const present = meta === undefined ? 'absent' : compareContext(meta, handled?.inboundMeta);
    if (present === 'different') parent = extract(parent, meta as Record<string, unknown>);

    const previous = this.#previousRound(caller, method, params);
    const reused = this.#executeToolSpan(caller, row, params);
    const template = this.#template(connection, true, row, method, params, meta);
    const attributes = this.#attributes(template, id, row, params, previous);
    const span = reused ?? this.#startSpan(template, attributes, parent, roundLinks(previous));
    if (reused !== undefined) reused.setAttributes(attributes);

    const operation = new Operation({
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
      callerContext: related?.callerContext ?? caller,
    });
    continueRounds(operation, previous);
    this.#register(operation);
    this.#callHook('requestHook', operation, SUCCESS);

    if (present === 'different' || row.inject === false || !this.#mayInject(method)) return { operation, message };
    const entries = inject(operation.context);
    if (entries === undefined) return { operation, message };
    // Baggage that the application wrote itself stays as it is; what it forwarded is replaced as a whole.
    if (present === 'absent' && meta?.['baggage'] !== undefined) delete entries['baggage'];
    return { operation, message: withMeta(message, entries) ?? message };
  }

  #receive(
    connection: Connection,
    message: Call,
    kind: 'request' | 'notification',
    peer: Peer | undefined,
    related: Operation | undefined,
  ): Operation {
    const { method, params, id } = message;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    if (peer?.httpVersion !== undefined) connection.httpVersion = peer.httpVersion;

    const caller = context.active();
    const previous = this.#rounds.continuedBy(method, params);
    const links = roundLinks(previous);
    const parent = this.#inboundParent(connection, caller, meta, related, links);
    const template = this.#template(connection, false, row, method, params, meta);
    const attributes = this.#attributes(template, id, row, params, previous);
    if (peer?.address !== undefined) {
      attributes[ATTR_CLIENT_ADDRESS] = peer.address;
      if (peer.port !== undefined) attributes[ATTR_CLIENT_PORT] = peer.port;
    }
    const span = this.#startSpan(template, attributes, parent, links);
    const base = trace.setSpan(parent, span);

    const operation = new Operation({
      sent: false,
      connection,
      method,
      row,
      id,
      template,
      startedAt: this.#now(),
      span,
      ownsSpan: true,
      context: base,
      callerContext: caller,
    });
    operation.inboundMeta = meta;
    operation.context = base.setValue(HANDLING, operation);
    continueRounds(operation, previous);
    this.#register(operation);
    this.#callHook('requestHook', operation, SUCCESS);
    return operation;
  }

  /** The parent of an inbound message's span: `_meta` first, then what is active, if that belongs to the message. */
  #inboundParent(
    connection: Connection,
    active: Context,
    meta: Record<string, unknown> | undefined,
    related: Operation | undefined,
    links: Link[],
  ): Context {
    // Progress reports on one of our own requests, and input requests embedded in its result, belong under it.
    if (related !== undefined) return related.context;
    const ambient = this.#ambient(connection, active);
    if (meta === undefined) return ambient;

    const trusted = this.config.trustIncomingContext === 'parent';
    const extracted = extract(trusted ? ambient : ROOT_CONTEXT, meta);
    const remote = trace.getSpanContext(extracted);
    if (!trusted) {
      if (remote !== undefined && isSpanContextValid(remote)) links.push({ context: remote });
      return ambient;
    }
    // The span of the HTTP request is not the parent then, but it must stay findable.
    const http =
      connection.kind.name === 'http' && connection.role !== 'client' ? trace.getSpanContext(ambient) : undefined;
    if (http !== undefined && http.spanId !== remote?.spanId && isSpanContextValid(http)) links.push({ context: http });
    return extracted;
  }

  #ambient(connection: Connection, active: Context): Context {
    if (!connection.kind.ambientIsCaller) return ROOT_CONTEXT;
    if (connection.role !== 'client') return active;
    // A client's HTTP stream keeps the context of the request that opened it: no parent once that has ended.
    return trace.getSpan(active)?.isRecording() ? active : ROOT_CONTEXT;
  }

  /** The open request that a cancellation names. */
  #relatedRequest(connection: Connection, row: MethodRow, params: unknown): Operation | undefined {
    if (row.refersTo !== 'requestId') return undefined;
    const id = asRecord(params)?.['requestId'];
    return typeof id === 'string' || typeof id === 'number' ? connection.find(true, id) : undefined;
  }

  /** The round that a request of ours continues: told by where it is made, else by the state it hands back. */
  #previousRound(active: Context, method: string, params: unknown): Round | undefined {
    if (!isLaterRound(params)) return undefined;
    const continued = active.getValue(CONTINUED) as Operation | undefined;
    return continued?.method === method ? roundOf(continued) : this.#rounds.continuedBy(method, params);
  }

  /** An active span that already stands for this tool call, made by a GenAI instrumentation. */
  #executeToolSpan(active: Context, row: MethodRow, params: unknown): Span | undefined {
    if (!this.config.reuseExecuteToolSpan || row.operationName === undefined || row.target === undefined)
      return undefined;
    const span = trace.getSpan(active);
    // The API does not let a span be read; the SDK's spans hold their attributes in the open.
    const attributes = asRecord((span as { attributes?: unknown } | undefined)?.attributes);
    const matches =
      attributes?.[ATTR_GEN_AI_OPERATION_NAME] === row.operationName &&
      attributes[row.target.attribute] === targetOf(row, params);
    return matches && span?.isRecording() ? span : undefined;
  }

  #template(
    connection: Connection,
    sent: boolean,
    row: MethodRow,
    method: string,
    params: unknown,
    meta: Record<string, unknown> | undefined,
  ): Template {
    // A message of the stateless protocol says its version itself, and belongs to no session.
    const declared = declaredProtocolVersion(meta);
    const protocolVersion = declared ?? connection.protocolVersion ?? connection.negotiatedVersion?.();
    const sessionId = declared === undefined ? connection.sessionId : undefined;
    const cache = connection.templates;
    cache.expect(protocolVersion, sessionId, connection.httpVersion);
    const target = targetOf(row, params);
    const cached = cache.get(sent, method, target);
    if (cached !== undefined) return cached;

    const name = (field: string, value: string | undefined) =>
      value === undefined ? undefined : this.#redactor.name(field, value);
    const template = buildTemplate({
      connection,
      sent,
      row,
      method: this.#redactor.name('mcp.method.name', method),
      target: name(row.target?.attribute ?? '', target),
      protocolVersion: name('mcp.protocol.version', protocolVersion),
      sessionId: name('mcp.session.id', sessionId),
    });
    cache.set(sent, method, target, template);
    return template;
  }

  #attributes(
    template: Template,
    id: RequestId | undefined,
    row: MethodRow,
    params: unknown,
    previous: Round | undefined,
  ): Attributes {
    const attributes: Attributes = { ...template.spanAttributes };
    if (id !== undefined) attributes[ATTR_JSONRPC_REQUEST_ID] = this.#idText(id);
    if (row.resource) {
      const uri = asString(asRecord(params)?.['uri']);
      if (uri !== undefined) attributes[ATTR_MCP_RESOURCE_URI] = this.#redactor.uri(ATTR_MCP_RESOURCE_URI, uri);
    }
    if (row.kind === 'notification' && row.result === 'task') {
      const status = taskStatusOf(params);
      if (status !== undefined) attributes[ATTR_MCP_TRAIL_TASK_STATUS] = status;
    }
    if (previous !== undefined) attributes[ATTR_MCP_TRAIL_ROUND] = previous.number + 1;
    if (row.content !== undefined) this.#addContent(attributes, requestContent(row, params, this.config));
    return attributes;
  }

  #idText(id: RequestId): string {
    return typeof id === 'number' ? String(id) : this.#redactor.name(ATTR_JSONRPC_REQUEST_ID, id);
  }

  #addContent(attributes: Attributes, content: Content): void {
    for (const [key, raw] of content) {
      const name = this.#redactor.name('attribute key', key);
      const value = typeof raw === 'string' ? this.#redactor.text(name, raw) : this.#redactor.value(name, raw);
      if (value === undefined) continue;
      const structured = STRUCTURED_ATTRIBUTES || typeof value !== 'object';
      attributes[name] = structured ? (value as string) : JSON.stringify(value);
    }
  }

  #startSpan(template: Template, attributes: Attributes, parent: Context, links: Link[]): Span {
    const uri = this.config.resourceUriInSpanName ? attributes[ATTR_MCP_RESOURCE_URI] : undefined;
    const name = uri === undefined ? template.spanName : `${template.spanName} ${String(uri)}`;
    return this.providers.tracer.startSpan(name, { kind: template.spanKind, attributes, links }, parent);
  }

  #mayInject(method: string): boolean {
    const { propagateContext } = this.config;
    if (propagateContext === undefined) return true;
    try {
      return propagateContext(method) !== false;
    } catch (error) {
      reportFailure('the propagateContext hook', error);
      return true;
    }
  }

  #register(operation: Operation): void {
    const replaced = operation.connection.add(operation);
    if (replaced !== undefined) this.#evict(replaced);
    const oldest = this.#open.add(operation);
    if (oldest !== undefined) this.#evict(oldest);
  }

  #evict(operation: Operation): void {
    this.end(operation, EVICTED);
    this.#metrics.evicted();
  }

  /** What a result tells about the connection, and content of it that was asked for. */
  #readResult(operation: Operation, message: ResponseMessage): void {
    const { row, span, connection } = operation;
    const result = asRecord(message.result);
    if (result === undefined) return;
    if (operation.answer?.resultType === MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED)
      this.#rounds.remember(operation, result);
    if (row.content === 'tool' && this.config.captureResults && span.isRecording()) {
      const attributes: Attributes = {};
      this.#addContent(attributes, resultContent(row, result, this.config));
      span.setAttributes(attributes);
    }
    if (row.result === 'session') {
      const version = asString(result['protocolVersion']);
      if (version === undefined) return;
      connection.protocolVersion = version;
      connection.sessionStartedAt ??= this.#now();
      // Its measurement is made at the end, when the version is known.
      operation.template = this.#template(connection, operation.sent, row, operation.method, undefined, undefined);
      span.setAttribute(ATTR_MCP_PROTOCOL_VERSION, this.#redactor.name(ATTR_MCP_PROTOCOL_VERSION, version));
    } else if (typeof row.result === 'object') {
      this.#learnListed(row.result, result);
    }
  }

  #learnListed({ lists, attribute }: { lists: string; attribute: string }, result: Record<string, unknown>): void {
    const names = this.#names.targets[attribute];
    const listed = result[lists];
    if (names === undefined || !Array.isArray(listed)) return;
    for (const entry of listed.slice(0, 1000)) {
      const name = asString(asRecord(entry)?.['name']);
      if (name !== undefined) names.learn(this.#redactor.name(attribute, name));
    }
  }

  #endSpan(operation: Operation, outcome: Outcome): void {
    const { span, ownsSpan } = operation;
    if (outcome !== SUCCESS) {
      span.setAttributes(outcomeAttributes(outcome, this.config.rpcStatusCodeAttribute));
      if (ownsSpan && outcome.errorType !== undefined) {
        const message = this.config.captureErrorMessages ? outcome.message : undefined;
        const text = message === undefined ? undefined : this.#redactor.text('status.description', message);
        span.setStatus(
          text === undefined ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.ERROR, message: text },
        );
      }
    }
    this.#callHook('responseHook', operation, outcome);
    if (ownsSpan) span.end();
  }

  #measure(operation: Operation, outcome: Outcome): void {
    if (operation.row.stream) return;
    const { template } = operation;
    const seconds = (this.#now() - operation.startedAt) / 1000;
    let labels = outcome === SUCCESS ? template.successLabels : undefined;
    if (labels === undefined) {
      if (outcome === SUCCESS) learnNames(template.facts, this.#names);
      labels = operationLabels(template, outcome, this.#names, this.config.rpcStatusCodeAttribute);
      if (outcome === SUCCESS) template.successLabels = labels;
    }
    this.#metrics.operation(operation.sent, seconds, labels);
  }

  #endSession(connection: Connection, outcome: Outcome): void {
    const { sessionStartedAt, role } = connection;
    if (sessionStartedAt === undefined || role === 'unknown') return;
    connection.sessionStartedAt = undefined;
    const stateless = connection.kind.name === 'http' && !connection.hadSessionId;
    if (stateless) return;
    const labels = sessionLabels(connection, outcome, this.#names);
    this.#metrics.session(role, (this.#now() - sessionStartedAt) / 1000, labels);
  }

  #callHook(hook: 'requestHook' | 'responseHook', operation: Operation, outcome: Outcome): void {
    const callback = this.config[hook];
    if (callback === undefined) return;
    const { sent, method, id, template } = operation;
    const { target } = template.facts;
    const info: McpOperationInfo = {
      side: sent ? 'client' : 'server',
      method,
      ...(id !== undefined && { id }),
      ...(target !== undefined && { target }),
      ...(outcome.errorType !== undefined && { errorType: outcome.errorType }),
    };
    try {
      callback(operation.span, info);
    } catch (error) {
      reportFailure(`the ${hook}`, error);
    }
  }
}

/**
 * The context in which a client acts upon an `input_required` result: what it handles and sends there continues the
 * operation. Without a span of the caller's the rounds would be traces of their own, so the first round adopts them.
 */
export function continuationContext(operation: Operation): Context {
  const { callerContext, span } = operation;
  const base = trace.getSpan(callerContext) === undefined ? trace.setSpan(callerContext, span) : callerContext;
  return base.setValue(CONTINUED, operation);
}

function roundLinks(previous: Round | undefined): Link[] {
  return previous === undefined ? [] : [{ context: previous.first }];
}

function continueRounds(operation: Operation, previous: Round | undefined): void {
  if (previous === undefined) return;
  operation.round = previous.number + 1;
  operation.firstRound = previous.first;
}
