/** Starts operations: span, parent, links, and the message that carries the context. Not guarded. */
import { type Context, context, type Link, ROOT_CONTEXT, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asRecord } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import { callHook } from '../report/guarded.js';
import { ATTR_MCP_TRAIL_TASK_ID } from '../semconv/attributes.js';
import type { Connection } from '../session/connection.js';
import { learnFromCall } from '../session/implementations.js';
import { type MethodMessage, type RequestFacts, requestFacts } from '../session/message-facts.js';
import { Operation } from '../session/operation.js';
import type { Peer } from '../session/peer.js';
import type { Round } from '../session/rounds.js';
import type { Template } from '../session/template.js';
import { Earlier, hasRounds, linkedTo, numberRound } from './continued-operations.js';
import { CORRELATION_KEY, type Correlator } from './correlation.js';
import { spansPartWays } from './default-providers.js';
import { enrich, isOthers, noticeOther } from './other-instrumentation.js';
import { withSpan } from './overlay-context.js';
import {
  ambientOf,
  continueWith,
  decisive,
  executeToolSpan,
  handledIn,
  type InboundParent,
  inboundParent,
  noteOurs,
  outboundParent,
  parentIdOf,
  relayedFrom,
  spanOfCaller,
  withHandling,
} from './parents.js';
import {
  carry,
  extract,
  headerOf,
  inject,
  isKeepable,
  type RequestHeaders,
  traceContextOf,
  traceContextOfHeaders,
} from './propagation.js';
import type { Providers } from './providers.js';
import type { SpanDescriber } from './span-describer.js';
import { observedByWrap, withoutMarks } from './wrap-mark.js';

export type OperationKind = 'request' | 'notification';

/** The origin of an inbound message. */
export interface Origin {
  /** Sender of its HTTP request. */
  readonly peer?: Peer | undefined;
  /** Headers of its HTTP request. */
  readonly headers?: RequestHeaders | undefined;
  /** An open request that it is about: the parent, unless the message has one. */
  readonly related?: Operation | undefined;
  /** How long ago it arrived, in milliseconds. */
  readonly waitedMs?: number | undefined;
}

/** A started operation and its facts. */
export interface Started {
  readonly operation: Operation;
  readonly facts: RequestFacts;
}

/** A started outbound operation, and the message to send instead of the application's. */
export interface Outbound<M> extends Started {
  readonly message: M;
}

/** Parts of a span at its start. */
interface SpanStart {
  readonly template: Template;
  readonly ignored: boolean;
  readonly facts: RequestFacts;
  readonly previous: Round | undefined;
  readonly peer: Peer | undefined;
  /** The span of a GenAI instrumentation that already stands for the call. */
  readonly reused: Span | undefined;
  readonly waitedMs: number;
}

interface StarterParts {
  readonly config: ResolvedConfig;
  readonly providers: Providers;
  readonly describer: SpanDescriber;
  readonly now: () => number;
  /** Makes correlation ids, where audit records need them. */
  readonly correlator: Correlator | undefined;
}

export class Starter {
  readonly #config: ResolvedConfig;
  readonly #providers: Providers;
  readonly #describer: SpanDescriber;
  readonly #now: () => number;
  readonly #correlator: Correlator | undefined;
  readonly #earlier = new Earlier();

  constructor({ config, providers, describer, now, correlator }: StarterParts) {
    this.#correlator = correlator;
    this.#config = config;
    this.#providers = providers;
    this.#describer = describer;
    this.#now = now;
  }

