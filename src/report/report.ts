/** How this package speaks: to the OpenTelemetry diagnostics, or to stderr. Never to stdout, never about content. */
import { diag } from '@opentelemetry/api';
import { shown } from '../redact/scrub.js';
import { unlessQuiet } from './quiet.js';

const MAX_REPORTED = 100;
const MAX_NAME = 64;
const MAX_TEXT = 2000;
const reported = new Set<string>();

/** True the first time it is asked about a key; false ever after, and when too many keys have been seen. */
function firstTime(key: string): boolean {
  if (reported.has(key) || reported.size >= MAX_REPORTED) return false;
  reported.add(key);
  return true;
}

/**
 * A failure of ours at one place in the code: said once, by the name of the place and of the error's class. The
 * error's message may quote the application's data and is left out.
 */
export function reportFailure(site: string, error: unknown): void {
  try {
    if (!firstTime(`failure:${site}`)) return;
    const name = error instanceof Error ? shown(error.constructor.name, MAX_NAME) : typeof error;
    diag.warn(`mcp-trail: ${site} failed (${name}); telemetry was dropped, the application was not affected`);
  } catch {
    // A diagnostics logger that throws has nobody left to hear about it.
  }
}

/**
 * Something the operator has to know, as one line on stderr, once; in a process that is quiet, when MCP is seen in it.
 * Secrets in it are hidden: options can hold some.
 */
export function warnOperator(text: string): void {
  if (firstTime(`operator:${text}`)) unlessQuiet(() => process.stderr.write(`mcp-trail: ${shown(text, MAX_TEXT)}\n`));
}
