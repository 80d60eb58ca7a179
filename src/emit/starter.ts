/** Starting operations: the span, its parent and links, and the message that carries its context. Unguarded. */
import { type Attributes, type Context, context, type Link, type Span, type SpanOptions } from '@opentelemetry/api';
import type { ResolvedConfig } from '../config.js';
import type { Template } from '../describe/template.js';
import { asRecord, type RequestId } from '../protocol/jsonrpc.js';
import { declaredProtocolVersion, metaOf } from '../protocol/meta.js';
import { type MethodRow, methodRow } from '../protocol/methods.js';
import type { Connection } from '../session/connection.js';
import { learnFromCall } from '../session/implementations.js';
import { Operation } from '../session/operation.js';
import type { Peer } from '../session/peer.js';
import { isLaterRound, nextNumber, type Round, Rounds, roundOf } from '../session/rounds.js';
import { callHook } from '../util/call-hook.js';
import { CORRELATION_KEY, type Correlator } from './correlation.js';
import type { Describer } from './describer.js';
import { withSpan } from './overlay-context.js';
import {
  ambientOf,
  continuedIn,
  continueWith,
  executeToolSpan,
  handledIn,
  inboundParent,
  outboundParent,
  withHandling,
} from './parents.js';
import {
  carry,
  extract,
  inject,
  isKeepable,
  type RequestHeaders,
  traceContextOf,
  traceContextOfHeaders,
} from './propagation.js';
import type { Providers } from './providers.js';

/** A message with a method. */
export interface Call {
  readonly method: string;
  readonly id?: RequestId;
  readonly params?: unknown;
}

export type CallKind = 'request' | 'notification';

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

export class Starter {
  readonly #config: ResolvedConfig;
  readonly #providers: Providers;
  readonly #describer: Describer;
  readonly #now: () => number;
  readonly #correlator: Correlator | undefined;
  // Apart from each other: a client and a server in one process know the same states.
  readonly #roundsSent = new Rounds();
  readonly #roundsReceived = new Rounds();

