/** The OpenTelemetry instrumentation: patches the MCP SDKs when they are loaded. */
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { LoggerProvider, LogsTarget } from './emit/logger-provider.js';
import type { Pipeline } from './emit/pipeline.js';
import { Providers } from './emit/providers.js';
import { watchBundles } from './hook/bundle/watch-bundles.js';
import { createObservation } from './hook/observation.js';
import type { Undo } from './hook/replace-methods.js';
import { patchClasses } from './hook/sdk/class-patches.js';
import { watchModules } from './hook/sdk/module-loading.js';
import { SDK_MODULES } from './hook/sdk/sdk-versions.js';
import { noteBundles, noteSdk } from './hook/unobserved/causes.js';
import { settleUnobserved, watchUnobserved } from './hook/unobserved/watch.js';
import { PACKAGE_NAME, PACKAGE_VERSION } from './lib/version.js';
import { endOperationsWithProcess } from './lifecycle/end-open-operations.js';
import { resolveConfig } from './options/instrumentation.js';
import { isSwitchedOff } from './options/switch.js';
import type { McpInstrumentationConfig } from './types.js';

/**
 * Instruments the MCP SDKs (v1 and v2, ESM and CommonJS) when they are loaded. It has the shape of OpenTelemetry's
 * `Instrumentation`: `registerInstrumentations` and `NodeSDK` of the 2.x and 3.x lines accept it.
 *
 * Create it before the application imports an MCP SDK, in a file loaded by `--import` or `--require`. If that is not
 * possible, use {@link instrumentClient} and {@link instrumentServer}.
 *
 * If several instances are enabled, the one enabled last observes what connects afterwards. Nothing is observed twice.
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
  /** `enabled: true` in code, which the environment does not override. */
  #demanded: boolean;
  #undos: Undo[] | undefined;

  /**
   * Enables itself unless `enabled` is `false`.
   *
   * @param config options that are missing come from `MCP_TRAIL_*` variables, then from the defaults; an invalid value is
   * reported on stderr and ignored
   */
  constructor(config: McpInstrumentationConfig = {}) {
    this.#config = { ...config, enabled: resolveConfig(config).enabled };
    this.#demanded = config.enabled === true;
    if (this.#config.enabled) this.enable();
  }

  /**
   * Observes SDK copies that are loaded from now on, and CommonJS copies that were loaded before. Idempotent. Does nothing
   * if `MCP_TRAIL_ENABLED` is `false`, unless the options contain `enabled: true`: `registerInstrumentations` and `NodeSDK`
   * enable every instrumentation they are given.
   */
  enable(): void {
    if (this.#undos !== undefined) return;
    if (!this.#demanded && isSwitchedOff()) return;
    const { pipeline, watch } = createObservation({
      config: resolveConfig({ ...this.#config, enabled: true }),
      providers: this.#providers,
      target: this.#logs,
    });
    const undos: Undo[] = [
      () => pipeline.shutdown(),
      watch(),
      watchUnobserved(),
      endOperationsWithProcess({ pause: () => this.#pause(pipeline), end: () => this.disable() }),
    ];
    this.#undos = undos;
    const patched = new WeakSet<object>();
    const stop = watchModules(SDK_MODULES, (exports) => {
      noteSdk();
      undos.push(...patchClasses(exports, pipeline, patched));
    });
    undos.push(stop);
    noteBundles(pipeline.config.bundles);
    if (pipeline.config.bundles) undos.push(watchBundles(pipeline, patched));
  }

  /**
   * Stops observing: SDK classes get their methods back, open spans end, and attached instances pass messages through. A
   * logger provider that was set is forgotten.
   */
  disable(): void {
    this.#stop();
    // A new object: the last records may still be on their way to the old one.
    this.#logs = { provider: undefined };
  }

  #pause(pipeline: Pipeline): void {
    settleUnobserved();
    pipeline.endOpen();
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

  /** Uses this provider instead of the global one for the audit records of this instrumentation, until it is disabled. */
  setLoggerProvider(loggerProvider: LoggerProvider): void {
    this.#logs.provider = loggerProvider;
  }

  /** The options as given, with the effective value of `enabled`. */
  getConfig(): McpInstrumentationConfig {
    return this.#config;
  }

  /** Replaces the options. Existing connections keep the old ones. `enabled: true` enables the instrumentation. */
  setConfig(config: McpInstrumentationConfig): void {
    const wasEnabled = this.#undos !== undefined;
    this.#stop();
    this.#config = { ...config, enabled: resolveConfig(config).enabled };
    this.#demanded = config.enabled === true;
    if (this.#config.enabled && (wasEnabled || this.#demanded)) this.enable();
  }
}
