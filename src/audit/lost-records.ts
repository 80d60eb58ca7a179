/**
 * Passes finished records to sinks. Records that a sink loses are counted, and reported in a gap record as soon as the
 * sink works again, so that readers of the trail see the gap.
 */

import type { Context } from '@opentelemetry/api';
import type { LogsTarget } from '../emit/logger-provider.js';
import { rfc3339 } from '../lib/clock.js';
import { guarded } from '../report/guarded.js';
import { reportFailure } from '../report/report.js';
import type { AuditEventName } from '../semconv/audit-record.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import type { FieldValues, RecordFields } from './record-fields.js';
import type { Severity } from './status.js';

/** A finished record on its way to the sinks. */
export interface Finished {
  readonly name: AuditEventName;
  readonly severity: Severity;
  readonly fields: RecordFields;
  /** All fields as canonical JSON. */
  readonly text: string;
  /** Seconds and nanoseconds. */
  readonly timestamp: [number, number];
  readonly observedTimestamp: [number, number];
  /** Context of the operation's span; undefined outside of traces. */
  readonly context: Context | undefined;
  /** Target of the instrumentation that wrote it. */
  readonly target: LogsTarget | undefined;
}

export type SinkName = 'file' | 'stderr' | 'otel';

/** Reports a lost record with its class of failure. A sink that writes asynchronously may call it later. */
export type Lost = (cause: string) => void;

/** Accepts finished records. Returns false for a record that it did not take; reports its own failures. */
export interface Sink {
  readonly name: SinkName;
  accept(finished: Finished, lost: Lost): boolean;
  /** Ends the trail of one target with this last record; other targets go on. */
  leave?(finished: Finished): void;
  close?(): void;
}

export interface DeliveryOptions {
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  /** Makes a gap record. */
  readonly gapRecord: (values: FieldValues) => Finished;
  /** Called for every lost record. */
  readonly onLost: (sink: SinkName, cause: string) => void;
}

/** Consecutive records that one sink lost. */
interface Gap {
  records: number;
  /** How many of them the other sinks know of. */
  told: number;
  readonly since: number;
  until: number;
  readonly causes: Set<string>;
}

/** A sink and its current gap. */
interface Outlet {
  readonly sink: Sink;
  gap: Gap | undefined;
}

/** More causes than occur in practice. */
const MAX_CAUSES = 16;
/** First delay before a gap record is tried without another record. */
const RETRY_MS = 1000;
/** Delays double up to this. */
const MAX_RETRY_MS = 60_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #outlets: readonly Outlet[];
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#outlets = options.sinks.map((sink) => ({ sink, gap: undefined }));
  }

  /** Passes a record to every sink, whether or not others fail. */
  pass(finished: Finished): void {
    for (const outlet of this.#outlets) {
      const taken = this.#offer(outlet, finished, (cause) => this.#lose(outlet, cause));
      if (taken && outlet.gap !== undefined) this.#tell(outlet, outlet.gap);
    }
  }

  /** Passes a last record to the sinks that end the trail of its target. */
  leave(finished: Finished): void {
    for (const { sink } of this.#outlets) sink.leave?.(finished);
  }

  /** Writes the last record of a trail. Gaps that their own sink cannot report go to the other sinks first. */
  end(finished: () => Finished): void {
    this.#tellGaps();
    for (const outlet of this.#outlets) {
      const { gap } = outlet;
      if (gap !== undefined) this.#spread(outlet, gap, this.#options.gapRecord(gapFields(outlet, gap)));
    }
    this.pass(finished());
    // Nothing reports that this last record is lost, too.
    for (const { gap } of this.#outlets) if (gap !== undefined) gap.told = gap.records;
  }

  /** Reports gaps to sinks that work again. */
  #tellGaps(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const outlet of this.#outlets) if (outlet.gap !== undefined) this.#tell(outlet, outlet.gap);
    this.#tryLater();
  }

  close(): void {
    this.#tellGaps();
    clearTimeout(this.#retry);
    for (const { sink } of this.#outlets) sink.close?.();
  }

  #offer({ sink }: Outlet, finished: Finished, onLost: Lost): boolean {
    let told = false;
    const lost = (cause: string) => {
      if (told) return;
      told = true;
      onLost(cause);
    };
    try {
      const taken = sink.accept(finished, lost);
      if (!taken) lost(ERROR_TYPE_VALUE_OTHER);
      return taken;
    } catch (error) {
      reportFailure('delivering an audit record', error);
      lost(ERROR_TYPE_VALUE_OTHER);
      return false;
    }
  }

  #lose(outlet: Outlet, cause: string): void {
    const { now, onLost } = this.#options;
    guarded('counting a lost audit record', () => onLost(outlet.sink.name, cause));
    // A missing LoggerProvider is reported on stderr and counted; records before it starts are not a gap.
    if (outlet.sink.name === 'otel') return;
    const time = now();
    outlet.gap ??= { records: 0, told: 0, since: time, until: time, causes: new Set() };
    const { gap } = outlet;
    gap.records += 1;
    gap.until = time;
    if (gap.causes.size < MAX_CAUSES) gap.causes.add(cause);
    this.#tryLater();
  }

  /** Writes a gap record to the sink that has the gap and, if that succeeds, to all others. */
  #tell(outlet: Outlet, gap: Gap): void {
    const finished = this.#options.gapRecord(gapFields(outlet, gap));
    outlet.gap = undefined;
    // An asynchronous write failed: reopen the gap, with records lost meanwhile.
    const reopen = () => {
      outlet.gap = merged(gap, outlet.gap);
      this.#tryLater();
    };
    if (this.#offer(outlet, finished, reopen)) this.#spread(outlet, gap, finished);
  }

  /** Reports a gap to the other sinks, unless they know all of it. */
  #spread(where: Outlet, gap: Gap, finished: Finished): void {
    if (gap.told === gap.records) return;
    gap.told = gap.records;
    for (const outlet of this.#outlets) {
      if (outlet !== where) this.#offer(outlet, finished, (cause) => this.#lose(outlet, cause));
    }
  }

  /** Schedules a retry that keeps no process alive. */
  #tryLater(): void {
    if (this.#retry !== undefined) return;
    if (this.#outlets.every(({ gap }) => gap === undefined)) {
      this.#retryMs = RETRY_MS;
      return;
    }
    const retry = () => guarded('recording lost audit records', () => this.#tellGaps());
    this.#retry = setTimeout(retry, this.#retryMs).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }
}

function gapFields({ sink }: Outlet, gap: Gap): FieldValues {
  return {
    'mcp_audit.gap.sink': sink.name as 'file' | 'stderr',
    'mcp_audit.gap.records': gap.records,
    'mcp_audit.gap.since': rfc3339(gap.since),
    'mcp_audit.gap.until': rfc3339(gap.until),
    'mcp_audit.gap.causes': [...gap.causes].sort(),
  };
}

function merged(gap: Gap, newer: Gap | undefined): Gap {
  if (newer === undefined) return gap;
  const causes = new Set([...gap.causes, ...newer.causes]);
  const { since, told } = gap;
  return { records: gap.records + newer.records, told, since, until: newer.until, causes };
}
