/**
 * Tracer and meter of the application's OpenTelemetry. The only file that knows both lines: 2.x (API 1.9, simple span
 * attributes) and 3.x (API 1.10, structured attributes, logs in the API).
 */

import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { defaultMeterProvider, defaultTracerProvider } from './default-providers.js';
import { currentLoggerProvider } from './logger-provider.js';
import { watchExports } from './lost-exports.js';

/** Whether span attributes may be maps and arrays. */
export const STRUCTURED_ATTRIBUTES = 'logs' in api;

/** Resolves providers on use: the application may register its SDK later. An explicit provider wins over the default. */
export class Providers {
  #tracerProvider: TracerProvider | undefined;
  #meterProvider: MeterProvider | undefined;
  #tracer: Tracer | undefined;
  #madeBy: TracerProvider | undefined;
  #watched = false;

  setTracerProvider(provider: TracerProvider): void {
    this.#tracerProvider = provider;
  }

  setMeterProvider(provider: MeterProvider): void {
    this.#meterProvider = provider;
  }

  /** Kept for as long as its provider is the one to use: the application may register its SDK in another copy of the API. */
  get tracer(): Tracer {
    const provider = this.#tracerProvider ?? defaultTracerProvider();
    if (this.#tracer === undefined || provider !== this.#madeBy) {
      this.#tracer = provider.getTracer(PACKAGE_NAME, PACKAGE_VERSION);
      this.#madeBy = provider;
      this.#watched = false;
    }
    if (!this.#watched) this.#watched = watchExports('traces', provider);
    return this.#tracer;
  }

  /** The global meter is not a proxy: when it changes, create instruments again. */
  get meterProvider(): MeterProvider {
    return this.#meterProvider ?? defaultMeterProvider();
  }
}

/** Watches the exports of registered providers. */
export function watchRegistered(): void {
  watchExports('traces', api.trace.getTracerProvider());
  watchExports('metrics', api.metrics.getMeterProvider());
  watchExports('logs', currentLoggerProvider());
}
