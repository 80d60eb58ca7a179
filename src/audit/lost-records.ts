/**
 * Passes finished records to sinks. Records that a sink loses are counted, and reported in a gap record as soon as the
 * sink works again, so that readers of the trail see the gap.
 */

import type { Context } from '@opentelemetry/api';
import type { LogsTarget } from '../emit/logger-provider.js';
import { runLater, type Stop } from '../lib/timers.js';
import { guarded } from '../report/guarded.js';
import { reportFailure } from '../report/report.js';
import type { AuditEventName } from '../semconv/audit-record.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import { type Gap, Gaps, gapFields } from './gaps.js';
import type { FieldValues, RecordFields } from './record-fields.js';
import type { Severity } from './status.js';

/** A finished record on its way to the sinks. */
export interface Finished {
  readonly name: AuditEventName;
  readonly severity: Severity;
  readonly fields: RecordFields;
  /** All fields as canonical JSON. */
  readonly text: string;
  /** Its number in the chain. */
  readonly number: number;
  /** Seconds and nanoseconds. */
  readonly timestamp: [number, number];
  readonly observedTimestamp: [number, number];
  /** Context of the operation's span; undefined outside of traces. */
  readonly context: Context | undefined;
  /** Target of the instrumentation that wrote it. */
  readonly target: LogsTarget | undefined;
  /** It is about the trail as a whole: also for the other targets that have records of it. */
  readonly forAll: boolean;
}

/** Reports a lost record with its class of failure, once. A sink that writes asynchronously may call it later. @param isCounted whether it is merely counted, and not a gap */
export type Lost = (cause: string, isCounted?: boolean) => void;

/** Whether a sink took a record; `unconfirmed` if it may still turn out that it did not. */
export type Taken = boolean | 'unconfirmed';

/** Accepts finished records. Returns false for a record that it did not take; reports its own failures. */
export interface Sink {
  /** `file`, `stderr`, `otel`, or the name of one of the application's. */
  readonly name: string;
  /** What it took survives the process. */
  readonly durable?: boolean;
  accept(finished: Finished, lost: Lost): Taken;
  /** Resolves once what it took is on disk, with whether that worked in time; undefined if nothing waits for that. */
  onDisk?(): Promise<boolean> | undefined;
  /** Whether a target has a trail of its own here, which needs an end of its own. */
  hasTrailOf?(target: LogsTarget): boolean;
  /** The trail of one target ended, or of all: what comes later begins a new one. */
  endTrail?(target?: LogsTarget): void;
  /** The names of the files that it deleted since the last call, if any. */
  takeDeleted?(): readonly string[] | undefined;
  /** Lets go of what an open sink costs, until the next record. */
  rest?(): void;
  close?(): void;
}

export interface DeliveryOptions {
  readonly sinks: readonly Sink[];
  readonly now: () => number;
  /** Makes a gap record. */
  readonly gapRecord: (values: FieldValues) => Finished;
  /** Makes the last record one that never was; false if others follow it. */
  readonly takeBack: (finished: Finished) => boolean;
  /** A gap record stays. */
  readonly onTold: () => void;
  /** Called for every lost record. */
  readonly onLost: (sink: string, cause: string) => void;
}

/** A sink and what it lost. */
interface Outlet {
  readonly sink: Sink;
  readonly gaps: Gaps;
}

