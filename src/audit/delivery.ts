/**
 * Passes finished records to where they go. What one place could not take is counted, and told in a record of its own as
 * soon as that place takes records again: whoever reads the trail sees the hole.
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

/** A finished record on its way. */
export interface Finished {
  readonly name: AuditEventName;
  readonly severity: Severity;
  readonly fields: RecordFields;
  /** All fields, as canonical JSON. */
  readonly text: string;
  /** Seconds and nanoseconds. */
  readonly timestamp: [number, number];
  readonly observedTimestamp: [number, number];
  /** Of the operation's span; nothing outside of any trace. */
  readonly context: Context | undefined;
  /** Of the instrumentation that it is about. */
  readonly target: LogsTarget | undefined;
}

export type SinkName = 'file' | 'stderr' | 'otel';

/** Hears that a record is lost, and of which class the failure is. A sink that writes later may say so later. */
export type Lost = (cause: string) => void;

/** Takes finished records. It reports its own failures; false when it did not take one. */
export interface Sink {
  readonly name: SinkName;
  accept(finished: Finished, lost: Lost): boolean;
  /** The target of this last record gets no more of them; others go on. */
  leave?(finished: Finished): void;
  close?(): void;
}

export interface DeliveryOptions {
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  /** Makes the record that tells of a gap. */
  readonly gapRecord: (values: FieldValues) => Finished;
  /** Hears of every record that is lost. */
  readonly onLost: (sink: SinkName, cause: string) => void;
}

/** A hole in what one sink has. */
interface Gap {
  records: number;
  /** How many of them the other sinks have been told of. */
  told: number;
  readonly since: number;
  until: number;
  readonly causes: Set<string>;
}

/** A sink and its present hole. */
interface Outlet {
  readonly sink: Sink;
  gap: Gap | undefined;
}

/** Classes of failures are few; there are not this many. */
const MAX_CAUSES = 16;
/** How soon a hole is tried to be told of where no other record shows that writing works again. */
const RETRY_MS = 1000;
/** Each time twice as late, up to this. */
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

  /** Hands a record to every sink; one that fails does not keep it from the others. */
  pass(finished: Finished): void {
    for (const outlet of this.#outlets) {
      const taken = this.#offer(outlet, finished, (cause) => this.#lose(outlet, cause));
      if (taken && outlet.gap !== undefined) this.#tell(outlet, outlet.gap);
    }
  }

  /** Hands a last record to those whose target leaves with it. */
  leave(finished: Finished): void {
    for (const { sink } of this.#outlets) sink.leave?.(finished);
  }

  /** The last record of a trail. Of holes that cannot be told of where they are, the other sinks hear before. */
  end(finished: () => Finished): void {
    this.#tellGaps();
    for (const outlet of this.#outlets) {
      const { gap } = outlet;
      if (gap !== undefined) this.#spread(outlet, gap, this.#options.gapRecord(gapFields(outlet, gap)));
    }
    this.pass(finished());
    // That the last record is lost with the others goes without saying.
    for (const { gap } of this.#outlets) if (gap !== undefined) gap.told = gap.records;
  }

  /** Tells of the holes where that is possible by now. */
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
    // What no LoggerProvider takes is said on stderr and counted: a trail that begins late has no hole.
    if (outlet.sink.name === 'otel') return;
    const time = now();
    outlet.gap ??= { records: 0, told: 0, since: time, until: time, causes: new Set() };
    const { gap } = outlet;
    gap.records += 1;
    gap.until = time;
    if (gap.causes.size < MAX_CAUSES) gap.causes.add(cause);
    this.#tryLater();
  }

  /** Writes the record of a hole where the hole is and, if that is possible by now, everywhere else. */
  #tell(outlet: Outlet, gap: Gap): void {
    const finished = this.#options.gapRecord(gapFields(outlet, gap));
    outlet.gap = undefined;
    // Written later, it may still be lost: then the hole is as it was, and larger by what was lost meanwhile.
    const reopen = () => {
      outlet.gap = merged(gap, outlet.gap);
      this.#tryLater();
    };
    if (this.#offer(outlet, finished, reopen)) this.#spread(outlet, gap, finished);
  }

  /** Tells the other sinks of a hole, unless they know all of it. */
  #spread(where: Outlet, gap: Gap, finished: Finished): void {
    if (gap.told === gap.records) return;
    gap.told = gap.records;
    for (const outlet of this.#outlets) {
      if (outlet !== where) this.#offer(outlet, finished, (cause) => this.#lose(outlet, cause));
    }
  }

  /** Keeps no process alive. */
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
