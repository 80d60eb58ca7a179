/** The OpenTelemetry instrumentation: hooks that fire when an MCP SDK is loaded, and the providers they report to. */
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { LoggerProvider, LogsTarget } from './emit/logger-provider.js';
import { Providers } from './emit/providers.js';
import { observe } from './hook/observation.js';
import type { Undo } from './hook/replace-methods.js';
import { patchClasses } from './hook/sdk/class-patches.js';
import { watchModules } from './hook/sdk/module-loading.js';
import { SDK_MODULES } from './hook/sdk/sdk-versions.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from './lib/version.js';
import { endOperationsWithProcess } from './lifecycle/end-open-operations.js';
import { isSwitchedOff, resolveConfig } from './options/instrumentation.js';
import type { McpInstrumentationConfig } from './types.js';

/**
 * Instruments the MCP SDKs (v1 and v2, ESM and CommonJS) when they are loaded. It has the shape of OpenTelemetry's
 * `Instrumentation`, so that `registerInstrumentations` and `NodeSDK` take it, on the 2.x and the 3.x line.
 *
 * Make it before the application imports an MCP SDK, in a file loaded by `--import` or `--require`. Where that cannot
 * be, use {@link instrumentClient} and {@link instrumentServer}.
 *
 * Of several enabled instances the one enabled last observes what connects afterwards; nothing is observed twice.
 *
 * @example
 * ```ts
 * registerInstrumentations({ instrumentations: [new McpInstrumentation()] });
 * ```
 */
export class McpInstrumentation {
  /** Name of the instrumentation scope. */
  readonly instrumentationName = PACKAGE_NAME;
  /** Version of the instrumentation scope. */
  readonly instrumentationVersion = PACKAGE_VERSION;
  readonly #providers = new Providers();
  #logs: LogsTarget = { provider: undefined };
  #config: McpInstrumentationConfig;
  /** `enabled: true` in code: the one thing that the environment does not overrule. */
  #demanded: boolean;
  #undos: Undo[] | undefined;

  /**
   * Enabled at once, unless `enabled` is `false`.
   * @param config options left out come from `MCP_TRAIL_*` variables, then from the defaults; a value that is not
   * accepted is reported on stderr and counts as left out
   */
  constructor(config: McpInstrumentationConfig = {}) {
    this.#config = { ...config, enabled: resolveConfig(config).enabled };
    this.#demanded = config.enabled === true;
    if (this.#config.enabled) this.enable();
  }

  /**
   * Starts to observe SDK copies loaded from now on, and CommonJS ones loaded before. Idempotent. Does nothing where
   * `MCP_TRAIL_ENABLED` is off, unless the options say `enabled: true`: `registerInstrumentations` and `NodeSDK` call it
   * for every instrumentation they are given.
   */
  enable(): void {
    if (this.#undos !== undefined) return;
    if (!this.#demanded && isSwitchedOff()) return;
    const { pipeline, watch } = observe(resolveConfig({ ...this.#config, enabled: true }), this.#providers, this.#logs);
    const undos: Undo[] = [
      () => pipeline.shutdown(),
      watch(),
      endOperationsWithProcess({ pause: () => pipeline.endOpen(), end: () => this.disable() }),
    ];
    this.#undos = undos;
    const patched = new WeakSet<object>();
    const stop = watchModules(SDK_MODULES, (exports) => {
      undos.push(...patchClasses(exports, pipeline, patched));
    });
    undos.push(stop);
  }

  /**
   * Stops observing: SDK classes get their methods back, open spans end, attached instances pass everything on. A provider
   * for audit records that was set is forgotten.
   */
  disable(): void {
    this.#stop();
    // A new one: last records may still be on their way to the old one.
    this.#logs = { provider: undefined };
  }

  #stop(): void {
    const undos = this.#undos?.reverse() ?? [];
    this.#undos = undefined;
    for (const undo of undos) undo();
  }

  /** Uses this provider instead of the global one. */
  setTracerProvider(tracerProvider: TracerProvider): void {
    this.#providers.setTracerProvider(tracerProvider);
  }

  /** Uses this provider instead of the global one. */
  setMeterProvider(meterProvider: MeterProvider): void {
    this.#providers.setMeterProvider(meterProvider);
  }

  /** Uses this provider for the audit records of this instrumentation instead of the global one, until it is disabled. */
  setLoggerProvider(loggerProvider: LoggerProvider): void {
    this.#logs.provider = loggerProvider;
  }

  /** The options as they were given, and whether the instrumentation was enabled by them. */
  getConfig(): McpInstrumentationConfig {
    return this.#config;
  }

  /** Replaces the options. What is connected already keeps the old ones. With `enabled: true` it is enabled. */
  setConfig(config: McpInstrumentationConfig): void {
    const wasEnabled = this.#undos !== undefined;
    this.#stop();
    this.#config = { ...config, enabled: resolveConfig(config).enabled };
    this.#demanded = config.enabled === true;
    if (this.#config.enabled && (wasEnabled || this.#demanded)) this.enable();
  }
}
