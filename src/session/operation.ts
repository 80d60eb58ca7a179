/** An MCP operation: a request or notification, from its message to its end. */
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { RequestId } from '../protocol/jsonrpc.js';
import type { MethodRow } from '../protocol/methods.js';
import type { ConnectionInfo, Direction } from './connection-info.js';
import type { Outcome } from './outcome.js';
import type { Refusal } from './refusal.js';
import type { Template } from './template.js';

/** A list of open operations. */
export interface OpenList {
  remove(operation: Operation): void;
}

/** What a `mcp-trail wrap` in front of this server observes itself. */
export interface Observed {
  /** It has a span, and is measured. */
  readonly hasSpan: boolean;
  /** The audit trail has its request and response. */
  readonly hasRecords: boolean;
  /** The id of these records. */
  readonly operationId: string | undefined;
}

interface OperationInit {
  readonly template: Template;
  readonly method: string;
  readonly id: RequestId | undefined;
  readonly startedAt: number;
  readonly span: Span;
  readonly context: Context;
  readonly callerContext: Context;
  readonly observed: Observed | undefined;
}

/** State of an open operation. Fields only: `emit/pipeline.ts` changes them. */
export class Operation {
  /** False once ended. Operations end exactly once. */
  open = true;
  /** The list that holds it; answered requests leave the list before they end. */
  listedIn: OpenList | undefined;
  /** The method on the wire; shortened if hostile. */
  readonly method: string;
  /** Undefined for notifications and requests embedded in results. */
  readonly id: RequestId | undefined;
  template: Template;
  /** Milliseconds of the pipeline's clock. */
  readonly startedAt: number;
  readonly span: Span;
  /** False for spans of other instrumentations, which are not ended here. */
  ownsSpan = true;
  /** The context in which the message is sent or handled, with the span. */
  context: Context;
  /** The context in which the answer is delivered. */
  readonly callerContext: Context;
  /** A process in front of this one observes it. */
  readonly observed: Observed | undefined;
  /** The outcome on the wire; the caller's promise may still change it. */
  answer: Outcome | undefined;
  /** The outcome, once recorded before the response is sent. */
  concluded: Outcome | undefined;
  /** Trace context of the inbound message, to recognise it when the application forwards it. */
  inboundTraceContext: string | undefined;
  /** Baggage of the inbound message, for the same reason. */
  inboundBaggage: string | undefined;
  /** Aborted when the HTTP client disconnects. */
  peerSignal: AbortSignal | undefined;
  /** Round of a multi-round call, from 1; undefined if unknown. */
  round: number | undefined = 1;
  /** Span of the first round, which later rounds link to. */
  firstRound: SpanContext | undefined;
  /** The next round. */
  nextRound: Operation | undefined;
  /** The server has acknowledged this listen stream. */
  acknowledged = false;
  /** A request of a task that waits in the queue of the protocol: its span has started, the message is not sent. */
  queued = false;
  /** The caller's promise decides the outcome. */
  awaited = false;
  /** What waits for that promise. */
  waiting: { operation: Operation | undefined } | undefined;
  /** Takes it from the number of active operations. */
  leaveActive: (() => void) | undefined;
  /** Bytes of the request and of its response, where they are measured. */
  requestSize: number | undefined;
  responseSize: number | undefined;
  /** Id of the parent of its span, while an audit trail is kept. */
  parentSpanId: string | undefined;
  /** Correlation id, while an audit trail is kept. */
  correlation: string | undefined;
  /** Correlation id that an untrusted sender claims. */
  claimedCorrelation: string | undefined;
  /** Set if it is a request that must be neither handled nor sent. */
  refusal: Refusal | undefined;
  /** Resolves once its latest record is on disk, with why it is refused if that failed. Never rejects. */
  onDisk: Promise<Refusal | undefined> | undefined;
  /** Entry of the audit trail. */
  auditEntry: object | undefined;

  constructor({ template, method, id, startedAt, span, context, callerContext, observed }: OperationInit) {
    this.template = template;
    this.method = kept(method);
    this.id = kept(id);
    this.startedAt = startedAt;
    this.span = span;
    this.context = context;
    this.callerContext = callerContext;
    this.observed = observed;
  }

  /** It has no span and no measurement: `span` is the caller's and must not be written to. */
  get ignored(): boolean {
    return this.template.facts.ignored || this.observed?.hasSpan === true;
  }

  /** Outbound operations have spans of kind CLIENT, inbound ones SERVER. */
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

/** Longer names are hostile. */
const MAX_NAME_LENGTH = 256;

/**
 * A name to keep. Hostile ones are reduced to their length and a copy of their start, which keeps no large string
 * alive.
 */
export function kept<T extends string | number | undefined>(name: T): T | string {
  if (typeof name !== 'string' || name.length <= MAX_NAME_LENGTH) return name;
  return `${name.length}:${Buffer.from(name.slice(0, 128)).toString('latin1')}`;
}
