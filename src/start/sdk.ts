/** Starting the application's own `@opentelemetry/sdk-node`, of either line, from the `OTEL_*` environment. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type DiagLogLevel, trace } from '@opentelemetry/api';
import type { McpInstrumentation } from '../instrumentation.js';
import type { Flushable } from './pipelines.js';
import { type Detector, resourceDetectors } from './resource.js';
import { type ConsoleExporterClass, logDiagnosticsToStderr, redirectConsoleExporter } from './stderr.js';

interface NodeSdk {
  start(): void;
  /** Private in both lines. */
  readonly _tracerProvider?: Flushable;
  readonly _meterProvider?: Flushable;
  readonly _loggerProvider?: Flushable;
}

type NodeSdkClass = new (options: {
  instrumentations: readonly McpInstrumentation[];
  resourceDetectors: readonly Detector[];
}) => NodeSdk;

type Require = ReturnType<typeof createRequire>;

const SDK = '@opentelemetry/sdk-node';

/** Whether a tracer provider has been registered, by the application or an earlier preload. */
export function sdkIsRegistered(): boolean {
  const proxy = trace.getTracerProvider() as { getDelegate?(): object };
  const delegate = proxy.getDelegate?.() ?? proxy;
  return delegate.constructor.name !== 'NoopTracerProvider';
}

/**
 * Finds the SDK where the application would: from its entry file, which may be a link, then from the working directory.
 * Else beside this package: `npx` starts servers from any folder.
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
      // Not installed there; the next place may have it.
    }
  }
  return undefined;
}

/**
 * Starts the SDK; returns its providers. What the SDK prints goes to stderr, and its resource says nothing of the command
 * line.
 *
 * @param logLevel of diagnostics, where the operator chose one
 */
export function startSdk(
  require: Require,
  instrumentation: McpInstrumentation,
  logLevel: DiagLogLevel | undefined,
): Flushable[] {
  const { OTEL_LOG_LEVEL, OTEL_NODE_RESOURCE_DETECTORS } = process.env;
  const { NodeSDK } = require(SDK) as { NodeSDK: NodeSdkClass };
  redirectConsoleExporters(require);
  const resources = require('@opentelemetry/resources') as Record<string, unknown>;
  // Given a level, the SDK would install a logger that writes to stdout.
  delete process.env['OTEL_LOG_LEVEL'];
  try {
    if (logLevel !== undefined) logDiagnosticsToStderr(logLevel);
    const sdk = new NodeSDK({
      instrumentations: [instrumentation],
      resourceDetectors: resourceDetectors(resources, lineOf(require), OTEL_NODE_RESOURCE_DETECTORS),
    });
    sdk.start();
    return [sdk._tracerProvider, sdk._meterProvider, sdk._loggerProvider].filter((provider) => provider !== undefined);
  } finally {
    if (OTEL_LOG_LEVEL !== undefined) process.env['OTEL_LOG_LEVEL'] = OTEL_LOG_LEVEL;
  }
}

/** The lines tell themselves apart by the API they need: 2.x keeps the logs API in a package of its own. */
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

/** Which of the trace packages exists depends on the line. */
function optional(require: Require, module: string): unknown {
  try {
    return require(module);
  } catch {
    return undefined;
  }
}
