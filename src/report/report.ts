/** Messages of this package: to OpenTelemetry's diagnostics or to stderr, never to stdout, never with content. */
import { shown } from '../redact/scrub.js';
import { otelGlobals } from './otel-globals.js';
import { unlessQuiet } from './quiet.js';

/** A few more than there are options that can be wrong at once. */
const MAX_REPORTED = 105;
const MAX_NAME = 64;
const MAX_TEXT = 2000;
const reported = new Set<string>();
const HIDES_WARNINGS = /^\s*(?:none|error)\s*$/i;

/** True once per key; false when too many keys have been seen. */
function firstTime(key: string): boolean {
  if (reported.has(key) || reported.size >= MAX_REPORTED) return false;
  reported.add(key);
  return true;
}

/**
 * Reports a failure of ours once per site, with the class of the error. Its message is left out: it may quote the
 * application's data.
 */
export function reportFailure(site: string, error: unknown): void {
  try {
    if (!firstTime(`failure:${site}`)) return;
    const name = error instanceof Error ? shown(error.constructor.name, MAX_NAME) : typeof error;
    const text = `${site} failed (${name}); telemetry was dropped, the application was not affected`;
    const logger = otelGlobals()?.diag;
    if (logger !== undefined) logger.warn(`mcp-trail: ${text}`);
    else if (!HIDES_WARNINGS.test(process.env['OTEL_LOG_LEVEL'] ?? '')) warnOperator(text);
  } catch {
    // The diagnostics logger itself threw.
  }
}

let write = (text: string): unknown => process.stderr.write(`mcp-trail: ${text}\n`);

/** Passes the lines for operators to a function instead, from now on: a command shows them as its own. */
export function takeWarnings(taker: (text: string) => unknown): void {
  write = taker;
}

/** Writes one line to stderr, once; in a quiet process, when MCP is seen. Hides secrets, which option values can contain. */
export function warnOperator(text: string): void {
  if (firstTime(`operator:${text}`)) unlessQuiet(() => write(shown(text, MAX_TEXT)));
}
