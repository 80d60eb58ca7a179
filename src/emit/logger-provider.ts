/**
 * Which LoggerProvider takes audit records: the instrumentation's own, else the registered one of either OpenTelemetry
 * line. Line 3.x registers it in the API, 2.x in a package of its own; read from the globals, neither is a dependency.
 */
import type { Context } from '@opentelemetry/api';
import { API } from '../report/otel-globals.js';

/** The used parts of a log record, which both lines share. */
export interface LogRecord {
  readonly eventName: string;
  /** Seconds and nanoseconds. */
  readonly timestamp: [number, number];
  readonly observedTimestamp: [number, number];
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Record<string, string | number | boolean | string[]>;
  /** Undefined outside of traces, whatever is active. */
  readonly context: Context | undefined;
}

export interface Logger {
  emit(record: LogRecord & { readonly context: Context }): void;
  enabled?(options: { context: Context; severityNumber: number; eventName: string }): boolean;
}

/** A LoggerProvider of either line. */
export interface LoggerProvider {
  getLogger(name: string, version?: string): Logger;
  forceFlush?(): Promise<unknown>;
}

/** Of line 2.x: the key of its global, a function that takes this version. */
export const LOGS_API_2: unique symbol = Symbol.for('io.opentelemetry.js.api.logs');
export const LOGS_API_2_VERSION = 1;

interface Globals {
  readonly [API]?: { readonly logs?: LoggerProvider };
  readonly [LOGS_API_2]?: (version: number) => LoggerProvider;
}

/** Where one instrumentation's records go: its own provider, once set. */
export interface LogsTarget {
  provider: LoggerProvider | undefined;
}

/** The instrumentation's own provider; undefined if it is a proxy of the registered one. */
export function ownProvider(target: LogsTarget | undefined): LoggerProvider | undefined {
  const provider = target?.provider;
  // A proxy reaches the provider of its own copy of the API, which may never have one.
  return typeof provider !== 'object' || provider === null || '_getDelegate' in provider ? undefined : provider;
}

/** The registered provider; the newer line wins. */
export function currentLoggerProvider(): LoggerProvider | undefined {
  const globals = globalThis as Globals;
  return globals[API]?.logs ?? globals[LOGS_API_2]?.(LOGS_API_2_VERSION);
}
