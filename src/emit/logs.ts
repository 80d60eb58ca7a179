/** Emits log records, and warns once when they are lost. */
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import type { Logger, LoggerProvider, LogRecord } from './logger-provider.js';
import { watchExports } from './lost-exports.js';

/** Unsampled: a trace-based logger drops records in this context. */
const UNSAMPLED = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.NONE,
});

/** Limits at which the SDK silently truncates attributes of log records. */
const LIMITS = [
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT',
];

const NOT_ENABLED =
  'the OpenTelemetry logger is not enabled (no log processor, a filter, a shutdown, or API and SDK of different release lines)';
const NO_MORE =
  'the OpenTelemetry logger no longer accepts them. If its provider is shut down, disable the instrumentation first';

export class Logs {
  readonly #provider: () => LoggerProvider | undefined;
  readonly #warn: (text: string) => void;
  #from: LoggerProvider | undefined;
  #logger: Logger | undefined;
  #tested = false;
  #watched = false;
  /** Whether the current logger has accepted a record. */
  #taken = false;

  /**
   * @param provider called for every record: the application may replace its provider at any time
   * @param warn called once per kind of loss
   */
  constructor(provider: () => LoggerProvider | undefined, warn: (text: string) => void) {
    this.#provider = provider;
    this.#warn = warn;
  }

  /** Emits a record. If nothing accepts it, warns once and returns false. Never throws. */
  emit(record: LogRecord): boolean {
    try {
      return this.#emit(record);
    } catch (error) {
      const name = error instanceof Error ? error.constructor.name : typeof error;
      this.#warn(`audit records are lost: the OpenTelemetry logger or a log processor failed (${name})`);
      return false;
    }
  }

  #emit(record: LogRecord): boolean {
    const logger = this.#current();
    if (logger === undefined) {
      this.#warn(
        'audit records are lost: no OpenTelemetry LoggerProvider is registered. Register one, or set MCP_TRAIL_AUDIT=file',
      );
      return false;
    }
    if (!this.#tested) {
      this.#tested = true;
      this.#selfTest(logger);
    }
    const { context = ROOT_CONTEXT, severityNumber, eventName } = record;
    if (logger.enabled?.({ context, severityNumber, eventName }) === false) {
      this.#warn(`audit records are lost: ${this.#taken ? NO_MORE : NOT_ENABLED}`);
      return false;
    }
    this.#taken = true;
    if (!this.#watched) this.#watched = watchExports('logs', this.#from);
    logger.emit({ ...record, context });
    return true;
  }

  #current(): Logger | undefined {
    const provider = this.#provider();
    if (provider === this.#from) return this.#logger;
    this.#from = provider;
    this.#tested = false;
    this.#watched = false;
    this.#taken = false;
    this.#logger = provider?.getLogger(PACKAGE_NAME, PACKAGE_VERSION);
    return this.#logger;
  }

  /** Warns about settings that will lose later records. */
  #selfTest(logger: Logger): void {
    const options = { context: UNSAMPLED, severityNumber: 9, eventName: 'mcp_audit.request' };
    if (logger.enabled?.(options) === false && logger.enabled({ ...options, context: ROOT_CONTEXT })) {
      this.#warn('audit records of unsampled traces are lost: the OpenTelemetry logger is configured as trace-based');
    }
    const limits = LIMITS.filter((name) => (process.env[name] ?? '').trim() !== '');
    if (limits.length > 0) {
      this.#warn(`attributes of audit records may be truncated or dropped: ${limits.join(', ')} is set`);
    }
  }
}
