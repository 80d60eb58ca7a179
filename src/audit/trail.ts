/**
 * The trail of a process: finishes every record, as the next of its chain, and delivers it, once. Started and stopped
 * records mark its beginning and end.
 */
import { type Context, isSpanContextValid, type Span } from '@opentelemetry/api';
import type { LogsTarget } from '../emit/logger-provider.js';
import { hrTime, rfc3339 } from '../lib/clock.js';
import { isQuiet, mcpSeen } from '../report/quiet.js';
import { AUDIT_SCHEMA_VERSION, type AuditEventName } from '../semconv/audit-record.js';
import { Chain } from './chain.js';
import { Checkpoints, type Vouching } from './checkpoints.js';
import { Delivery, type Finished, type Sink } from './lost-records.js';
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
  /** About the trail as a whole: for every target that has records of it. */
  readonly forAll?: boolean;
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
  readonly parentSpanId?: string | undefined;
}

/** The place of a record in the trace of a span, sampled or not; undefined outside of any trace. */
export function traceOf(context: Context, span: Span | undefined, parentSpanId?: string): Trace | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return { context, traceId: spanContext.traceId, spanId: spanContext.spanId, parentSpanId };
}

export interface TrailOptions extends Vouching {
  /** Identifies the trail across copies of this package. */
  readonly key: string;
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  readonly newId: () => string;
  /** `service.name` and the like. */
  readonly resource: () => FieldValues;
  /** A record is made. */
  readonly onRecord?: () => void;
}

const MAX_ENDINGS = 1000;
/** In one record: the first time that there is a limit, there may be thousands. */
const MAX_DELETED = 100;

/** The severities of records about auditing itself. */
const OF_AUDITING = {
  'mcp_audit.started': 'INFO',
  'mcp_audit.stopped': 'INFO',
  'mcp_audit.gap': 'ERROR',
  'mcp_audit.retention': 'INFO',
  'mcp_audit.unobserved': 'WARN',
  'mcp_audit.checkpoint': 'INFO',
  'mcp_audit.key.rotated': 'INFO',
} as const satisfies Partial<Record<AuditEventName, Severity>>;

export class Trail {
  /** Records that must be written before a response is sent. */
  readonly handOver = new HandOver();
  readonly #options: TrailOptions;
  /** Targets of its recorders. */
  readonly #users: (LogsTarget | undefined)[] = [];
  readonly #openings = new Map<string, () => void>();
  readonly #endings = new Set<Ending>();
  #startedAt: number | undefined;
  #announced = false;
  readonly #chain: Chain;
  readonly #checkpoints: Checkpoints;
  readonly #delivery: Delivery;
  #onLost: ((sink: string, cause: string) => void) | undefined;