  /** @param correlator makes correlation ids, where somebody needs them */
  constructor(
    config: ResolvedConfig,
    providers: Providers,
    describer: Describer,
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
  outbound<M extends Call>(connection: Connection, message: M, kind: CallKind): Outbound<M> {
    const { method, params, id } = message;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    learnFromCall(connection, true, row, params, meta);
    const active = context.active();
    const callerContext = cancelledRequest(connection, row, params)?.callerContext ?? active;
    // A trace context that the application chose stays as it is. One that it only forwarded would skip our span.
    const present = meta === undefined ? undefined : traceContextOf(meta);
    const chosen = present !== undefined && present !== handledIn(active)?.inboundTraceContext;
    const trust = this.#config.trustIncomingContext;
    const parent =
      meta !== undefined && chosen ? extract(callerContext, meta) : outboundParent(connection, callerContext, trust);

    const rounds = hasRounds(meta);
    const previous = rounds ? this.#previousRound(active, method, params) : undefined;
    const template = this.#describer.template(connection, true, row, method, params, meta);
    const attributes = this.#describer.startAttributes(template, id, params, previous, undefined);
    const reused = this.#config.reuseExecuteToolSpan ? executeToolSpan(active, row, params) : undefined;
    reused?.setAttributes(attributes);
    const links = previous === undefined ? undefined : [{ context: previous.first }];
    const span = reused ?? this.#startSpan(template, attributes, parent, links);
    const sentIn = withSpan(parent, span);
    const operation = new Operation(template, method, id, this.#now(), span, sentIn, callerContext);
    operation.ownsSpan = reused === undefined;
    if (rounds) numberRound(operation, previous, params);
    if (previous !== undefined) continueWith(active, operation);
    const correlation = this.#correlator?.outbound(meta, active, span);
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (row.inject === false || !this.#mayInject(method)) return { operation, message };
    const entries = chosen ? undefined : inject(sentIn);
    // Baggage that the application wrote itself stays as it is; what it forwarded is replaced as a whole.
    if (entries !== undefined && present === undefined && meta?.['baggage'] !== undefined) delete entries['baggage'];
    const carried = correlation?.carried ? { ...entries, [CORRELATION_KEY]: correlation.id } : entries;
    return { operation, message: carry(message, carried) };
  }

  /** An operation of the peer's, whose message has arrived. */
  inbound(connection: Connection, { method, params, id }: Call, kind: CallKind, origin: Origin): Operation {
    const { peer, headers, related } = origin;
    const row = methodRow(method, kind);
    const meta = metaOf(params);
    if (peer?.httpVersion !== undefined) connection.httpVersion = peer.httpVersion;
    if (peer?.http !== undefined) peer.http.notes.operations++;
    learnFromCall(connection, false, row, params, meta);
    const active = context.active();
    const rounds = hasRounds(meta);
    const previous = rounds ? this.#roundsReceived.continuedBy(method, params) : undefined;
    const ambient = related?.context ?? ambientOf(connection, active);
    const parent = inboundParent(connection, ambient, meta, headers, this.#config.trustIncomingContext);
    const template = this.#describer.template(connection, false, row, method, params, meta);
    const attributes = this.#describer.startAttributes(template, id, params, previous, peer);
    const links = previous === undefined ? parent.links : [...(parent.links ?? []), { context: previous.first }];
    const span = this.#startSpan(template, attributes, parent.context, links);
    const spanContext = withSpan(parent.context, span);
    const operation = new Operation(template, method, id, this.#now(), span, spanContext, active);
    const inMeta = meta === undefined ? undefined : traceContextOf(meta);
    const traceContext = inMeta ?? (headers === undefined ? undefined : traceContextOfHeaders(headers));
    if (isKeepable(traceContext)) operation.inboundTraceContext = traceContext;
    operation.context = withHandling(spanContext, operation);
    const correlation = this.#correlator?.inbound(meta, peer, spanContext, span, related?.correlation);
    operation.correlation = correlation?.id;
    operation.claimedCorrelation = correlation?.claimed;
    if (rounds) numberRound(operation, previous, params);
    return operation;
  }

  /** Keeps an operation whose result asks for input: the next round links to it. */
  expectNextRound(operation: Operation, result: unknown): void {
    (operation.sent ? this.#roundsSent : this.#roundsReceived).remember(operation, result);
  }

  #startSpan(template: Template, attributes: Attributes, parent: Context, links: readonly Link[] | undefined): Span {
    const options: SpanOptions = { kind: template.spanKind, attributes };
    if (links !== undefined) options.links = links as Link[];
    return this.#providers.tracer.startSpan(this.#describer.spanName(template, attributes), options, parent);
  }

  /** The round that a request of ours continues: told by where it is made, else by the state it hands back. */
  #previousRound(active: Context, method: string, params: unknown): Round | undefined {
    if (!isLaterRound(params)) return undefined;
    const continued = continuedIn(active);
    const known = this.#roundsSent.continuedBy(method, params);
    return continued?.method === method ? roundOf(continued) : known;
  }

  #mayInject(method: string): boolean {
    const { propagateContext } = this.#config;
    return propagateContext === undefined || callHook('the propagateContext hook', propagateContext, method) !== false;
  }
}

/** The open request that a cancellation of ours names. */
function cancelledRequest(connection: Connection, row: MethodRow, params: unknown): Operation | undefined {
  if (row.refersTo !== 'requestId') return undefined;
  const id = asRecord(params)?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? connection.find(true, id) : undefined;
}

/** Only the revisions whose messages say their version ask for input in rounds. */
function hasRounds(meta: Record<string, unknown> | undefined): boolean {
  return declaredProtocolVersion(meta) !== undefined;
}

function numberRound(operation: Operation, previous: Round | undefined, params: unknown): void {
  if (previous !== undefined) {
    operation.round = nextNumber(previous);
    operation.firstRound = previous.first;
  } else if (isLaterRound(params)) operation.round = undefined;
}
