/** One MCP operation: a request or notification on its way, from the first sight of the message to its end. */
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { Template } from '../describe/template.js';
import type { RequestId } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import type { Connection } from './connection.js';
import type { Outcome } from './outcome.js';

/** What an operation starts with. */
export type OperationInit = Pick<
  Operation,
  | 'sent'
  | 'connection'
  | 'method'
  | 'row'
  | 'id'
  | 'template'
  | 'startedAt'
  | 'span'
  | 'ownsSpan'
  | 'context'
  | 'callerContext'
>;

/** Mutable state of an open operation. Fields only; `emit/pipeline.ts` is what moves it. */
export class Operation {
  /** False once it has ended: an operation ends exactly once. */
  open = true;
  /** Whether this side sent the message (span kind CLIENT) or received it (SERVER). */
  readonly sent: boolean;
  readonly connection: Connection;
  readonly method: string;
  readonly row: MethodRow;
  /** Absent for notifications and for requests embedded in a result. */
  readonly id: RequestId | undefined;
  template: Template;
  /** Milliseconds of the pipeline's clock. */
  readonly startedAt: number;
  readonly span: Span;
  /** False when the span belongs to somebody else and must not be ended here. */
  readonly ownsSpan: boolean;
  /** The context in which the message is sent or handled: the span is active in it. */
  context: Context;
  /** The context the operation was started from: its answer is delivered there. */
  readonly callerContext: Context;
  /** What the wire said, kept while the caller's promise may still turn it into something else. */
  answer: Outcome | undefined;
  /** The `_meta` an inbound message came with: tells a forwarded trace context from one the application chose. */
  inboundMeta: Record<string, unknown> | undefined;
  /** Aborted when the peer of an HTTP request went away. */
  peerSignal: AbortSignal | undefined;
  /** Which round of a multi-round call this is; the first is 1. */
  round = 1;
  /** The first round's span, which later rounds link to. */
  firstRound: SpanContext | undefined;
  /** A listen stream that the server has acknowledged. */
  acknowledged = false;
  /** A task's request that waits in the protocol's queue: it has a span, and has not been sent. */
  queued = false;
  /** Whether the caller's promise decides how it ends. */
  awaited = false;

  constructor(init: OperationInit) {
    this.sent = init.sent;
    this.connection = init.connection;
    this.method = init.method;
    this.row = init.row;
    this.id = init.id;
    this.template = init.template;
    this.startedAt = init.startedAt;
    this.span = init.span;
    this.ownsSpan = init.ownsSpan;
    this.context = init.context;
    this.callerContext = init.callerContext;
  }
}