  constructor(options: TrailOptions) {
    this.#options = options;
    const { sinks, now, signer, secondPlace } = options;
    const chain = new Chain(options.newId());
    this.#chain = chain;
    this.#checkpoints = new Checkpoints({
      chain,
      now,
      signer,
      secondPlace,
      write: (kind, values, time) =>
        this.#pass({ ...this.#ofAuditing(kind, values, time), target: this.#users.at(-1), forAll: true }).text,
    });
    this.#delivery = new Delivery({
      sinks,
      now,
      gapRecord: (values) => this.#finish({ ...this.#ofAuditing('mcp_audit.gap', values), target: this.#users.at(-1) }),
      onTold: () => this.#checkpoints.gapTold(),
      takeBack: (finished) => chain.takeBack(finished),
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
  start(target?: LogsTarget, onLost?: (sink: string, cause: string) => void): void {
    this.#users.push(target);
    this.#onLost = onLost ?? this.#onLost;
    this.#startedAt ??= this.now();
  }

  /** Writes the started record, once. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    const isNew = this.#chain.size === 0;
    this.#startedAt ??= this.now();
    this.#pass(
      this.#ofAuditing('mcp_audit.started', { 'mcp_audit.key.id': this.#checkpoints.key?.id }, this.#startedAt),
    );
    for (const say of this.#openings.values()) say();
    // A process that is killed before the next one leaves a chain that can be proven.
    if (isNew) this.#checkpoints.write();
  }

  /** Records something once, right after the started record: while a process starts, no provider may be registered. */
  opening(what: string, say: () => void): void {
    if (this.#openings.has(what)) return;
    this.#openings.set(what, say);
    if (this.#announced) say();
  }

  /** Returns whether a durable sink has kept it. */
  record(event: Event): boolean {
    mcpSeen();
    this.announce();
    const isKept = this.#deliver(this.#finish(event));
    this.#tellDeleted();
    return isKept;
  }

  /** Resolves once all records so far are on disk, with whether that worked; undefined if nothing waits for that. */
  onDisk(): Promise<boolean> | undefined {
    return this.#delivery.onDisk();
  }

  /** Records that MCP passes the trail by. */
  unobserved(values: FieldValues, target: LogsTarget | undefined): void {
    this.record({ ...this.#ofAuditing('mcp_audit.unobserved', values), target });
  }

  /** A recorder stops; the last one ends the trail. A later record reopens the trail. */
  stop(target?: LogsTarget): void {
    const at = this.#users.indexOf(target);
    if (at !== -1) this.#users.splice(at, 1);
    if (this.#users.length === 0) this.end(target);
    else if (target !== undefined && !this.#users.includes(target)) this.#leave(target);
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
    this.#tellDeleted();
    this.#delivery.end(() => {
      this.#pass({ ...this.#ofAuditing('mcp_audit.stopped'), target, forAll: true });
      this.#tellDeleted();
      this.#checkpoints.write();
    });
    this.#startedAt = undefined;
    this.#announced = false;
  }

  /** Ends the trail until its next record, and lets go of what an open one costs. */
  rest(): void {
    this.end();
    this.#delivery.rest();
  }

  close(): void {
    this.end();
    this.#users.length = 0;
    this.#delivery.close();
    this.#checkpoints.close();
  }

  /** Ends the trail of a target that others do not use. */
  #leave(target: LogsTarget): void {
    if (this.#delivery.hasTrailOf(target)) {
      this.#pass({ ...this.#ofAuditing('mcp_audit.stopped'), target });
      this.#checkpoints.write();
    }
    this.#delivery.endTrailOf(target);
  }

  /** Records which files were deleted. What its own records delete, by filling the file, is for the next call: else there could be no end. */
  #tellDeleted(): void {
    for (const sink of this.#options.sinks) {
      const files = sink.takeDeleted?.() ?? [];
      for (let from = 0; from < files.length; from += MAX_DELETED) {
        const values: FieldValues = {
          'mcp_audit.retention.reason': 'max_files',
          'mcp_audit.retention.files': files.slice(from, from + MAX_DELETED),
        };
        this.#pass({ ...this.#ofAuditing('mcp_audit.retention', values), target: this.#users.at(-1) });
      }
    }
  }

  /** A record about auditing itself. */
  #ofAuditing(name: keyof typeof OF_AUDITING, values: FieldValues = {}, time = this.now()): Event {
    const severity = OF_AUDITING[name];
    const fields = new RecordFields().add({
      'audit.action': 'UPDATE',
      'audit.outcome': severity === 'INFO' ? 'success' : 'failure',
      'audit.target.type': 'config',
      'audit.target.id': 'audit',
      'audit.actor.id': 'mcp-trail',
      'audit.actor.type': 'system',
      'mcp_audit.actor.source': 'none',
      'mcp_audit.correlation.id': this.newId(),
      ...values,
    });
    return { name, severity, fields, time };
  }

  #pass(event: Event): Finished {
    const finished = this.#finish(event);
    this.#deliver(finished);
    return finished;
  }

  #deliver(finished: Finished): boolean {
    const isKept = this.#delivery.pass(finished);
    this.#checkpoints.writeIfDue();
    return isKept;
  }

  /** The one place where a record gets its number and its text. */
  #finish({ name, severity, fields, time = this.now(), trace, target, forAll = false }: Event): Finished {
    const { now, newId, resource, onRecord } = this.#options;
    onRecord?.();
    const observed = now();
    fields.add(resource()).add({
      time: rfc3339(time),
      observed_time: rfc3339(observed),
      event_name: name,
      severity_number: SEVERITIES[severity],
      severity_text: severity,
      trace_id: trace?.traceId,
      span_id: trace?.spanId,
      parent_span_id: trace?.parentSpanId,
      'audit.record.id': newId(),
      'audit.schema.version': AUDIT_SCHEMA_VERSION,
    });
    this.#chain.link(fields);
    const text = write(fields);
    // Before any sink has it: a log processor of the application may cause the next record.
    const number = this.#chain.append(text);
    this.#checkpoints.finished();
    return {
      name,
      severity,
      fields,
      text,
      number,
      timestamp: hrTime(time),
      observedTimestamp: hrTime(observed),
      context: trace?.context,
      target,
      forAll,
    };
  }
}
