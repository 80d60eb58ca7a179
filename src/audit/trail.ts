/**
 * The trail of a process: finishes every record and delivers it, once. Started and stopped records mark its beginning
 * and end.
 */
import { type Context, isSpanContextValid, type Span } from '@opentelemetry/api';
import type { LogsTarget } from '../emit/logger-provider.js';
import { hrTime, rfc3339 } from '../lib/clock.js';
import { isQuiet, mcpSeen } from '../report/quiet.js';
import { AUDIT_SCHEMA_VERSION, type AuditEventName } from '../semconv/audit-record.js';
import { Delivery, type Finished, type Sink, type SinkName } from './lost-records.js';
import { HandOver } from './record-before-answer.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { write } from './record-text.js';
import { SEVERITIES, type Severity } from './status.js';

/** An event to record; the trail adds the common fields. */
export interface Event {
  readonly name: AuditEventName;
  readonly severity: Severity;
  /** Redacted. Owned by the trail from here on. */
  readonly fields: RecordFields;
  /** Milliseconds since 1970; default now. */
  readonly time?: number | undefined;
  readonly trace?: Trace | undefined;
  readonly target?: LogsTarget | undefined;
}

/** A pipeline that may have open operations. */
export interface Ending {
  endOpen(): void;
  shutdown(): void;
}

/** A place in a trace, sampled or not. */
export interface Trace {
  readonly context: Context;
  readonly traceId: string;
  readonly spanId: string;
}

/** The place of a record in the trace of a span, sampled or not; undefined outside of any trace. */
export function traceOf(context: Context, span: Span | undefined): Trace | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return { context, traceId: spanContext.traceId, spanId: spanContext.spanId };
}

export interface TrailOptions {
  /** Identifies the trail across copies of this package. */
  readonly key: string;
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  readonly newId: () => string;
  /** `service.name` and the like. */
  readonly resource: () => FieldValues;
}

const MAX_ENDINGS = 1000;

export class Trail {
  /** Records that must exist before an answer leaves. */
  readonly handOver = new HandOver();
  readonly #options: TrailOptions;
  /** Targets of its recorders. */
  readonly #users: (LogsTarget | undefined)[] = [];
  readonly #openings = new Map<string, () => void>();
  readonly #endings = new Set<Ending>();
  #startedAt: number | undefined;
  #announced = false;
  readonly #delivery: Delivery;
  #onLost: ((sink: SinkName, cause: string) => void) | undefined;

  constructor(options: TrailOptions) {
    this.#options = options;
    const { sinks, now } = options;
    this.#delivery = new Delivery({
      sinks,
      now,
      gapRecord: (values) =>
        this.#finish({ ...this.#ofAuditing('mcp_audit.gap', 'failure', values), target: this.#users.at(-1) }),
      onLost: (sink, cause) => this.#onLost?.(sink, cause),
    });
  }

  get key(): string {
    return this.#options.key;
  }

  now(): number {
    return this.#options.now();
  }

  newId(): string {
    return this.#options.newId();
  }

  /**
   * A recorder starts. The started record follows with the first record at the latest.
   * @param onLost counts lost records; the newest recorder counts
   */
  start(target?: LogsTarget, onLost?: (sink: SinkName, cause: string) => void): void {
    this.#users.push(target);
    this.#onLost = onLost ?? this.#onLost;
    this.#startedAt ??= this.now();
  }

  /** Writes the started record, once. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#startedAt ??= this.now();
    this.#pass(this.#ofAuditing('mcp_audit.started', 'success', {}, this.#startedAt));
    for (const say of this.#openings.values()) say();
  }

  /** Records something once, right after the started record: while a process starts, no provider may be registered. */
  opening(what: string, say: () => void): void {
    if (this.#openings.has(what)) return;
    this.#openings.set(what, say);
    if (this.#announced) say();
  }

  record(event: Event): void {
    mcpSeen();
    this.announce();
    this.#pass(event);
  }

  /** A recorder stops; the last one ends the trail. A later record reopens the trail. */
  stop(target?: LogsTarget): void {
    const at = this.#users.indexOf(target);
    if (at !== -1) this.#users.splice(at, 1);
    if (this.#users.length === 0) this.end(target);
    else if (target !== undefined && !this.#users.includes(target)) {
      this.#delivery.leave(this.#finish({ ...this.#ofAuditing('mcp_audit.stopped', 'success'), target }));
    }
  }

  /** Ends a pipeline before the trail, for its last records. Bounded; the oldest are not ended. */
  endingWith(observed: Ending): void {
    this.#endings.add(observed);
    for (const oldest of this.#endings) {
      if (this.#endings.size <= MAX_ENDINGS) break;
      this.#endings.delete(oldest);
    }
  }

  /** Ends open operations; pipelines go on. */
  endOpen(): void {
    for (const observed of [...this.#endings]) observed.endOpen();
  }

  /** Ends all pipelines. */
  shutdown(): void {
    const endings = [...this.#endings];
    this.#endings.clear();
    for (const observed of endings) observed.shutdown();
  }

  /** Ends the trail because the process ends. A later record reopens it. Without MCP there is nothing to end. */
  end(target = this.#users.at(-1)): void {
    this.handOver.flush();
    if (this.#startedAt === undefined || isQuiet()) return;
    this.announce();
    this.#delivery.end(() => this.#finish({ ...this.#ofAuditing('mcp_audit.stopped', 'success'), target }));
    this.#startedAt = undefined;
    this.#announced = false;
  }

  close(): void {
    this.end();
    this.#users.length = 0;
    this.#delivery.close();
  }

  /** A record about auditing itself. */
  #ofAuditing(
    name: 'mcp_audit.started' | 'mcp_audit.stopped' | 'mcp_audit.gap',
    outcome: 'success' | 'failure',
    values: FieldValues = {},
    time = this.now(),
  ): Event {
    const fields = new RecordFields().add({
      'audit.action': 'UPDATE',
      'audit.outcome': outcome,
      'audit.target.type': 'config',
      'audit.target.id': 'audit',
      'audit.actor.id': 'mcp-trail',
      'audit.actor.type': 'system',
      'mcp_audit.actor.source': 'none',
      'mcp_audit.correlation.id': this.newId(),
      ...values,
    });
    return { name, severity: outcome === 'success' ? 'INFO' : 'ERROR', fields, time };
  }

  #pass(event: Event): void {
    this.#delivery.pass(this.#finish(event));
  }

  #finish({ name, severity, fields, time = this.now(), trace, target }: Event): Finished {
    const { now, newId, resource } = this.#options;
    const observed = now();
    fields.add(resource()).add({
      time: rfc3339(time),
      observed_time: rfc3339(observed),
      event_name: name,
      severity_number: SEVERITIES[severity],
      severity_text: severity,
      trace_id: trace?.traceId,
      span_id: trace?.spanId,
      'audit.record.id': newId(),
      'audit.schema.version': AUDIT_SCHEMA_VERSION,
    });
    return {
      name,
      severity,
      fields,
      text: write(fields),
      timestamp: hrTime(time),
      observedTimestamp: hrTime(observed),
      context: trace?.context,
      target,
    };
  }
}
