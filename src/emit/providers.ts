/**
 * Tracer and meter, of whichever OpenTelemetry the application has. The one file that knows that there are two lines:
 * 2.x (api 1.9, span attributes are simple values) and 3.x (api 1.10, they may be structured, and logs are in the api).
 */

import type { MeterProvider, Tracer, TracerProvider } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { PACKAGE_NAME, PACKAGE_VERSION } from '../lib/version.js';
import { watchExports } from './exports.js';
import { currentLoggerProvider } from './logger-provider.js';

/** Whether span attributes may be maps and arrays. */
export const STRUCTURED_ATTRIBUTES = 'logs' in api;

/**
 * Resolves providers when they are needed, not when the instrumentation is made: the application may register its SDK
 * later. A provider that was set explicitly wins over the global one.
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

  /** The global tracer is a proxy that finds its SDK by itself, so it can be kept. */
  get tracer(): Tracer {
    if (!this.#watched) this.#watched = watchExports('traces', this.#tracerProvider ?? api.trace.getTracerProvider());
    this.#tracer ??= (this.#tracerProvider ?? api.trace).getTracer(PACKAGE_NAME, PACKAGE_VERSION);
    return this.#tracer;
  }

  /** The global meter is no proxy: instruments have to be made again when this changes. */
  get meterProvider(): MeterProvider {
    return this.#meterProvider ?? api.metrics.getMeterProvider();
  }
}

/** Watches what the registered providers export, whatever it is: an SDK that was started for the application is one of ours. */
export function watchRegistered(): void {
  watchExports('traces', api.trace.getTracerProvider());
  watchExports('metrics', api.metrics.getMeterProvider());
  watchExports('logs', currentLoggerProvider());
}
