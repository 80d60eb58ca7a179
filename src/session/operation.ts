/** One MCP operation: a request or notification on its way, from the first sight of the message to its end. */
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { RequestId } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import type { ConnectionInfo, Direction } from './connection-info.js';
import type { Outcome } from './outcome.js';
import type { Template } from './template.js';

/** Where open operations are listed. */
export interface OpenList {
  remove(operation: Operation): void;
}

interface OperationInit {
  readonly template: Template;
  readonly method: string;
  readonly id: RequestId | undefined;
  readonly startedAt: number;
  readonly span: Span;
  readonly context: Context;
  readonly callerContext: Context;
}

/** Mutable state of an open operation. Fields only; `emit/pipeline.ts` is what moves it. */
export class Operation {
  /** False once it has ended: an operation ends exactly once. */
  open = true;
  /** The connection that lists it as open: an answered request leaves the list before it has ended. */
  listedIn: OpenList | undefined;
  /** The method as it stands on the wire, unless that is far too long. */
  readonly method: string;
  /** Absent for notifications and for requests embedded in a result. */
  readonly id: RequestId | undefined;
  template: Template;
  /** Milliseconds of the pipeline's clock. */
  readonly startedAt: number;
  readonly span: Span;
  /** False when the span belongs to somebody else and must not be ended here. */
  ownsSpan = true;
  /** The context in which the message is sent or handled: the span is active in it. */
  context: Context;
  /** The context the operation was started from: its answer is delivered there. */
  readonly callerContext: Context;
  /** What the wire said, kept while the caller's promise may still turn it into something else. */
  answer: Outcome | undefined;
  /** How it ended, once that is told before the message that says so leaves. */
  concluded: Outcome | undefined;
  /** The trace context an inbound message came with: tells a forwarded one from one that the application chose. */
  inboundTraceContext: string | undefined;
  /** The baggage it came with, for the same reason. */
  inboundBaggage: string | undefined;
  /** Aborted when the peer of an HTTP request went away. */
  peerSignal: AbortSignal | undefined;
  /** Which round of a multi-round call this is; the first is 1. Nothing where that is not known. */
  round: number | undefined = 1;
  /** The first round's span, which later rounds link to. */
  firstRound: SpanContext | undefined;
  /** The round that this one's result has led to. */
  nextRound: Operation | undefined;
  /** A listen stream that the server has acknowledged. */
  acknowledged = false;
  /** A task's request that waits in the protocol's queue: it has a span, and has not been sent. */
  queued = false;
  /** Whether the caller's promise decides how it ends. */
  awaited = false;
  /** What waits for that promise. */
  waiting: { operation: Operation | undefined } | undefined;
  /** What connects it with everything else that was done for the same request of a user. Known where it is audited. */
  correlation: string | undefined;
  /** What its sender said that id is, where that is not taken on trust. */
  claimedCorrelation: string | undefined;
  /** What the audit trail keeps with it. */
  auditEntry: object | undefined;

  constructor({ template, method, id, startedAt, span, context, callerContext }: OperationInit) {
    this.template = template;
    this.method = kept(method);
    this.id = kept(id);
    this.startedAt = startedAt;
    this.span = span;
    this.context = context;
    this.callerContext = callerContext;
  }

  /** Whether it has no span and no measurement: its span is the caller's, if any, and not to be written to. */
  get ignored(): boolean {
    return this.template.facts.ignored;
  }

  /** Whether this side sent the message (span kind CLIENT) or received it (SERVER). */
  get direction(): Direction {
    return this.template.facts.direction;
  }

  get connection(): ConnectionInfo {
    return this.template.facts.connection;
  }

  get row(): MethodRow {
    return this.template.facts.row;
  }
}

/** A longer name is hostile. */
const MAX_NAME_LENGTH = 256;

/** The name itself; of a hostile one its length and a copy of its start, so that nothing keeps a megabyte alive. */
export function kept<T extends string | number | undefined>(name: T): T | string {
  if (typeof name !== 'string' || name.length <= MAX_NAME_LENGTH) return name;
  return `${name.length}:${Buffer.from(name.slice(0, 128)).toString('latin1')}`;
}
