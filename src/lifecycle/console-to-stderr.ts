/** Keeping stdout clean: on a stdio server it is the protocol, and one stray line breaks the client. */
import { Console } from 'node:console';
import { type DiagLogger, type DiagLogLevel, diag } from '@opentelemetry/api';

/** Everything at once on stderr, whatever the method's name. */
export const stderrConsole = new Console(process.stderr, process.stderr);

/** Sends the diagnostics of OpenTelemetry to stderr, all that are of a level. */
export function logDiagnosticsToStderr(logLevel: DiagLogLevel): void {
  const write = (...parts: unknown[]) => stderrConsole.error('[otel]', ...parts);
  const logger: DiagLogger = { error: write, warn: write, info: write, debug: write, verbose: write };
  diag.setLogger(logger, { logLevel, suppressOverrideMessage: true });
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
