/**
 * The trail of one process: every record is finished here, and passes here, once, on its way to delivery. Auditing has a
 * beginning and an end, which are records themselves.
 */
import { type Context, isSpanContextValid, type Span } from '@opentelemetry/api';
import type { LogsTarget } from '../emit/logger-provider.js';
import { hrTime, rfc3339 } from '../lib/clock.js';
import { isQuiet, mcpSeen } from '../report/quiet.js';
import { AUDIT_SCHEMA_VERSION, type AuditEventName } from '../semconv/audit-record.js';
import { Delivery, type Finished, type Sink, type SinkName } from './delivery.js';
import { HandOver } from './hand-over.js';
import { type FieldValues, RecordFields } from './record-fields.js';
import { write } from './record-text.js';
import { SEVERITIES, type Severity } from './status.js';

/** What is said of one event; the trail adds what every record has. */
export interface Event {
  readonly name: AuditEventName;
  readonly severity: Severity;
  /** Redacted. The trail's from here on: it adds what every record has. */
  readonly fields: RecordFields;
  /** Milliseconds since 1970; now, where it is not given. */
  readonly time?: number | undefined;
  readonly trace?: Trace | undefined;
  readonly target?: LogsTarget | undefined;
}

/** Something that observes, and has what is open. */
export interface Ending {
  endOpen(): void;
  shutdown(): void;
}

/** The place in a trace, sampled or not. */
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
  /** Tells it from other trails, also from outside of this copy of the package. */
  readonly key: string;
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  readonly newId: () => string;
  /** `service.name` and its like. */
  readonly resource: () => FieldValues;
}

const MAX_ENDINGS = 1000;

export class Trail {
  /** What has to be on record before something leaves. */
  readonly handOver = new HandOver();
  readonly #options: TrailOptions;
  /** The targets of the recorders that write to it. */
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
   * An recorder begins; the record that says so of the first is written before the first other one at the latest.
   * @param onLost counts records that are lost; of several recorders, the newest counts
   */
  start(target?: LogsTarget, onLost?: (sink: SinkName, cause: string) => void): void {
    this.#users.push(target);
    this.#onLost = onLost ?? this.#onLost;
    this.#startedAt ??= this.now();
  }

  /** Writes the record that auditing has begun, unless that is done. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#startedAt ??= this.now();
    this.#pass(this.#ofAuditing('mcp_audit.started', 'success', {}, this.#startedAt));
    for (const say of this.#openings.values()) say();
  }

  /**
   * Has something said once, right after the beginning: while a process starts, nobody may be there yet to take records.
   */
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

  /** An recorder ends, and with the last of them auditing. A record that comes after all begins it again. */
  stop(target?: LogsTarget): void {
    const at = this.#users.indexOf(target);
    if (at !== -1) this.#users.splice(at, 1);
    if (this.#users.length === 0) this.end(target);
    else if (target !== undefined && !this.#users.includes(target)) {
      this.#delivery.leave(this.#finish({ ...this.#ofAuditing('mcp_audit.stopped', 'success'), target }));
    }
  }

  /** Has something ended before the trail is, which may have last records. Of very many, the oldest are not. */
  endingWith(observed: Ending): void {
    this.#endings.add(observed);
    for (const oldest of this.#endings) {
      if (this.#endings.size <= MAX_ENDINGS) break;
      this.#endings.delete(oldest);
    }
  }

  /** Ends what is open, and goes on. */
  endOpen(): void {
    for (const observed of [...this.#endings]) observed.endOpen();
  }

  /** Ends what observes. */
  shutdown(): void {
    const endings = [...this.#endings];
    this.#endings.clear();
    for (const observed of endings) observed.shutdown();
  }

  /**
   * Auditing ends, whoever audits: the process does. A record that comes after all begins it again. Where no MCP was
   * seen, there was nothing to audit.
   */
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
