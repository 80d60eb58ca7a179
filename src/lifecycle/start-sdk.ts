/** Starts the application's own `@opentelemetry/sdk-node`, of either line, from the `OTEL_*` variables. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DiagAPI, DiagLogLevel, TraceAPI } from '@opentelemetry/api';
import { startedProviders } from '../emit/default-providers.js';
import type { Flushable, SdkInternals } from '../emit/sdk-internals.js';
import { packageVersion } from '../lib/package-version.js';
import { otelGlobals } from '../report/otel-globals.js';
import { type ConsoleExporterClass, logDiagnosticsToStderr, redirectConsoleExporter } from './console-to-stderr.js';
import { ExitDelivery } from './exit-delivery.js';
import type { ParseHeaders } from './exit-delivery-request.js';
import { givingWay, type Holds } from './give-way.js';
import { type Detector, resourceDetectors } from './resource-detectors.js';
import { Retirement } from './retirement.js';

interface NodeSdk extends SdkInternals {
  start(): void;
}

type NodeSdkClass = new (options: { resourceDetectors: readonly Detector[] }) => NodeSdk;

type Require = ReturnType<typeof createRequire>;

const SDK = '@opentelemetry/sdk-node';

const API = '@opentelemetry/api';

/** The versions whose lines are known: 2.x and 3.x. */
const SUPPORTED = /^0\.[23]\d\d\./;
export const SUPPORTED_VERSIONS = '0.200 to 0.399';

/** Where packages are looked for: how operators are told, and a file there. */
type Place = readonly [name: string, from: () => string];

function applicationPlaces(entry: string | undefined, workingDirectory: string): readonly Place[] {
  const entries = entry === undefined ? [] : [() => entry, () => realpathSync(entry)];
  return [
    ...entries.map((from): Place => ['of the application', from]),
    ['in the working directory', () => join(workingDirectory, 'package.json')],
  ];
}

/** What was found. */
export interface SdkSearch {
  /** Loads the SDK and what it uses; undefined if there is none. */
  readonly require: Require | undefined;
  /** The versions that cannot be used, with their places. */
  readonly passedOver: readonly string[];
}

/**
 * Finds the SDK where the application would: from its entry file, which may be a symbolic link, then from the working
 * directory; finally beside this package, because `npx` starts servers from any folder. Versions of lines that are not
 * known are passed over.
 *
 * @param own URL of a file of this package
 */
export function findSdk(entry: string | undefined, workingDirectory: string, own: string | undefined): SdkSearch {
  const beside: readonly Place[] = own === undefined ? [] : [['beside mcp-trail', () => own]];
  const passedOver = new Map<string, string>();
  for (const [place, from] of [...applicationPlaces(entry, workingDirectory), ...beside]) {
    try {
      const file = createRequire(from()).resolve(SDK);
      const version = packageVersion(SDK, file);
      if (version === undefined || SUPPORTED.test(version)) {
        return { require: createRequire(file), passedOver: [...passedOver.values()] };
      }
      if (!passedOver.has(file)) passedOver.set(file, `${version} ${place}`);
    } catch {
      // Not installed there.
    }
  }
  return { require: undefined, passedOver: [...passedOver.values()] };
}

/**
 * The version of the API that the application has loaded, if that copy is too new for what the started SDK has registered:
 * the application's own spans, and an SDK that it registers, are then lost without a word.
 */
export function lockedOutApi(entry: string | undefined, workingDirectory: string): string | undefined {
  const registered = otelGlobals()?.trace;
  if (registered === undefined) return undefined;
  for (const [, from] of applicationPlaces(entry, workingDirectory)) {
    try {
      const require = createRequire(from());
      const file = require.resolve(API);
      const loaded = require.cache[file]?.exports as { trace: TraceAPI } | undefined;
      if (loaded !== undefined && loaded.trace.getTracerProvider() !== registered) return packageVersion(API, file);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** The diagnostics of the API that an SDK uses. */
export function diagOf(require: Require): DiagAPI {
  return (require(API) as { diag: DiagAPI }).diag;
}

/** An SDK that was started here. */
export interface StartedSdk {
  readonly providers: readonly Flushable[];
  /** Those of them that have no MCP telemetry now: a provider of the application sends it to the same place. */
  readonly replaced: ReadonlySet<Flushable>;
  readonly holds: Holds;
  readonly exitDelivery: ExitDelivery;
  /** Version of the API that it uses. */
  readonly apiVersion: string | undefined;
}

/**
 * How long spans and log records are batched, in milliseconds, unless the environment sets it. Many MCP servers do not live
 * for the SDK's default of 1 to 5 seconds.
 */
const BATCH_DELAY_MS = '500';

export interface StartOptions {
  /** Of diagnostics, if the operator chose one. */
  readonly logLevel: DiagLogLevel | undefined;
  /** Shows the operator a line. */
  readonly warn: (text: string) => void;
  /** Called when the application has registered providers, but MCP telemetry still goes to these endpoints. */
  readonly onKept: (endpoints: readonly string[]) => void;
  /** Add to the resource, after those that the operator chose. */
  readonly detectors?: readonly Detector[];
}

/**
 * Starts the SDK. Its output goes to stderr, and its resource does not contain the command line. Variables that are set for
 * it are restored afterwards, so that child processes do not inherit them. MCP telemetry goes to it. It gives way to an SDK
 * that the application registers later.
 */
export function startSdk(require: Require, { logLevel, warn, onKept, detectors = [] }: StartOptions): StartedSdk {
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
    if (logLevel !== undefined) logDiagnosticsToStderr(diagOf(require), logLevel);
    const sdk = new NodeSDK({
      resourceDetectors: [...resourceDetectors(resources, lineOf(require), OTEL_NODE_RESOURCE_DETECTORS), ...detectors],
    });
    const giveWay = givingWay();
    const earlier = otelGlobals()?.propagation;
    sdk.start();
    // With OTEL_PROPAGATORS=none, it has none.
    if (earlier === undefined) startedProviders.propagator = otelGlobals()?.propagation;
    const retirement = new Retirement(sdk, onKept);
    const holds = giveWay((place, successor, ours) => retirement.replace(place, successor, ours));
    const providers = [sdk._tracerProvider, sdk._meterProvider, sdk._loggerProvider];
    const { parseKeyPairsIntoRecord } = require('@opentelemetry/core') as { parseKeyPairsIntoRecord: ParseHeaders };
    return {
      providers: providers.filter((provider) => provider !== undefined),
      replaced: retirement.replaced,
      holds,
      exitDelivery: new ExitDelivery(sdk, parseKeyPairsIntoRecord, warn),
      apiVersion: packageVersion(API, require.resolve(API)),
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
  return 'logs' in (require(API) as object) ? '3.x' : '2.x';
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
