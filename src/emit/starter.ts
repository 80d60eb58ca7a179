/** Starting operations: the span, its parent and links, and the message that carries its context. Unguarded. */
import { type Context, context, type Link, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import type { ResolvedConfig } from '../options/instrumentation.js';
import { asRecord, type RequestId } from '../protocol/jsonrpc.js';
import { metaOf } from '../protocol/meta.js';
import { type MethodRow, methodRow } from '../protocol/methods.js';
import { taskNamed } from '../protocol/tasks.js';
import { callHook } from '../report/guarded.js';
import { ATTR_MCP_TRAIL_TASK_ID } from '../semconv/attributes.js';
import type { Connection } from '../session/connection.js';
import { learnFromCall } from '../session/implementations.js';
import { Operation } from '../session/operation.js';
import type { Peer } from '../session/peer.js';
import type { Round } from '../session/rounds.js';
import type { Template } from '../session/template.js';
import { CORRELATION_KEY, type Correlator } from './correlation.js';
import { Earlier, hasRounds, linkedTo, numberRound } from './earlier.js';
import { enrich, isOthers, noticeOther } from './others.js';
import { withSpan } from './overlay-context.js';
import {
  ambientOf,
  continueWith,
  executeToolSpan,
  handledIn,
  type InboundParent,
  inboundParent,
  outboundParent,
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

/** A message with a method. */
export interface MethodMessage {
  readonly method: string;
  readonly id?: RequestId;
  readonly params?: unknown;
  /** The task that it is about, where it does not say so itself yet. */
  readonly task?: string | undefined;
}

export type OperationKind = 'request' | 'notification';

/** What a message came with. */
export interface Origin {
  /** Who sent the HTTP request that brought it. */
  readonly peer?: Peer | undefined;
  /** The headers of that request. */
  readonly headers?: RequestHeaders | undefined;
  /** An open request that it is about: the parent, unless the message names another. */
  readonly related?: Operation | undefined;
}

/** A started outbound operation, and the message to send in place of the application's. */
export interface Outbound<M> {
  readonly operation: Operation;
  readonly message: M;
}

/** What a span says of the one message it begins with. */
interface Beginning {
  readonly id: RequestId | undefined;
  readonly params: unknown;
  readonly task: string | undefined;
  readonly previous: Round | undefined;
  readonly peer: Peer | undefined;
  /** A span of somebody else's that already stands for the call. */
  readonly reused: Span | undefined;
}

export class Starter {
  readonly #config: ResolvedConfig;
  readonly #providers: Providers;
  readonly #describer: SpanDescriber;
  readonly #now: () => number;
  readonly #correlator: Correlator | undefined;
  readonly #earlier = new Earlier();

  /** @param correlator makes correlation ids, where somebody needs them */
  constructor(
    config: ResolvedConfig,
    providers: Providers,
    describer: SpanDescriber,
    now: () => number,
    correlator: Correlator | undefined,
  ) {
    this.#correlator = correlator;
    this.#config = config;
    this.#providers = providers;
    this.#describer = describer;
    this.#now = now;
  }

  /** An operation of ours, whose message is about to be sent. */
  outbound<M extends MethodMessage>(connection: Connection, message: M, kind: OperationKind): Outbound<M> {
    const { method, params, id } = message;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    learnFromCall(connection, 'outbound', row, params, meta);
    const active = context.active();
    this.#leftToOthers(active);
    const callerContext = cancelledRequest(connection, row, params)?.callerContext ?? active;
    // A trace context that the application chose stays as it is. One that it only forwarded would skip our span.
    const present = meta === undefined ? undefined : traceContextOf(meta);
    const chosen = present !== undefined && present !== handledIn(active)?.inboundTraceContext;
    const trust = this.#config.trustIncomingContext;
    const parent =
      meta !== undefined && chosen ? extract(callerContext, meta) : outboundParent(connection, callerContext, trust);

    const rounds = hasRounds(meta);
    const previous = rounds ? this.#earlier.roundSent(active, method, params) : undefined;
    const task = message.task ?? taskNamed(row, params, meta);
    const template = this.#describer.template(connection, 'outbound', row, method, params, meta);
    const { ignored } = template.facts;
    const reused = this.#config.reuseExecuteToolSpan && !ignored ? executeToolSpan(active, row, params) : undefined;
    const span = this.#span(template, { id, params, previous, peer: undefined, task, reused }, parent, undefined);
    const sentIn = ignored ? parent : withSpan(parent, span);
    const operation = new Operation(template, method, id, this.#now(), span, sentIn, callerContext);
    operation.ownsSpan = reused === undefined && !ignored;
    if (rounds) numberRound(operation, previous, params);
    if (previous !== undefined) continueWith(active, operation);
    const correlation = this.#correlator?.outbound(meta, active, span);
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (row.inject === false || !this.#mayInject(method, template)) return { operation, message };
    const { baggage } = template.facts;
    const entries = chosen ? undefined : inject(sentIn, baggage);
    // Baggage that the application wrote itself stays as it is; what it forwarded is replaced as a whole.
    if (entries !== undefined && present === undefined && meta?.['baggage'] !== undefined) delete entries['baggage'];
    const carried = correlation?.carried ? { ...entries, [CORRELATION_KEY]: correlation.id } : entries;
    const passedOn =
      !baggage && meta?.['baggage'] !== undefined && meta['baggage'] === handledIn(active)?.inboundBaggage;
    return { operation, message: carry(message, carried, passedOn ? ['baggage'] : undefined) };
  }

  /** An operation of the peer's, whose message has arrived. */
  inbound(
    connection: Connection,
    { method, params, id }: MethodMessage,
    kind: OperationKind,
    origin: Origin,
  ): Operation {
    const { peer, headers, related } = origin;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    if (peer?.httpVersion !== undefined) connection.httpVersion = peer.httpVersion;
    if (peer?.http !== undefined) peer.http.notes.operations++;
    learnFromCall(connection, 'inbound', row, params, meta);
    const active = context.active();
    const rounds = hasRounds(meta);
    const previous = rounds ? this.#earlier.roundReceived(method, params) : undefined;
    const ambient = related?.context ?? ambientOf(connection, active);
    const parent =
      this.#leftToOthers(active) ??
      inboundParent(connection, ambient, meta, headers, this.#config.trustIncomingContext);
    const task = taskNamed(row, params, meta);
    const template = this.#describer.template(connection, 'inbound', row, method, params, meta);
    const { ignored } = template.facts;
    const beginning = { id, params, previous, peer, task, reused: undefined };
    const span = this.#span(template, beginning, parent.context, parent.links);
    const spanContext = ignored ? parent.context : withSpan(parent.context, span);
    const operation = new Operation(template, method, id, this.#now(), span, spanContext, active);
    operation.ownsSpan = !ignored;
    const inMeta = meta === undefined ? undefined : traceContextOf(meta);
    const traceContext = inMeta ?? (headers === undefined ? undefined : traceContextOfHeaders(headers));
    if (isKeepable(traceContext)) operation.inboundTraceContext = traceContext;
    const baggage = meta?.['baggage'] ?? (headers === undefined ? undefined : headerOf(headers, 'baggage'));
    if (isKeepable(baggage)) operation.inboundBaggage = baggage;
    operation.context = withHandling(spanContext, operation);
    const correlation = this.#correlator?.inbound(meta, peer, spanContext, span, related?.correlation);
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (rounds) numberRound(operation, previous, params);
    return operation;
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

  /** Forgets what was to come. */
  clear(): void {
    this.#earlier.clear();
  }

  /** The span of an operation; of one that is ignored, what stands in for it. */
  #span(template: Template, beginning: Beginning, parent: Context, links: readonly Link[] | undefined): Span {
    const { connection, direction, row, ignored } = template.facts;
    if (ignored) return spanOfCaller(parent);
    const { id, params, previous, peer, task, reused } = beginning;
    const attributes = this.#describer.startAttributes(template, id, params, previous, peer, task);
    if (reused !== undefined) {
      enrich(reused, attributes);
      return reused;
    }
    const call = task === undefined ? undefined : this.#earlier.callThatMade(task, connection, direction, row, parent);
    const all = linkedTo(linkedTo(links, previous?.first), call);
    const options: SpanOptions = { kind: template.spanKind, attributes };
    if (all !== undefined) options.links = all as Link[];
    return this.#providers.tracer.startSpan(this.#describer.spanName(template, attributes), options, parent);
  }

  /** Where a span of another instrumentation stands for the message, and ours stands back: what is active stays so. */
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

/** The open request that a cancellation of ours names. */
function cancelledRequest(connection: Connection, row: MethodRow, params: unknown): Operation | undefined {
  if (row.refersTo !== 'requestId') return undefined;
  const id = asRecord(params)?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? connection.find('outbound', id) : undefined;
}
