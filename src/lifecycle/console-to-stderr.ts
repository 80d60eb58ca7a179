/** Keeps OpenTelemetry off stdout: on a stdio server, stdout carries the protocol, and one stray line breaks the client. */
import { Console } from 'node:console';
import type { DiagAPI, DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import { setReplaceable } from '../emit/diagnostics.js';

/** Writes to stderr with every method. */
export const stderrConsole = new Console(process.stderr, process.stderr);

/** Writes OpenTelemetry's diagnostics from a level on to stderr. */
export function logDiagnosticsToStderr(diag: DiagAPI, logLevel: DiagLogLevel): void {
  const write = (...parts: unknown[]) => stderrConsole.error('[otel]', ...parts);
  const logger: DiagLogger = { error: write, warn: write, info: write, debug: write, verbose: write };
  setReplaceable(diag, logger, logLevel);
}

/** The methods that console exporters use. */
const METHODS = ['dir', 'log', 'info', 'debug'] as const;

/** An exporter class that writes to the console. */
export interface ConsoleExporterClass {
  readonly prototype: { export: (...args: never[]) => unknown };
}

/** Makes a console exporter write to stderr: it exports synchronously, and the console's methods are replaced meanwhile. */
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
