/**
 * Shows OpenTelemetry's own warnings on stderr if the application has no logger for them: each once, in one line,
 * without responses of servers that some of them quote.
 */
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { shown } from '../redact/scrub.js';
import { warnOperator } from '../report/report.js';
import { isToldFailure } from './lost-exports.js';

const API = Symbol.for('opentelemetry.js.api.1');
const MAX_LINES = 20;
const MAX_LINE = 400;

/** Expected messages, and those that other code reports with more of their cause. */
const NO_NEWS: readonly RegExp[] = [
  /contains "none"\. SDK will not be initialized/,
  /^Current logger will (?:be overwritten|overwrite)/,
  /because maxQueueSize reached/,
  // The process ended before resource detection did: what is known is sent.
  /^Accessing resource attributes before async attributes settled/,
  // Flushing or shutting down twice is harmless.
  /(?:force flush after \w+|forceFlush on already) shutdown|shutdown may only be called once|Cannot call shutdown twice/,
];

const DUPLICATE = /duplicate registration of API: (\w+)/i;

let said = new Set<string>();
/** Called with the API that is registered a second time. */
let onDuplicate: (api: string) => void = () => {};
let elsewhere: readonly (string | RegExp)[] = [];

/** The level of a name; undefined if OpenTelemetry does not know it. */
export function levelOf(name: string | undefined): DiagLogLevel | undefined {
  const level = DiagLogLevel[(name ?? '').trim().toUpperCase() as keyof typeof DiagLogLevel];
  return typeof level === 'number' ? level : undefined;
}

/** Whether a logger is registered. */
function hasLogger(): boolean {
  return (globalThis as { [API]?: { diag?: unknown } })[API]?.diag !== undefined;
}

/**
 * Registers a logger, unless `OTEL_LOG_LEVEL` is set or the application has a logger. A logger that the application
 * sets later replaces it.
 */
export function showDiagnostics(): void {
  if (levelOf(process.env['OTEL_LOG_LEVEL']) !== undefined || hasLogger()) return;
  const quiet = () => {};
  const logger: DiagLogger = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const { setLogger } = diag;
  // Without this, the API logs a warning with a stack trace about the replaced logger.
  const stepAside = (...args: Parameters<typeof setLogger>) => {
    diag.setLogger = setLogger;
    diag.disable();
    return setLogger(...args);
  };
  diag.setLogger = stepAside as typeof setLogger;
}

/** Reports duplicate registrations in other words. */
export function explainDuplicates(explain: (api: string) => void): void {
  onDuplicate = explain;
}

/** Suppresses messages with these parts: other code reports their cause. */
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
  // Messages that differ in numbers only are the same.
  const key = text.replace(/\d+/g, '#');
  if (text === '' || said.has(key) || said.size > MAX_LINES) return;
  said = said.add(key);
  if (said.size > MAX_LINES) warnOperator('OpenTelemetry has more to say: set OTEL_LOG_LEVEL=warn to see it');
  else
    warnOperator(
      text.startsWith('mcp-trail: ') ? text.slice('mcp-trail: '.length) : `OpenTelemetry: ${shown(text, MAX_LINE)}`,
    );
}

/** Strings and errors. Other values may be responses of servers. */
function textOf(part: unknown): string {
  if (part instanceof Error) return `${part.name}: ${part.message}`;
  if (typeof part !== 'string') return '';
  return messageIn(part) ?? part.split(/\n\s+at /, 1).join();
}

/** An error that the SDK serialised as JSON, with stack and response. */
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
