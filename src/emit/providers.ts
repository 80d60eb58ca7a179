/**
 * Tracer and meter of the application's OpenTelemetry. The only file that knows both lines: 2.x (API 1.9, simple span
 * attributes) and 3.x (API 1.10, structured attributes, logs in the API).
 */

import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { currentLoggerProvider } from './logger-provider.js';
import { watchExports } from './lost-exports.js';

/** Whether span attributes may be maps and arrays. */
export const STRUCTURED_ATTRIBUTES = 'logs' in api;

/**
 * Resolves providers on use: the application may register its SDK later. An explicit provider wins over the global one.
 */
export class Providers {
  #tracerProvider: TracerProvider | undefined;
  #meterProvider: MeterProvider | undefined;
  #tracer: Tracer | undefined;
  #watched = false;

  setTracerProvider(provider: TracerProvider): void {
    this.#tracerProvider = provider;
    this.#tracer = undefined;
    this.#watched = false;
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#meterProvider = provider;
  }

  /** The global tracer is a proxy and can be kept. */
  get tracer(): Tracer {
    if (!this.#watched) this.#watched = watchExports('traces', this.#tracerProvider ?? api.trace.getTracerProvider());
    this.#tracer ??= (this.#tracerProvider ?? api.trace).getTracer(PACKAGE_NAME, PACKAGE_VERSION);
    return this.#tracer;
  }

  /** The global meter is not a proxy: when it changes, create instruments again. */
  get meterProvider(): MeterProvider {
    return this.#meterProvider ?? api.metrics.getMeterProvider();
  }
}

/** Watches the exports of registered providers. */
export function watchRegistered(): void {
  watchExports('traces', api.trace.getTracerProvider());
  watchExports('metrics', api.metrics.getMeterProvider());
  watchExports('logs', currentLoggerProvider());
}
