/**
 * Log records through the Logs API of whichever OpenTelemetry the application has. Both lines register their provider
 * globally, in different places: 3.x in the API itself, 2.x in a package of its own. Read there, neither is a dependency.
 */
import { type Context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { watchExports } from './exports.js';

/** The parts of a log record that are used; the same in both lines. */
export interface LogRecord {
  readonly eventName: string;
  /** Seconds and nanoseconds. */
  readonly timestamp: [number, number];
  readonly observedTimestamp: [number, number];
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Record<string, string | number | boolean | string[]>;
  /** Nothing for what belongs to no trace, whatever is active. */
  readonly context: Context | undefined;
}

interface Logger {
  emit(record: LogRecord & { readonly context: Context }): void;
  enabled?(options: { context: Context; severityNumber: number; eventName: string }): boolean;
}

/** A LoggerProvider of either line. */
export interface LoggerProvider {
  getLogger(name: string, version?: string): Logger;
  forceFlush?(): Promise<unknown>;
}

const API_3 = Symbol.for('opentelemetry.js.api.1');
const LOGS_API_2 = Symbol.for('io.opentelemetry.js.api.logs');
const LOGS_API_2_VERSION = 1;

interface Globals {
  readonly [API_3]?: { readonly logs?: LoggerProvider };
  readonly [LOGS_API_2]?: (version: number) => LoggerProvider;
}

/** Where one instrumentation's records go: to a provider of its own, once it is given one. */
export interface LogsTarget {
  provider: LoggerProvider | undefined;
}

/** The provider that is the instrumentation's own; nothing where it is a stand-in for the registered one. */
export function ownProvider(target: LogsTarget | undefined): LoggerProvider | undefined {
  const provider = target?.provider;
  // A proxy leads to what is registered through its own copy of the API, and may never lead anywhere.
  return typeof provider !== 'object' || provider === null || '_getDelegate' in provider ? undefined : provider;
}

/** What is registered, of either line; of both, the newer. */
export function currentLoggerProvider(): LoggerProvider | undefined {
  return registeredIn(globalThis as Globals);
}

function registeredIn(globals: Globals): LoggerProvider | undefined {
  return globals[API_3]?.logs ?? globals[LOGS_API_2]?.(LOGS_API_2_VERSION);
}

/** A context whose trace is not sampled: a logger that follows the sampling decision drops what is emitted in it. */
const UNSAMPLED = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.NONE,
});

/** Limits under which the SDK cuts or drops attributes of log records without a word. */
const LIMITS = [
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT',
];

const NOT_ENABLED =
  'the OpenTelemetry logger is not enabled (no log processor, shut down, filtered, or API and SDK of different lines)';
const NO_MORE =
  'the OpenTelemetry logger takes no more of them. Where its provider is shut down, disable the instrumentation before';

export class Logs {
  readonly #provider: () => LoggerProvider | undefined;
  readonly #warn: (text: string) => void;
  #from: LoggerProvider | undefined;
  #logger: Logger | undefined;
  #tested = false;
  #watched = false;
  /** The present logger has taken records. */
  #taken = false;

  /**
   * @param provider asked again for every record: the application may register or replace its own at any time
   * @param warn says once what would be lost
   */
  constructor(provider: () => LoggerProvider | undefined, warn: (text: string) => void) {
    this.#provider = provider;
    this.#warn = warn;
  }

  /** Emits a record; false, and one warning, when nobody takes it. Never throws. */
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

  /** What would be lost later and is not lost now. */
  #selfTest(logger: Logger): void {
    const options = { context: UNSAMPLED, severityNumber: 9, eventName: 'mcp_audit.request' };
    if (logger.enabled?.(options) === false && logger.enabled({ ...options, context: ROOT_CONTEXT })) {
      this.#warn('audit records of unsampled traces are lost: the OpenTelemetry logger is configured as trace based');
    }
    const limits = LIMITS.filter((name) => (process.env[name] ?? '').trim() !== '');
    if (limits.length > 0) {
      this.#warn(`attributes of audit records may be cut or dropped: ${limits.join(', ')} is set`);
    }
  }
}
