/** Keeping stdout clean: on a stdio server it is the protocol, and one stray line breaks the client. */
import { Console } from 'node:console';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';

const LEVELS: Readonly<Record<string, DiagLogLevel>> = {
  NONE: DiagLogLevel.NONE,
  ERROR: DiagLogLevel.ERROR,
  WARN: DiagLogLevel.WARN,
  INFO: DiagLogLevel.INFO,
  DEBUG: DiagLogLevel.DEBUG,
  VERBOSE: DiagLogLevel.VERBOSE,
  ALL: DiagLogLevel.ALL,
};

/** Everything at once on stderr, whatever the method's name. */
export const stderrConsole = new Console(process.stderr, process.stderr);

/**
 * Sends the diagnostics of OpenTelemetry to stderr, at the level of `OTEL_LOG_LEVEL`. Without one, only what an
 * operator has to act upon is said: that the application sets up an SDK beside the one that is running.
 */
export function logDiagnosticsToStderr(level: string | undefined): void {
  const chosen = level === undefined ? undefined : LEVELS[level.trim().toUpperCase()];
  const write = (...parts: unknown[]) => stderrConsole.error('[otel]', ...parts);
  const quiet = () => {};
  const logger: DiagLogger =
    chosen === undefined
      ? { error: warnOfSecondSdk, warn: quiet, info: quiet, debug: quiet, verbose: quiet }
      : { error: write, warn: write, info: write, debug: write, verbose: write };
  diag.setLogger(logger, { logLevel: chosen ?? DiagLogLevel.ERROR, suppressOverrideMessage: true });
}

let warned = false;

/** The OpenTelemetry API reports a second registration as an error, and otherwise only ignores it. */
function warnOfSecondSdk(message: unknown, ...parts: unknown[]): void {
  if (warned || ![message, ...parts].some((part) => /duplicate registration/i.test(String(part)))) return;
  warned = true;
  process.stderr.write(
    'mcp-trail: the application registers an OpenTelemetry SDK of its own, which is ignored because ' +
      "mcp-trail/register has started one. Set MCP_TRAIL_SDK=off to use only the application's\n",
  );
}

/** The methods that console exporters write with. */
const METHODS = ['dir', 'log', 'info', 'debug'] as const;

/** An exporter class that writes to the console. */
export interface ConsoleExporterClass {
  readonly prototype: { export: (...args: never[]) => unknown };
}

/** Makes a console exporter write to stderr: while it exports, which is synchronous, the console is another one. */
export function redirectConsoleExporter(exporter: ConsoleExporterClass): void {
  const { prototype } = exporter;
  const original = prototype.export as (...args: unknown[]) => unknown;
  prototype.export = function (this: unknown, ...args: unknown[]) {
    const saved = METHODS.map((method) => [method, console[method]] as const);
    for (const method of METHODS) console[method] = stderrConsole[method].bind(stderrConsole);
    try {
      return original.apply(this, args);
    } finally {
      for (const [method, value] of saved) console[method] = value;
    }
  };
}
