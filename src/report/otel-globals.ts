/**
 * What all copies of `@opentelemetry/api` in the process share. It belongs to the version that registers something first;
 * other versions can register nothing then, and those that are newer cannot read it. It is only read here; how an SDK that
 * was started here gives it back: `lifecycle/give-way.ts`.
 */
import type { DiagLogger, TextMapPropagator } from '@opentelemetry/api';

/** The key of what they share. */
export const API: unique symbol = Symbol.for('opentelemetry.js.api.1');

interface OtelGlobals {
  /** Of the API that was first. */
  readonly version?: unknown;
  readonly diag?: DiagLogger;
  readonly trace?: object;
  readonly metrics?: object;
  readonly propagation?: TextMapPropagator;
}

/** Undefined until something is registered. */
export function otelGlobals(): OtelGlobals | undefined {
  return (globalThis as { [API]?: OtelGlobals })[API];
}
