/**
 * Shows OpenTelemetry's own warnings on stderr if the application has no logger for them: each once, on one line, and
 * without the server responses that some of them quote.
 */
import { type DiagAPI, type DiagLogger, DiagLogLevel, diag as ownDiag } from '@opentelemetry/api';
import { callersOf } from '../lib/caller.js';
import { shown } from '../redact/scrub.js';
import { otelGlobals } from '../report/otel-globals.js';
import { whenMcpIsSeen } from '../report/quiet.js';
import { warnOperator } from '../report/report.js';
import { isToldFailure } from './lost-exports.js';

const MAX_LINES = 20;
const MAX_LINE = 400;

/** Messages that are expected, or whose cause other code reports in more detail. */
const NO_NEWS: readonly RegExp[] = [
  /contains "none"\. SDK will not be initialized/,
  /^Current logger will (?:be overwritten|overwrite)/,
  /because maxQueueSize reached/,
  // The process ended before resource detection finished: what is known is sent.
  /^Accessing resource attributes before async attributes settled/,
  // Flushing or shutting down twice is harmless.
  /(?:force flush after \w+|forceFlush on already) shutdown|shutdown may only be called once|Cannot call shutdown twice/,
];

/** Refused registrations: the place is taken, or by another version of the API. */
const DUPLICATE = /(?:duplicate registration of API: |Registration of version \S+ for )(\w+)/i;

let said = new Set<string>();
/** Called with the API that is registered a second time. */
let onDuplicate: (api: string) => void = () => {};
let elsewhere: readonly (string | RegExp)[] = [];

/** The level of a name; undefined if OpenTelemetry does not know it. */
export function levelOf(name: string | undefined): DiagLogLevel | undefined {
  const level = DiagLogLevel[(name ?? '').trim().toUpperCase() as keyof typeof DiagLogLevel];
  return typeof level === 'number' ? level : undefined;
}

/**
 * Registers a logger, unless `OTEL_LOG_LEVEL` is set or the application has a logger. A logger that the application
 * sets later replaces it.
 *
 * @param diag of the SDK that is being started. Without one, nothing is registered before the application has registered
 * something: the first to register decides for which version of the API the others can.
 */
export function showDiagnostics(diag?: DiagAPI): void {
  if (levelOf(process.env['OTEL_LOG_LEVEL']) !== undefined) return;
  const registered = otelGlobals();
  if (registered?.diag !== undefined) return;
  if (diag !== undefined) registerLogger(diag);
  else if (registered !== undefined) registerLogger(ownDiag);
}

function registerLogger(diag: DiagAPI): void {
  const quiet = () => {};
  setReplaceable(diag, { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
}

/** Registers a logger that the application can replace by its own without a word. */
export function setReplaceable(diag: DiagAPI, logger: DiagLogger, logLevel: DiagLogLevel): void {
  // Refused if the application uses another version of the API.
  if (!diag.setLogger(logger, { logLevel, suppressOverrideMessage: true })) return;
  const { setLogger } = diag;
  // Without this, the API logs a warning with a stack trace about the replaced logger.
  const stepAside = (...args: Parameters<typeof setLogger>) => {
    diag.setLogger = setLogger;
    diag.disable();
    return setLogger(...args);
  };
  diag.setLogger = stepAside as typeof setLogger;
  hideFromOthers();
}

/** The same for other copies of the API, which ask for a logger before they set theirs. Until MCP is seen: it takes time. */
function hideFromOthers(): void {
  const globals = otelGlobals();
  const logger = globals?.diag;
  if (globals === undefined || logger === undefined) return;
  const place = { configurable: true, enumerable: true };
  const setTo = (value: DiagLogger) => {
    Object.defineProperty(globals, 'diag', { ...place, value, writable: true });
  };
  const get = () => (callersOf(get, 2).includes('setLogger') ? undefined : logger);
  Object.defineProperty(globals, 'diag', { ...place, get, set: setTo });
  whenMcpIsSeen(() => {
    if (globals.diag === logger) setTo(logger);
  });
}

/** Replaces OpenTelemetry's messages about duplicate registrations. */
export function explainDuplicates(explain: (api: string) => void): void {
  onDuplicate = explain;
}

/** Suppresses messages that contain one of these parts: other code reports their cause. */
export function saidElsewhere(parts: readonly (string | RegExp)[]): void {
  elsewhere = parts;
}

function say(...parts: readonly unknown[]): void {
  const text = parts
    .map(textOf)
    .filter((part) => part !== '')
    .join(' ');
  const api = DUPLICATE.exec(text)?.[1];
  if (api !== undefined) onDuplicate(api);
  if (api !== undefined || NO_NEWS.some((pattern) => pattern.test(text)) || isToldFailure(text)) return;
  if (elsewhere.some((part) => (typeof part === 'string' ? text.includes(part) : part.test(text)))) return;
  // Messages that differ only in numbers count as the same.
  const key = text.replace(/\d+/g, '#');
  if (text === '' || said.has(key) || said.size > MAX_LINES) return;
  said = said.add(key);
  if (said.size > MAX_LINES)
    warnOperator('further OpenTelemetry warnings are not shown; set OTEL_LOG_LEVEL=warn to see them');
  else
    warnOperator(
      text.startsWith('mcp-trail: ') ? text.slice('mcp-trail: '.length) : `OpenTelemetry: ${shown(text, MAX_LINE)}`,
    );
}

/** The text of strings and errors. Other values may be server responses. */
function textOf(part: unknown): string {
  if (part instanceof Error) return `${part.name}: ${part.message}`;
  if (typeof part !== 'string') return '';
  return messageIn(part) ?? part.split(/\n\s+at /, 1).join();
}

/** The message of an error that the SDK serialised as JSON, with its stack and response. */
function messageIn(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { name = 'Error', message, stack, code } = JSON.parse(text) as Record<string, unknown>;
    if (typeof message !== 'string' && typeof stack !== 'string') return undefined;
    return `${String(name)}: ${String(message ?? '')}${code === undefined ? '' : ` (${String(code)})`}`;
  } catch {
    return undefined;
  }
}
