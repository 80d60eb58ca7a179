/**
 * Entry for `node --import mcp-trail/register app.js` and `node --require mcp-trail/register app.cjs`: instruments the
 * MCP SDKs and, unless an OpenTelemetry SDK is registered already, starts the application's own
 * `@opentelemetry/sdk-node` from the `OTEL_*` environment.
 *
 * `MCP_TRAIL_SDK=off` never starts an SDK; `MCP_TRAIL_CRASH_REPORTS=on` makes stdio servers report a crash as one line
 * of JSON on stderr; `MCP_TRAIL_ENABLED=false` and `OTEL_SDK_DISABLED=true` load nothing at all.
 *
 * @packageDocumentation
 */
import { IN_LOADER_THREAD } from './lifecycle/loader-thread.js';
import { isSwitchedOff } from './options/switch.js';
import type * as ZeroCode from './zero-code.js';

/** Once per process: an application may be started with both `--import` and `--require`, or twice with one. */
const REGISTERED = Symbol.for('mcp-trail.registered');

function register(): void {
  const global = globalThis as { [REGISTERED]?: true };
  if (IN_LOADER_THREAD || global[REGISTERED]) return;
  if (process.env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true' || isSwitchedOff()) return;
  global[REGISTERED] = true;
  // Built as CommonJS: a statement would load the package before the switches are read.
  const { startWithoutCode } = require('./zero-code.js') as typeof ZeroCode;
  startWithoutCode();
}

/** Deno's error for what it was not allowed to do. */
const NOT_ALLOWED = 'NotCapable';

try {
  register();
} catch (error) {
  // The package's own reports are part of what may have failed.
  const name = error instanceof Error && /^\w{1,64}$/.test(error.name) ? error.name : 'unknown error';
  const hint = name === NOT_ALLOWED ? '. Deno needs --allow-env' : '';
  process.stderr.write(`mcp-trail: could not start (${name}), nothing is observed${hint}\n`);
}
