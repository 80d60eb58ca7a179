/** Parents of spans, and the values that contexts carry for us. */
import {
  type Context,
  context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { processStore } from '../lib/process-store.js';
import { asRecord } from '../protocol/jsonrpc.js';
import { ATTR_GEN_AI_OPERATION_NAME } from '../semconv/attributes.js';
import type { Connection } from '../session/connection.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import { spansPartWays } from './default-providers.js';
import { OverlayContext, withSpan } from './overlay-context.js';
import { extract, extractEnvironment, extractHeaders, type RequestHeaders } from './propagation.js';

/** The inbound operation that is being handled. */
const HANDLING = createContextKey('mcp-trail operation being handled');
/** The operation whose `input_required` result is being answered. */
const CONTINUED = createContextKey('mcp-trail operation to be continued');

export function withHandling(base: Context, operation: Operation): Context {
  return new OverlayContext(base, HANDLING, operation);
}

export function handledIn(active: Context): Operation | undefined {
  return (active.getValue(HANDLING) as Operation | undefined) ?? handling.getStore();
}

/** Finds the handled operation without an OpenTelemetry SDK, which would keep contexts. */
const handling = processStore<Operation>('handling');
const PROBE = ROOT_CONTEXT.setValue(createContextKey('mcp-trail probe'), true);

/** Calls a handler so that `handledIn` works without an SDK, too. */
export function whileHandling<A extends unknown[], R>(operation: Operation, handle: (...args: A) => R, ...args: A): R {
  if (context.with(PROBE, () => context.active() === PROBE)) return handle(...args);
  return handling.run(operation, handle, ...args);
}

/** The latest round: the SDK runs all rounds in one function, in the context of the first answer. */
export function continuedIn(active: Context): Operation | undefined {
  let operation = active.getValue(CONTINUED) as Operation | undefined;
  while (operation?.nextRound !== undefined) operation = operation.nextRound;
  return operation;
}

/** A new round replaces the one that is continued. */
export function continueWith(active: Context, operation: Operation): void {
  const continued = continuedIn(active);
  if (continued?.method === operation.method) continued.nextRound = operation;
}

/**
 * The context in which a client answers an `input_required` result: what it handles and sends there continues the
 * operation. Without a span of the caller, the first round's span is the parent of the others.
 */
export function continuationContext(operation: Operation): Context {
  const { callerContext, span } = operation;
  const base =
    trace.getSpan(decisive(callerContext)) === undefined ? trace.setSpan(callerContext, span) : callerContext;
  return base.setValue(CONTINUED, operation);
}

/** Spans of ours, while those of the application go elsewhere. */
const ours = new WeakSet<Span>();

/** Remembers a span that was started, for {@link decisive}. */
export function noteOurs(span: Span): void {
  if (spansPartWays()) ours.add(span);
}

/**
 * The context for parents of our spans. Where the application's spans go to another SDK, one that was not sampled there, or
 * is only a placeholder, says nothing about ours: the operation that is being handled takes its place. A sampled one is a
 * parent, without its trace state, which is for the application's vendor and not for those who get our messages.
 */
export function decisive(active: Context): Context {
  const span = trace.getSpan(active);
  if (span === undefined || ours.has(span) || !spansPartWays()) return active;
  const around = handledIn(active)?.span;
  const { traceFlags, traceId, traceState, ...rest } = span.spanContext();
  if ((traceFlags & TraceFlags.SAMPLED) === 0)
    return around === undefined ? trace.deleteSpan(active) : withSpan(active, around);
  const known = around?.spanContext();
  const passedOn = known?.traceId === traceId ? known.traceState : undefined;
  if (traceState === passedOn) return active;
  const parent = { ...rest, traceId, traceFlags, ...(passedOn !== undefined && { traceState: passedOn }) };
  return withSpan(active, trace.wrapSpanContext(parent));
}

/** The parent of an inbound span, and links to other contexts. */
export interface InboundParent {
  readonly context: Context;
  readonly links: readonly Link[] | undefined;
}

/** Candidates for the parent of an inbound message. */
interface InboundContext {
  readonly connection: ConnectionInfo;
  readonly ambient: Context;
  readonly meta: Record<string, unknown> | undefined;
  readonly headers: RequestHeaders | undefined;
  readonly trust: 'parent' | 'link';
}

/** `_meta`, then the ambient context, then the HTTP headers or the environment. */
export function inboundParent({ connection, ambient, meta, headers, trust }: InboundContext): InboundParent {
  const base = trust === 'link' ? ROOT_CONTEXT : ambient;
  if (meta === undefined && headers === undefined && !connection.servesStdio)
    return { context: ambient, links: undefined };
  let extracted = meta === undefined ? base : extract(base, meta);
  if (trace.getSpan(extracted) === trace.getSpan(base) && !hasSpan(ambient)) {
    const around = surroundings(connection, base, headers);
    if (around !== base) extracted = meta === undefined ? around : extract(around, meta);
  }
  if (trust === 'link') return { context: ambient, links: linkTo(extracted) };
  // Link the span of the HTTP request if it is not the parent.
  const overHttp = connection.kind.name === 'http' && connection.role !== 'client';
  const replaced = overHttp && trace.getSpan(extracted) !== trace.getSpan(ambient);
  return { context: extracted, links: replaced ? linkTo(ambient) : undefined };
}

/** The context around a message: HTTP headers or environment. */
function surroundings(connection: ConnectionInfo, base: Context, headers: RequestHeaders | undefined): Context {
  if (headers !== undefined) return extractHeaders(base, headers);
  return connection.servesStdio ? extractEnvironment(base) : base;
}

/** The parent of outbound messages. A stdio server that handles nothing acts for its parent process. */
export function outboundParent(connection: ConnectionInfo, active: Context, trust: 'parent' | 'link'): Context {
  const own = connection.servesStdio && trust === 'parent' && !hasSpan(active);
  return own ? extractEnvironment(active) : active;
}

/** Id of the parent of a span that was started in a context; undefined for a root, and for a span that stands for its parent. */
export function parentIdOf(span: Span, parent: Context): string | undefined {
  const context = trace.getSpanContext(parent);
  if (context === undefined || !isSpanContextValid(context)) return undefined;
  const { traceId, spanId } = span.spanContext();
  return context.traceId === traceId && context.spanId !== spanId ? context.spanId : undefined;
}

/**
 * The surroundings of a message that a server behind this process sends: the request that it belongs to. That is the one that
 * it reports on, the call that made its task, or the only one that is open; with several, links show them.
 */
export function relayedFrom(
  connection: Connection,
  { row, params, task }: RequestFacts,
  madeBy: SpanContext | undefined,
): { readonly active: Context; readonly links: readonly Link[] | undefined } {
  const token = row.refersTo === 'progressToken' ? asRecord(params)?.['progressToken'] : undefined;
  const named = typeof token === 'string' || typeof token === 'number' ? connection.find('inbound', token) : undefined;
  if (task !== undefined && madeBy !== undefined) {
    return { active: trace.setSpanContext(ROOT_CONTEXT, madeBy), links: undefined };
  }
  const open = named === undefined ? connection.oldestInbound(MAX_LINKS) : [named];
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return { active: only.context, links: undefined };
  const links = open.flatMap(({ context }) => linkTo(context) ?? []);
  return { active: ROOT_CONTEXT, links: links.length === 0 ? undefined : links };
}

/** The default limit of OpenTelemetry's SDKs. */
const MAX_LINKS = 128;

/** Non-recording stand-in for the span of an ignored operation. */
export function spanOfCaller(parent: Context): Span {
  return trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
}

function hasSpan(context: Context): boolean {
  const spanContext = trace.getSpanContext(context);
  return spanContext !== undefined && isSpanContextValid(spanContext);
}

/** The active context, if it belongs to the message. */
export function ambientOf({ kind, role }: ConnectionInfo, active: Context): Context {
  if (!kind.ambientIsCaller) return ROOT_CONTEXT;
  if (role !== 'client') return active;
  // The HTTP stream of a client keeps the context of the request that opened it, which may have ended.
  return trace.getSpan(active)?.isRecording() ? active : ROOT_CONTEXT;
}

function linkTo(target: Context): readonly Link[] | undefined {
  const context = trace.getSpanContext(target);
  return context !== undefined && isSpanContextValid(context) ? [{ context }] : undefined;
}

/** An active span of a GenAI instrumentation for this tool call. */
export function executeToolSpan(active: Context, { row, target }: RequestFacts): Span | undefined {
  if (row.operationName === undefined || row.target === undefined) return undefined;
  const span = trace.getSpan(active);
  // The API hides attributes; spans of the SDK expose them.
  const attributes = asRecord((span as { attributes?: unknown } | undefined)?.attributes);
  const matches =
    attributes?.[ATTR_GEN_AI_OPERATION_NAME] === row.operationName && attributes[row.target.attribute] === target;
  return matches && span?.isRecording() ? span : undefined;
}
