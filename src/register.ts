/**
 * Entry for `node --import mcp-trail/register app.js` and `node --require mcp-trail/register app.cjs`: instruments the
 * MCP SDKs and, unless an OpenTelemetry SDK is registered already, starts the application's own
 * `@opentelemetry/sdk-node` from the `OTEL_*` environment.
 *
 * `MCP_TRAIL_SDK=off` never starts an SDK; `MCP_TRAIL_CRASH_REPORTS=on` has stdio servers crash with a line of JSON on
 * stderr; `OTEL_SDK_DISABLED=true` does nothing at all.
 *
 * @packageDocumentation
 */

import { currentLoggerProvider } from './emit/logs.js';
import { StderrLogRecordExporter } from './export/stderr.js';
import { onStdioServer } from './hook/stdio-server.js';
import { McpInstrumentation } from './instrumentation.js';
import { oneOfEnv } from './option-kinds.js';
import { Redactor } from './redact/redactor.js';
import { shown } from './redact/shown.js';
import { crashReporter } from './start/crash.js';
import { crashLine } from './start/crash-line.js';
import { type Flushable, flush, flushAfterInput, flushBeforeExit } from './start/flush.js';
import { IN_LOADER_THREAD } from './start/loader-thread.js';
import { findSdk, sdkIsRegistered, startSdk } from './start/sdk.js';
import { warnOperator } from './util/report.js';
import { rfc3339, wallClock } from './util/wall-clock.js';

/** Once per process: an application may be started with both `--import` and `--require`, or twice with one. */
const REGISTERED = Symbol.for('mcp-trail.registered');

function register(): void {
  const global = globalThis as { [REGISTERED]?: true };
  if (IN_LOADER_THREAD || global[REGISTERED]) return;
  if (process.env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return;
  global[REGISTERED] = true;
  const instrumentation = new McpInstrumentation();
  if (instrumentation.getConfig().enabled === false) return;
  const started = start(instrumentation);
  // Of an SDK that the application brings: the tracing API does not lead to its logs.
  const logs: Flushable = { forceFlush: async () => currentLoggerProvider()?.forceFlush?.() };
  const others = started.length === 0 ? [logs] : started;
  flushBeforeExit(process, () => instrumentation.disable(), others);
  const onCrash = crashes(instrumentation, others);
  onStdioServer((input, output) => {
    flushAfterInput(input, others);
    onCrash?.({ input, output });
  });
}

/** Told of each stdio server, where the operator wants to hear of crashes. */
function crashes(instrumentation: McpInstrumentation, others: readonly Flushable[]) {
  if (oneOfEnv('MCP_TRAIL_CRASH_REPORTS', ['off', 'on'], 'off') === 'off') return undefined;
  const stderr = new StderrLogRecordExporter();
  const redactor = new Redactor();
  const serviceName = process.env['OTEL_SERVICE_NAME']?.trim() || undefined;
  const workingDirectory = process.cwd();
  const hide = (name: string) => redactor.name('code.stacktrace', name);
  return crashReporter(process, {
    lineFor: (thrown, origin) =>
      crashLine(thrown, origin, { time: rfc3339(wallClock()), serviceName, workingDirectory, hide }),
    write: (line) => stderr.write(line),
    finish: () => {
      instrumentation.disable();
      return flush([...others, stderr]);
    },
  });
}

function start(instrumentation: McpInstrumentation): Flushable[] {
  if (oneOfEnv('MCP_TRAIL_SDK', ['auto', 'off'], 'auto') === 'off' || sdkIsRegistered()) return [];
  const found = findSdk(process.argv[1], process.cwd());
  if (found === undefined) {
    warnOperator(
      'no OpenTelemetry SDK found, spans and metrics are not exported. Install one beside the application ' +
        '(npm install @opentelemetry/sdk-node), or set MCP_TRAIL_SDK=off if the application registers its own',
    );
    return [];
  }
  try {
    return startSdk(found, instrumentation);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnOperator(`@opentelemetry/sdk-node could not be started, nothing is exported: ${shown(reason, 200)}`);
    return [];
  }
}

register();
