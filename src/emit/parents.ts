/** Which context an operation's span starts in, and what else contexts carry for us. */
import {
  type Context,
  context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { processStore } from '../lib/process-store.js';
import { asRecord } from '../protocol/jsonrpc.js';
import { ATTR_GEN_AI_OPERATION_NAME } from '../semconv/attributes.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import { OverlayContext } from './overlay-context.js';
import { extract, extractEnvironment, extractHeaders, type RequestHeaders } from './propagation.js';

/** The inbound operation whose handler is running. */
const HANDLING = createContextKey('mcp-trail operation being handled');
/** The operation whose `input_required` result is being acted upon. */
const CONTINUED = createContextKey('mcp-trail operation to be continued');

export function withHandling(base: Context, operation: Operation): Context {
  return new OverlayContext(base, HANDLING, operation);
}

export function handledIn(active: Context): Operation | undefined {
  return (active.getValue(HANDLING) as Operation | undefined) ?? handling.getStore();
}

/** Without an OpenTelemetry SDK nothing keeps a context; what handles an operation is found all the same. */
const handling = processStore<Operation>('handling');
const PROBE = ROOT_CONTEXT.setValue(createContextKey('mcp-trail probe'), true);

/** Calls what handles an inbound operation, where contexts are of no use so that it can be told which it is. */
export function whileHandling<A extends unknown[], R>(operation: Operation, handle: (...args: A) => R, ...args: A): R {
  if (context.with(PROBE, () => context.active() === PROBE)) return handle(...args);
  return handling.run(operation, handle, ...args);
}

/** The latest round: the SDK plays all of them in one function, which stays in the context of the first answer. */
export function continuedIn(active: Context): Operation | undefined {
  let operation = active.getValue(CONTINUED) as Operation | undefined;
  while (operation?.nextRound !== undefined) operation = operation.nextRound;
  return operation;
}

/** Another round of the same call has begun: what the SDK does from now on continues that one. */
export function continueWith(active: Context, operation: Operation): void {
  const continued = continuedIn(active);
  if (continued?.method === operation.method) continued.nextRound = operation;
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

/** The parent of an inbound message's span, and what has to be linked because it is not the parent. */
export interface InboundParent {
  readonly context: Context;
  readonly links: readonly Link[] | undefined;
}

/** Where the parent of an inbound message is looked for. */
interface InboundContext {
  readonly connection: ConnectionInfo;
  readonly ambient: Context;
  readonly meta: Record<string, unknown> | undefined;
  readonly headers: RequestHeaders | undefined;
  readonly trust: 'parent' | 'link';
}

/** `_meta` first, then the ambient context, then the headers of the request or the environment of the process. */
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
  // The span of the HTTP request is not the parent then, but it must stay findable.
  const overHttp = connection.kind.name === 'http' && connection.role !== 'client';
  const replaced = overHttp && trace.getSpan(extracted) !== trace.getSpan(ambient);
  return { context: extracted, links: replaced ? linkTo(ambient) : undefined };
}

/** What came with a message, and not in it. */
function surroundings(connection: ConnectionInfo, base: Context, headers: RequestHeaders | undefined): Context {
  if (headers !== undefined) return extractHeaders(base, headers);
  return connection.servesStdio ? extractEnvironment(base) : base;
}

/** The parent of what is sent: a stdio server that does it of its own accord does it for whoever started it. */
export function outboundParent(connection: ConnectionInfo, active: Context, trust: 'parent' | 'link'): Context {
  const own = connection.servesStdio && trust === 'parent' && !hasSpan(active);
  return own ? extractEnvironment(active) : active;
}

/** Stands in for the span of an operation that has none: says where it belongs, and takes nothing. */
export function spanOfCaller(parent: Context): Span {
  return trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
}

function hasSpan(context: Context): boolean {
  const spanContext = trace.getSpanContext(context);
  return spanContext !== undefined && isSpanContextValid(spanContext);
}

/** What is active, if that belongs to the message. */
export function ambientOf({ kind, role }: ConnectionInfo, active: Context): Context {
  if (!kind.ambientIsCaller) return ROOT_CONTEXT;
  if (role !== 'client') return active;
  // A client's HTTP stream keeps the context of the request that opened it: no parent once that has ended.
  return trace.getSpan(active)?.isRecording() ? active : ROOT_CONTEXT;
}

function linkTo(target: Context): readonly Link[] | undefined {
  const context = trace.getSpanContext(target);
  return context !== undefined && isSpanContextValid(context) ? [{ context }] : undefined;
}

/** An active span that already stands for this tool call, made by a GenAI instrumentation. */
export function executeToolSpan(active: Context, { row, target }: RequestFacts): Span | undefined {
  if (row.operationName === undefined || row.target === undefined) return undefined;
  const span = trace.getSpan(active);
  // The API does not let a span be read; the SDK's spans hold their attributes in the open.
  const attributes = asRecord((span as { attributes?: unknown } | undefined)?.attributes);
  const matches =
    attributes?.[ATTR_GEN_AI_OPERATION_NAME] === row.operationName && attributes[row.target.attribute] === target;
  return matches && span?.isRecording() ? span : undefined;
}