  /** Starts the operation of an outbound message. */
  outbound<M extends MethodMessage>(connection: Connection, message: M, kind: OperationKind): Outbound<M> {
    const facts = requestFacts(message, kind, 'outbound', message.task);
    const { method, row, id, params, meta } = facts;
    learnFromCall(connection, facts);
    const relayed = connection.isRelayed
      ? relayedFrom(connection, facts, this.#earlier.callThatMadeTask(facts, connection, ROOT_CONTEXT))
      : undefined;
    const active = relayed?.active ?? context.active();
    this.#leftToOthers(active);
    const callerContext = cancelledRequest(connection, row, params)?.callerContext ?? active;
    // Keep a trace context that the application chose, not one that it forwards: that would skip our span.
    const present = meta === undefined ? undefined : traceContextOf(meta);
    const chosen = present !== undefined && present !== handledIn(active)?.inboundTraceContext;
    const trust = this.#config.trustIncomingContext;
    const base = decisive(callerContext);
    const parent = meta !== undefined && chosen ? extract(base, meta) : outboundParent(connection, base, trust);

    const rounds = hasRounds(meta);
    const previous = rounds ? this.#earlier.roundSent(active, method, params) : undefined;
    const template = this.#describer.template(connection, facts);
    const observed = connection.wrap && { ...connection.wrap, operationId: undefined };
    const ignored = template.facts.ignored || observed?.hasSpan === true;
    const reuses = this.#config.reuseExecuteToolSpan && !ignored && !spansPartWays();
    const reused = reuses ? executeToolSpan(active, facts) : undefined;
    const start = { template, ignored, facts, previous, peer: undefined, reused, waitedMs: 0 };
    // A server that says where its message comes from needs no guess.
    const links = chosen && parent !== base ? undefined : relayed?.links;
    const span = this.#span(start, parent, links);
    const carried = ignored ? parent : withSpan(parent, span);
    const operation = new Operation({
      template,
      method,
      id,
      startedAt: this.#now(),
      span,
      context: carried === base ? callerContext : carried,
      callerContext,
      observed,
    });
    operation.ownsSpan = reused === undefined && !ignored;
    if (this.#correlator !== undefined) operation.parentSpanId = parentIdOf(span, parent);
    if (rounds) numberRound(operation, previous, params);
    if (previous !== undefined) continueWith(active, operation);
    const correlation = this.#correlator?.outbound(meta, active, span);
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (row.inject === false || !this.#mayInject(method, template)) return { operation, facts, message };
    const { baggage } = template.facts;
    // What a server behind this process chose is the parent; who gets its message sees our span.
    const entries = chosen && !connection.isRelayed ? undefined : inject(carried, baggage);
    // Keep baggage that the application wrote; replace forwarded baggage.
    if (entries !== undefined && present === undefined && meta?.['baggage'] !== undefined) delete entries['baggage'];
    const added = correlation?.carried ? { ...entries, [CORRELATION_KEY]: correlation.id } : entries;
    const passedOn =
      !baggage && meta?.['baggage'] !== undefined && meta['baggage'] === handledIn(active)?.inboundBaggage;
    return { operation, facts, message: carry(message, added, withoutMarks(meta, passedOn ? ['baggage'] : undefined)) };
  }

  /** Starts the operation of an inbound message. */
  inbound(connection: Connection, message: MethodMessage, kind: OperationKind, origin: Origin): Started {
    const { peer, headers, related, waitedMs = 0 } = origin;
    const facts = requestFacts(message, kind, 'inbound');
    const { method, id, params, meta } = facts;
    if (peer?.httpVersion !== undefined) connection.httpVersion = peer.httpVersion;
    if (peer?.http !== undefined) peer.http.notes.operations++;
    learnFromCall(connection, facts);
    const active = context.active();
    const rounds = hasRounds(meta);
    const previous = rounds ? this.#earlier.roundReceived(method, params) : undefined;
    const around = related?.context ?? ambientOf(connection, active);
    const ambient = decisive(around);
    const observed = observedByWrap(connection, facts, ambient);
    const parent =
      (observed?.hasSpan ? { context: observed.context, links: undefined } : undefined) ??
      this.#leftToOthers(active) ??
      inboundParent({ connection, ambient, meta, headers, trust: this.#config.trustIncomingContext });
    const template = this.#describer.template(connection, facts);
    const ignored = template.facts.ignored || observed?.hasSpan === true;
    const start = { template, ignored, facts, previous, peer, reused: undefined, waitedMs };
    const span = this.#span(start, parent.context, parent.links);
    const spanContext = ignored ? parent.context : withSpan(parent.context, span);
    const operation = new Operation({
      template,
      method,
      id,
      startedAt: this.#now() - waitedMs,
      span,
      context: spanContext,
      callerContext: active,
      observed,
    });
    operation.ownsSpan = !ignored;
    if (this.#correlator !== undefined) operation.parentSpanId = parentIdOf(span, parent.context);
    const inMeta = meta === undefined ? undefined : traceContextOf(meta);
    const traceContext = inMeta ?? (headers === undefined ? undefined : traceContextOfHeaders(headers));
    if (isKeepable(traceContext)) operation.inboundTraceContext = traceContext;
    const baggage = meta?.['baggage'] ?? (headers === undefined ? undefined : headerOf(headers, 'baggage'));
    if (isKeepable(baggage)) operation.inboundBaggage = baggage;
    operation.context = withHandling(spanContext === ambient ? around : spanContext, operation);
    const correlation = this.#correlator?.inbound({
      meta,
      http: peer?.http,
      context: spanContext,
      span,
      related: related?.correlation,
      trusted: observed?.hasRecords === true,
    });
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (rounds) numberRound(operation, previous, params);
    return { operation, facts };
  }

  /** Keeps an operation whose result asks for input. */
  expectNextRound(operation: Operation, result: unknown): void {
    if (!operation.ignored) this.#earlier.expectNextRound(operation, result);
  }

  /** Keeps a call whose result is a task. */
  expectTask(operation: Operation, id: string): void {
    if (operation.ignored) return;
    operation.span.setAttribute(ATTR_MCP_TRAIL_TASK_ID, this.#describer.name(ATTR_MCP_TRAIL_TASK_ID, id));
    this.#earlier.expectTask(operation, id);
  }

  /** Forgets earlier rounds and tasks. */
  clear(): void {
    this.#earlier.clear();
  }

  /** The span of an operation, or its stand-in if ignored. */
  #span(start: SpanStart, parent: Context, links: readonly Link[] | undefined): Span {
    const { template, ignored, facts, previous, peer, reused, waitedMs } = start;
    const { connection } = template.facts;
    if (ignored) return spanOfCaller(parent);
    const attributes = this.#describer.startAttributes(template, facts, previous, peer);
    if (reused !== undefined) {
      enrich(reused, attributes);
      return reused;
    }
    const call = this.#earlier.callThatMadeTask(facts, connection, parent);
    const all = linkedTo(linkedTo(links, previous?.first), call);
    const options: SpanOptions = { kind: template.spanKind, attributes };
    // A span that is told its start has a coarser clock.
    if (waitedMs >= 1) options.startTime = Date.now() - waitedMs;
    if (all !== undefined) options.links = all as Link[];
    const span = this.#providers.tracer.startSpan(this.#describer.spanName(template, attributes), options, parent);
    noteOurs(span);
    return span;
  }

  /** With `standBack`, the active foreign span stays the parent. */
  #leftToOthers(active: Context): InboundParent | undefined {
    if (this.#config.standBack) return isOthers(active) ? { context: active, links: undefined } : undefined;
    noticeOther(trace.getSpan(active));
    return undefined;
  }

  #mayInject(method: string, { facts: { peer } }: Template): boolean {
    const { propagateContext: ask } = this.#config;
    return ask === undefined || callHook('the propagateContext hook', ask, method, peer) !== false;
  }
}

/** The open request that an outbound cancellation names. */
function cancelledRequest(connection: Connection, row: MethodRow, params: unknown): Operation | undefined {
  if (row.refersTo !== 'requestId') return undefined;
  const id = asRecord(params)?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? connection.find('outbound', id) : undefined;
}
