/**
 * Entry for `node --import mcp-trail/register app.js` and `node --require mcp-trail/register app.cjs`: instruments the
 * MCP SDKs and, unless an OpenTelemetry SDK is registered already, starts the application's own
 * `@opentelemetry/sdk-node` from the `OTEL_*` environment.
 *
 * `MCP_TRAIL_SDK=off` never starts an SDK; `OTEL_SDK_DISABLED=true` does nothing at all.
 *
 * @packageDocumentation
 */
import { oneOfEnv } from './config.js';
import { onStdioServer } from './hook/stdio-server.js';
import { McpInstrumentation } from './instrumentation.js';
import { type Flushable, flushAfterInput, flushBeforeExit } from './start/flush.js';
import { IN_LOADER_THREAD } from './start/loader-thread.js';
import { findSdk, sdkIsRegistered, startSdk } from './start/sdk.js';
import { warnOperator } from './util/report.js';

/** Once per process: an application may be started with both `--import` and `--require`, or twice with one. */
const REGISTERED = Symbol.for('mcp-trail.registered');

function register(): void {
  const global = globalThis as { [REGISTERED]?: true };
  if (IN_LOADER_THREAD || global[REGISTERED]) return;
  if (process.env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return;
  global[REGISTERED] = true;
  const instrumentation = new McpInstrumentation();
  if (instrumentation.getConfig().enabled === false) return;
  const others = start(instrumentation);
  flushBeforeExit(process, () => instrumentation.disable(), others);
  onStdioServer((stdin) => flushAfterInput(stdin, others));
}

function start(instrumentation: McpInstrumentation): Flushable[] {
  if (oneOfEnv('MCP_TRAIL_SDK', ['auto', 'off'], 'auto') === 'off' || sdkIsRegistered()) return [];
  const found = findSdk(process.argv[1], process.cwd());
  if (found === undefined) {
    warnOperator(
      'no OpenTelemetry SDK found, nothing is exported. Install one beside the application ' +
        '(npm install @opentelemetry/sdk-node), or set MCP_TRAIL_SDK=off if the application registers its own',
    );
    return [];
  }
  try {
    return startSdk(found, instrumentation);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnOperator(`@opentelemetry/sdk-node could not be started, nothing is exported: ${reason.slice(0, 200)}`);
    return [];
  }
}

register();
