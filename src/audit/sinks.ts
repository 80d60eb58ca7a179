/** Sinks of finished records: the Logs API, and lines of JSON. */
import { constants } from 'node:os';
import { defaultLoggerProvider } from '../emit/default-providers.js';
import { type LoggerProvider, type LogRecord, type LogsTarget, ownProvider } from '../emit/logger-provider.js';
import { Logs } from '../emit/logs.js';
import type { FileLogRecordExporter } from '../export/file.js';
import { RESERVE_REACHED } from '../export/reserve.js';
import type { WriteError } from '../export/types.js';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';
import { runLater } from '../lib/timers.js';
import { warnOperator } from '../report/report.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import type { Finished, Lost, Sink } from './lost-records.js';
import { SEVERITIES } from './status.js';

/** The log record of a finished record: text as body, fields as attributes. */
function logRecordOf({ name, severity, fields, text, timestamp, observedTimestamp, context }: Finished): LogRecord {
  const attributes: LogRecord['attributes'] = { 'log.record.uid': fields.get('audit.record.id') as string };
  fields.addAttributesTo(attributes);
  return {
    eventName: name,
    timestamp,
    observedTimestamp,
    severityNumber: SEVERITIES[severity],
    severityText: severity,
    body: text,
    attributes,
    context,
  };
}

/** Bound on providers of instrumentations; the oldest starts over. */
const MAX_OWN = 64;

/**
 * Delivery `otel`: to the instrumentation's provider, or the default one. Each gets a whole trail: its started
 * record before others, and its last ones.
 */
export class LogsSink implements Sink {
  readonly name = 'otel';
  readonly #warn: (text: string) => void;
  /** The started record, repeated for each provider. */
  #started: Finished | undefined;
  readonly #own = new Map<LoggerProvider, Logs>();
  readonly #default: Logs;
  /** Providers that have the started record. */
  readonly #told = new Set<Logs>();
  /** A proxy of an unknown API version, as a fallback. */
  #proxy: LoggerProvider | undefined;

  /** @param warn called once per kind of loss */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
    this.#default = new Logs(() => defaultLoggerProvider() ?? this.#proxy, warn);
  }

  accept(finished: Finished, lost: Lost): boolean {
    if (finished.name === 'mcp_audit.started') {
      this.#started = finished;
      return true;
    }
    const taken = this.#take(finished);
    if (!taken) lost('not_accepted');
    return taken;
  }

  #take(finished: Finished): boolean {
    const target = this.#logsOf(finished.target);
    const taken = this.#emit(target, finished);
    if (finished.forAll) for (const logs of this.#told) if (logs !== target) this.#emit(logs, finished);
    return taken;
  }

  hasTrailOf(target: LogsTarget): boolean {
    const provider = ownProvider(target);
    const logs = provider && this.#own.get(provider);
    return logs !== undefined && this.#told.has(logs);
  }

  endTrail(target?: LogsTarget): void {
    if (target === undefined) {
      this.#told.clear();
      this.#own.clear();
      return;
    }
    const provider = ownProvider(target);
    const logs = provider && this.#own.get(provider);
    if (provider === undefined || logs === undefined) return;
    this.#told.delete(logs);
    this.#own.delete(provider);
  }

  #logsOf(target: LogsTarget | undefined): Logs {
    const provider = ownProvider(target);
    if (provider === undefined) {
      this.#proxy = target?.provider ?? this.#proxy;
      return this.#default;
    }
    let logs = this.#own.get(provider);
    if (logs === undefined) {
      logs = new Logs(() => provider, this.#warn);
      this.#own.set(provider, logs);
      for (const [oldest, forgotten] of this.#own) {
        if (this.#own.size <= MAX_OWN) break;
        this.#own.delete(oldest);
        this.#told.delete(forgotten);
      }
    }
    return logs;
  }

  #emit(logs: Logs, finished: Finished): boolean {
    if (!this.#told.has(logs)) {
      this.#told.add(logs);
      if (this.#started !== undefined) logs.emit(logRecordOf(this.#started));
    }
    return logs.emit(logRecordOf(finished));
  }
}

/** Writes lines. */
export interface LineWriter {
  write(line: string, onLost: (error: WriteError) => void): boolean;
  shutdown(): Promise<void>;
  release?(): void;
}

/** Deliveries `file` and `stderr`. */
export function lineSink(name: 'file' | 'stderr', writer: LineWriter): Sink {
  return {
    name,
    durable: name === 'file',
    accept: ({ text }, lost) => writer.write(text, (error) => lost(failureClassOf(error))),
    rest: () => writer.release?.(),
    close: () => void writer.shutdown(),
  };
}

/** How long a message waits for its record. */
const SYNC_MS = 2000;

/** A file whose records are on disk before their messages pass. */
export function syncedFileSink(exporter: FileLogRecordExporter, source: string): Sink {
  const { accept, ...sink } = lineSink('file', exporter);
  const sync = exporter.keepOnDisk();
  let last: Promise<boolean> | undefined;
  const late = `${source}: records were not on disk within ${SYNC_MS / 1000} s`;
  return {
    ...sink,
    accept(finished, lost) {
      const taken = accept(finished, lost);
      if (taken !== false) last = sync();
      return taken;
    },
    onDisk: () => last && inTime(last, () => warnOperator(late)),
    endTrail: () => exporter.syncNow(),
  };
}

function inTime(synced: Promise<boolean>, onLate: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = runLater(SYNC_MS, () => {
      onLate();
      resolve(false);
    });
    void synced.then((isDone) => {
      stop();
      resolve(isDone);
    });
  });
}

/** Loses everything: the sink could not be created. */
export function brokenSink(name: 'file' | 'stderr'): Sink {
  return {
    name,
    accept(_, lost) {
      lost('EINVAL');
      return false;
    },
  };
}

/** The error code, if it is one of the operating system or that of the reserve; never other text of the error. Never throws. */
export function failureClassOf(error: unknown): string {
  const code = attempt(() => codeOf(error));
  const isKnown = code === RESERVE_REACHED || Object.hasOwn(constants.errno, code ?? '');
  return code !== undefined && isKnown ? code : ERROR_TYPE_VALUE_OTHER;
}
