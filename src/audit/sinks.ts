/** Where finished records go: the Logs API, or lines of JSON. */
import { constants } from 'node:os';
import {
  currentLoggerProvider,
  type LoggerProvider,
  type LogRecord,
  type LogsTarget,
  ownProvider,
} from '../emit/logger-provider.js';
import { Logs } from '../emit/logs.js';
import type { WriteError } from '../export/types.js';
import { codeOf } from '../lib/files.js';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';
import type { Finished, Lost, Sink } from './delivery.js';
import { SEVERITIES } from './status.js';

/** The log record of a finished record: its text is the body, its fields are attributes, for queries. */
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

/** Providers that instrumentations brought; of more than a process has use for, the oldest begins anew. */
const MAX_OWN = 64;

/**
 * Delivery `otel`: to the provider that the instrumentation was given, else to the registered one. Each of them gets a
 * trail that is whole: the record of its beginning before the first other one, and that of its end.
 */
export class LogsSink implements Sink {
  readonly name = 'otel';
  readonly #warn: (text: string) => void;
  /** What they have in common when they begin. */
  #started: Finished | undefined;
  readonly #own = new Map<LoggerProvider, Logs>();
  readonly #registered: Logs;
  /** The providers that have been told of the beginning. */
  readonly #told = new Set<Logs>();
  /** What to fall back to: a stand-in of a version of the API that is not known here. */
  #proxy: LoggerProvider | undefined;

  /** @param warn says once what would be lost */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
    this.#registered = new Logs(() => currentLoggerProvider() ?? this.#proxy, warn);
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
    const taken = this.#emit(this.#logsOf(finished.target), finished);
    if (finished.name !== 'mcp_audit.stopped') return taken;
    const target = this.#logsOf(finished.target);
    for (const logs of this.#told) if (logs !== target) this.#emit(logs, finished);
    this.#told.clear();
    this.#own.clear();
    return taken;
  }

  leave(finished: Finished): void {
    const provider = ownProvider(finished.target);
    const logs = provider && this.#own.get(provider);
    if (provider === undefined || logs === undefined) return;
    if (this.#told.delete(logs)) logs.emit(logRecordOf(finished));
    this.#own.delete(provider);
  }

  #logsOf(target: LogsTarget | undefined): Logs {
    const provider = ownProvider(target);
    if (provider === undefined) {
      this.#proxy = target?.provider ?? this.#proxy;
      return this.#registered;
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

/** Something that takes one line at a time. */
export interface LineWriter {
  write(line: string, onLost: (error: WriteError) => void): boolean;
  shutdown(): Promise<void>;
}

/** Deliveries `file` and `stderr`. */
export function lineSink(name: 'file' | 'stderr', writer: LineWriter): Sink {
  return {
    name,
    accept: ({ text }, lost) => writer.write(text, (error) => lost(failureClassOf(error))),
    close: () => void writer.shutdown(),
  };
}

/** What stands where no sink could be made: everything is lost. */
export function brokenSink(name: 'file' | 'stderr'): Sink {
  return {
    name,
    accept(_, lost) {
      lost('EINVAL');
      return false;
    },
  };
}

/** A code of the operating system, and nothing else that an error may say. */
function failureClassOf(error: WriteError): string {
  const code = codeOf(error);
  return code !== undefined && Object.hasOwn(constants.errno, code) ? code : ERROR_TYPE_VALUE_OTHER;
}
