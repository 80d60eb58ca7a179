/** Starts the application's own `@opentelemetry/sdk-node`, of either line, from the `OTEL_*` variables. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DiagLogLevel } from '@opentelemetry/api';
import type { Flushable, SdkInternals } from '../emit/sdk-internals.js';
import { type ConsoleExporterClass, logDiagnosticsToStderr, redirectConsoleExporter } from './console-to-stderr.js';
import { ExitDelivery } from './exit-delivery.js';
import type { ParseHeaders } from './exit-delivery-request.js';
import { type Detector, resourceDetectors } from './resource-detectors.js';

interface NodeSdk extends SdkInternals {
  start(): void;
}

type NodeSdkClass = new (options: {
  instrumentations: readonly object[];
  resourceDetectors: readonly Detector[];
}) => NodeSdk;

type Require = ReturnType<typeof createRequire>;

const SDK = '@opentelemetry/sdk-node';

/**
 * Finds the SDK where the application would: from its entry file, which may be a symbolic link, then from the working
 * directory; finally beside this package, because `npx` starts servers from any folder.
 *
 * @param own URL of a file of this package
 */
export function findSdk(
  entry: string | undefined,
  workingDirectory: string,
  own: string | undefined,
): Require | undefined {
  const entries = entry === undefined ? [] : [() => entry, () => realpathSync(entry)];
  const beside = own === undefined ? [] : [() => own];
  for (const from of [...entries, () => join(workingDirectory, 'package.json'), ...beside]) {
    try {
      return createRequire(createRequire(from()).resolve(SDK));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** An SDK that was started here. */
export interface StartedSdk {
  readonly providers: readonly Flushable[];
  readonly exitDelivery: ExitDelivery;
}

/**
 * How long spans and log records are batched, in milliseconds, unless the environment sets it. Many MCP servers do not live
 * for the SDK's default of 1 to 5 seconds.
 */
const BATCH_DELAY_MS = '500';

/**
 * Starts the SDK. Its output goes to stderr, and its resource does not contain the command line. Variables that are set for
 * it are restored afterwards, so that child processes do not inherit them.
 *
 * @param logLevel of diagnostics, if the operator chose one
 * @param warn shows the operator a line
 */
export function startSdk(
  require: Require,
  instrumentation: object,
  logLevel: DiagLogLevel | undefined,
  warn: (text: string) => void,
): StartedSdk {
  const { OTEL_NODE_RESOURCE_DETECTORS } = process.env;
  const { NodeSDK } = require(SDK) as { NodeSDK: NodeSdkClass };
  redirectConsoleExporters(require);
  const resources = require('@opentelemetry/resources') as Record<string, unknown>;
  const restore = setEnvironment({
    // With a level, the SDK would install a logger that writes to stdout.
    OTEL_LOG_LEVEL: undefined,
    OTEL_BSP_SCHEDULE_DELAY: process.env['OTEL_BSP_SCHEDULE_DELAY']?.trim() || BATCH_DELAY_MS,
    OTEL_BLRP_SCHEDULE_DELAY: process.env['OTEL_BLRP_SCHEDULE_DELAY']?.trim() || BATCH_DELAY_MS,
  });
  try {
    if (logLevel !== undefined) logDiagnosticsToStderr(logLevel);
    const sdk = new NodeSDK({
      instrumentations: [instrumentation],
      resourceDetectors: resourceDetectors(resources, lineOf(require), OTEL_NODE_RESOURCE_DETECTORS),
    });
    sdk.start();
    const providers = [sdk._tracerProvider, sdk._meterProvider, sdk._loggerProvider];
    const { parseKeyPairsIntoRecord } = require('@opentelemetry/core') as { parseKeyPairsIntoRecord: ParseHeaders };
    return {
      providers: providers.filter((provider) => provider !== undefined),
      exitDelivery: new ExitDelivery(sdk, parseKeyPairsIntoRecord, warn),
    };
  } finally {
    restore();
  }
}

/** Sets or deletes variables until the returned function is called. */
function setEnvironment(values: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(values)) setVariable(name, value);
  return () => {
    for (const [name, value] of before) setVariable(name, value);
  };
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** The SDK line: 2.x needs an API without logs, which are in a separate package. */
function lineOf(require: Require): '2.x' | '3.x' {
  return 'logs' in (require('@opentelemetry/api') as object) ? '3.x' : '2.x';
}

const CONSOLE_EXPORTERS: readonly (readonly [string, string])[] = [
  ['@opentelemetry/sdk-trace', 'ConsoleSpanExporter'],
  ['@opentelemetry/sdk-trace-base', 'ConsoleSpanExporter'],
  ['@opentelemetry/sdk-metrics', 'ConsoleMetricExporter'],
  ['@opentelemetry/sdk-logs', 'ConsoleLogRecordExporter'],
];

function redirectConsoleExporters(require: Require): void {
  const redirected = new Set<ConsoleExporterClass>();
  for (const [module, name] of CONSOLE_EXPORTERS) {
    const exporter = (optional(require, module) as Record<string, ConsoleExporterClass> | undefined)?.[name];
    if (exporter === undefined || redirected.has(exporter)) continue;
    redirected.add(exporter);
    redirectConsoleExporter(exporter);
  }
}

/** The trace package that exists depends on the line. */
function optional(require: Require, module: string): unknown {
  try {
    return require(module);
  } catch {
    return undefined;
  }
}
