/**
 * What OpenTelemetry itself has to say, on stderr: where nobody else listens, its warnings are lost. Each is said once, in
 * one line, without the answers of servers that some of them quote.
 */
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { shown } from '../redact/scrub.js';
import { warnOperator } from '../report/report.js';
import { isToldFailure } from './exports.js';

const API = Symbol.for('opentelemetry.js.api.1');
const MAX_LINES = 20;
const MAX_LINE = 400;

/** What the operator has asked for, and what is said elsewhere with more of its cause. */
const NO_NEWS: readonly RegExp[] = [
  /contains "none"\. SDK will not be initialized/,
  /^Current logger will (?:be overwritten|overwrite)/,
  /because maxQueueSize reached/,
  // In a process that ends before the resource is found out, it is sent as far as it is known.
  /^Accessing resource attributes before async attributes settled/,
  // An application that flushes or ends twice loses nothing by it.
  /(?:force flush after \w+|forceFlush on already) shutdown|shutdown may only be called once|Cannot call shutdown twice/,
];

const DUPLICATE = /duplicate registration of API: (\w+)/i;

let said = new Set<string>();
/** Called with the name of an API that somebody registers for a second time. */
let onDuplicate: (api: string) => void = () => {};
let elsewhere: readonly (string | RegExp)[] = [];

/** The level that a name stands for; undefined for none, and for names that OpenTelemetry does not know. */
export function levelOf(name: string | undefined): DiagLogLevel | undefined {
  const level = DiagLogLevel[(name ?? '').trim().toUpperCase() as keyof typeof DiagLogLevel];
  return typeof level === 'number' ? level : undefined;
}

/** Whether the application, or whoever was first, listens itself. */
function hasLogger(): boolean {
  return (globalThis as { [API]?: { diag?: unknown } })[API]?.diag !== undefined;
}

/**
 * Shows what OpenTelemetry warns of, unless `OTEL_LOG_LEVEL` or the application say who shall hear it. An application
 * that sets a logger later takes over.
 */
export function showDiagnostics(): void {
  if (levelOf(process.env['OTEL_LOG_LEVEL']) !== undefined || hasLogger()) return;
  const quiet = () => {};
  const logger: DiagLogger = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const { setLogger } = diag;
  // The API would tell the application's logger, with a stack, that it takes the place of ours.
  const stepAside = (...args: Parameters<typeof setLogger>) => {
    diag.setLogger = setLogger;
    diag.disable();
    return setLogger(...args);
  };
  diag.setLogger = stepAside as typeof setLogger;
}

/** Has an API that is registered twice told in other words. */
export function explainDuplicates(explain: (api: string) => void): void {
  onDuplicate = explain;
}

/** Messages with one of these are about what has been said in other words. */
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
  // The same with another number is no other message.
  const key = text.replace(/\d+/g, '#');
  if (text === '' || said.has(key) || said.size > MAX_LINES) return;
  said = said.add(key);
  if (said.size > MAX_LINES) warnOperator('OpenTelemetry has more to say: set OTEL_LOG_LEVEL=warn to see it');
  else
    warnOperator(
      text.startsWith('mcp-trail: ') ? text.slice('mcp-trail: '.length) : `OpenTelemetry: ${shown(text, MAX_LINE)}`,
    );
}

/** Texts, and what errors say. Other values may be what a server answered. */
function textOf(part: unknown): string {
  if (part instanceof Error) return `${part.name}: ${part.message}`;
  if (typeof part !== 'string') return '';
  return messageIn(part) ?? part.split(/\n\s+at /, 1).join();
}

/** An error that the SDK has made JSON of, with its stack and with what the server answered. */
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