/** First delay before a gap record is tried without another record. */
const RETRY_MS = 1000;
/** Delays double up to this. */
const MAX_RETRY_MS = 60_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #outlets: readonly Outlet[];
  #stopRetry: Stop | undefined;
  #retryMs = RETRY_MS;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#outlets = options.sinks.map((sink) => ({ sink, gaps: new Gaps() }));
  }

  /** Passes a record to every sink, whether or not others fail. Returns whether a durable one has kept it. */
  pass(finished: Finished): boolean {
    let isKept = false;
    let mended: Outlet[] | undefined;
    for (const outlet of this.#outlets) {
      const taken = this.#offer(outlet, finished, (cause) => this.#lose(outlet, cause, finished));
      if (taken === true && outlet.sink.durable === true) isKept = true;
      if (taken && outlet.gaps.all.length > 0) mended = [...(mended ?? []), outlet];
    }
    // Its record is the next one: no sink has it before this one.
    for (const outlet of mended ?? []) this.#tell(outlet);
    return isKept;
  }

  /** Resolves once all records so far are on disk, with whether that worked; undefined if nothing waits for that. */
  onDisk(): Promise<boolean> | undefined {
    for (const { sink } of this.#outlets) if (sink.onDisk !== undefined) return sink.onDisk();
    return undefined;
  }

  hasTrailOf(target: LogsTarget): boolean {
    return this.#outlets.some(({ sink }) => sink.hasTrailOf?.(target));
  }

  /** Ends the trail of one target. */
  endTrailOf(target: LogsTarget): void {
    for (const { sink } of this.#outlets) sink.endTrail?.(target);
  }

  /** Ends the trail. Gaps that their own sink cannot report go to the other sinks before the last records. */
  end(writeLast: () => void): void {
    this.#tellGaps();
    const untold = this.#outlets.flatMap(({ sink, gaps }) =>
      gaps.all.filter(({ records, told }) => records > told).map((gap) => gapFields(sink.name, gap)),
    );
    if (this.#outlets.length > 1) for (const values of untold) this.pass(this.#options.gapRecord(values));
    writeLast();
    for (const { sink, gaps } of this.#outlets) {
      sink.endTrail?.();
      // Nothing reports that these last records are lost, too.
      gaps.toldAll();
    }
  }

  /** Reports gaps to sinks that work again. */
  #tellGaps(): void {
    this.#stopRetry?.();
    this.#stopRetry = undefined;
    for (const outlet of this.#outlets) this.#tell(outlet);
    this.#tryLater();
  }

  rest(): void {
    for (const { sink } of this.#outlets) sink.rest?.();
  }

  close(): void {
    this.#tellGaps();
    this.#stopRetry?.();
    for (const { sink } of this.#outlets) sink.close?.();
  }

  #offer({ sink }: Outlet, finished: Finished, onLost: (cause: string) => void): Taken {
    let told = false;
    // A missing LoggerProvider is reported on stderr and counted; records before it starts are not a gap.
    const lost = (cause: string, isCounted = sink.name === 'otel') => {
      if (told) return;
      told = true;
      if (isCounted) this.#count(sink, cause);
      else onLost(cause);
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

  #count({ name }: Sink, cause: string): void {
    guarded('counting a lost audit record', () => this.#options.onLost(name, cause));
  }

  #lose(outlet: Outlet, cause: string, { number, fields }: Finished): void {
    this.#count(outlet.sink, cause);
    const time = this.#options.now();
    outlet.gaps.add({
      records: 1,
      first: number,
      last: number,
      prevHash: fields.get('audit.prev.hash'),
      since: time,
      until: time,
      causes: [cause],
      told: 0,
    });
    this.#tryLater();
  }

  /** Writes a record for each gap to the sink that has it and, as long as that succeeds, to all others. */
  #tell(outlet: Outlet): void {
    const { sink, gaps } = outlet;
    // A record of a gap that is lost after others followed it is a gap itself, and not for now.
    for (let left = gaps.all.length; left > 0; left--) {
      const gap = gaps.takeOldest();
      if (gap === undefined || !this.#tellOf(outlet, gap, gapFields(sink.name, gap))) return;
    }
  }

  /** Returns false if the sink does not take the record of its gap. */
  #tellOf(outlet: Outlet, gap: Gap, values: FieldValues): boolean {
    const { gapRecord, takeBack } = this.#options;
    const finished = gapRecord(values);
    let isOffered = true;
    let isVoid = false;
    const reopen = (cause: string) => {
      outlet.gaps.add(gap);
      // While a disk is full, tries do not use up numbers.
      isVoid = isOffered && takeBack(finished);
      if (!isVoid) this.#lose(outlet, cause, finished);
      this.#tryLater();
    };
    const taken = this.#offer(outlet, finished, reopen);
    isOffered = false;
    if (isVoid) return false;
    for (const other of this.#outlets) {
      if (other !== outlet) this.#offer(other, finished, (cause) => this.#lose(other, cause, finished));
    }
    this.#options.onTold();
    return taken !== false;
  }

  /** Schedules a retry. */
  #tryLater(): void {
    if (this.#stopRetry !== undefined) return;
    if (this.#outlets.every(({ gaps }) => gaps.all.length === 0)) {
      this.#retryMs = RETRY_MS;
      return;
    }
    const retry = () => guarded('recording lost audit records', () => this.#tellGaps());
    this.#stopRetry = runLater(this.#retryMs, retry);
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }
}
