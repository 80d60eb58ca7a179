/**
 * Watches exporters and queues of the providers that we report to. Reports the first failed export per signal, the
 * first item that a full queue drops and, at exit, how many were lost.
 */
import { warnOperator } from '../report/report.js';
import { adviceFor, NOUNS, reasonOf, type Signal } from './export-failure.js';
import { type Exporter, endpointOf, innermost, type Processor, processorsOf, WATCHED } from './sdk-internals.js';

/** Exports younger than this may still succeed when the process ends. */
const SLOW_MS = 1000;
const NO_ANSWER = 'no answer until the process ended';

const QUEUES: Readonly<Record<Signal, { readonly method: 'onEnd' | 'onEmit'; readonly size: string } | undefined>> = {
  traces: { method: 'onEnd', size: 'OTEL_BSP_MAX_QUEUE_SIZE' },
  metrics: undefined,
  logs: { method: 'onEmit', size: 'OTEL_BLRP_MAX_QUEUE_SIZE' },
};

/** State of one signal. */
interface Fate {
  readonly signal: Signal;
  /** Its failure is reported, or follows from another reported one. */
  told: boolean;
  dropped: number;
  failed: number;
  /** Exports without a result. */
  readonly pending: Set<PendingExport>;
  /** Error of the last attempt, until one succeeds. */
  attempt: unknown;
}

interface PendingExport {
  readonly exporter: Exporter;
  readonly since: number;
  readonly endpoint: string;
  readonly items: number;
}

/** Exporters whose last attempt failed. */
const failing = new WeakSet<object>();
const fates = new Map<Signal, Fate>();
let onFirst: () => void = () => {};
/** The SDK's own messages about reported failures. */
const recent: string[] = [];
const MAX_RECENT = 16;

function fateOf(signal: Signal): Fate {
  const known = fates.get(signal);
  if (known !== undefined) return known;
  if (fates.size === 0) onFirst();
  const fate: Fate = { signal, told: false, dropped: 0, failed: 0, pending: new Set(), attempt: undefined };
  fates.set(signal, fate);
  return fate;
}

/** Watches a provider's exporters; false if it has none yet. Idempotent, never throws. */
export function watchExports(signal: Signal, provider: object | undefined): boolean {
  try {
    const processors = processorsOf(signal, provider);
    if (processors === undefined) return false;
    for (const processor of processors) watchProcessor(fateOf(signal), processor);
    return true;
  } catch {
    // A throwing getter of a foreign provider.
    return true;
  }
}

/** Marks failures of these signals as reported: their cause is. */
export function explained(signals: Iterable<Signal>): void {
  for (const signal of signals) fateOf(signal).told = true;
}

/** Whether a message of the SDK is about a reported failure. */
export function isToldFailure(message: string): boolean {
  return recent.some((each) => message.includes(each));
}

function watchProcessor(fate: Fate, processor: Processor): void {
  if (processor[WATCHED]) return;
  Object.defineProperty(processor, WATCHED, { value: true });
  const exporter = processor._exporter;
  watchQueue(fate, processor);
  if (exporter === undefined || exporter[WATCHED]) return;
  Object.defineProperty(exporter, WATCHED, { value: true });
  const endpoint = endpointOf(exporter);
  if (endpoint !== undefined) watchExporter(fate, exporter, endpoint);
}

function watchQueue(fate: Fate, processor: Processor): void {
  const queue = QUEUES[fate.signal];
  const max = processor._maxQueueSize;
  if (queue === undefined || max === undefined) return;
  const take = processor[queue.method];
  if (take === undefined) return;
  processor[queue.method] = function (this: unknown, item, ...rest) {
    const { _finishedSpans, _finishedLogRecords } = processor;
    if (((_finishedSpans ?? _finishedLogRecords)?.length ?? 0) >= max && isKept(item)) dropped(fate, max, queue.size);
    return take.call(this, item, ...rest);
  };
}

/** Unsampled spans never enter the queue. */
function isKept(item: unknown): boolean {
  const { spanContext } = item as { spanContext?: unknown };
  if (typeof spanContext !== 'function') return true;
  return (spanContext.call(item).traceFlags & 1) === 1;
}

function dropped(fate: Fate, max: number, size: string): void {
  fate.dropped += 1;
  if (fate.dropped > 1) return;
  warnOperator(
    `${NOUNS[fate.signal]} are lost: the queue of ${max} is full, because they are produced faster than their endpoint accepts them. ` +
      `${size} makes it longer`,
  );
}

function watchExporter(fate: Fate, exporter: Exporter, endpoint: string): void {
  const settle = (hasFailed: boolean) => (hasFailed ? failing.add(exporter) : failing.delete(exporter));
  const transport = innermost(exporter._delegate?._transport);
  const { send } = transport ?? {};
  if (transport !== undefined && send !== undefined) {
    transport.send = function (this: unknown, ...args) {
      const sent = send.apply(this, args);
      sent.then(
        ({ status, error }) => {
          settle(status !== 'success');
          fate.attempt = status === 'success' ? undefined : (error ?? 'Export failed with retryable status');
        },
        (error) => {
          settle(true);
          fate.attempt = error;
        },
      );
      return sent;
    };
  }
  const original = exporter.export;
  if (original === undefined) return;
  exporter.export = function (this: unknown, items, done) {
    const since = performance.now();
    const pending = { exporter, since, endpoint, items: Array.isArray(items) ? items.length : 0 };
    fate.pending.add(pending);
    return original.call(this, items, (result) => {
      fate.pending.delete(pending);
      settle(result?.code !== 0);
      if (result?.code !== 0) failed(fate, endpoint, items, result?.error);
      return done(result);
    });
  };
}

function failed(fate: Fate, endpoint: string, items: unknown, error: unknown): void {
  if (Array.isArray(items)) fate.failed += items.length;
  const { message, code, name } = (error ?? {}) as Record<string, unknown>;
  // The SDK logs the same error.
  for (const text of [message, code, name === 'OTLPExporterError' ? name : error]) {
    if (typeof text === 'string' && text !== '' && !recent.includes(text)) recent.push(text);
  }
  recent.splice(0, Math.max(0, recent.length - MAX_RECENT));
  tellFailure(fate, endpoint, error ?? fate.attempt);
}

function tellFailure(fate: Fate, endpoint: string, error: unknown): void {
  if (fate.told) return;
  fate.told = true;
  const reason = reasonOf(error);
  warnOperator(
    `${NOUNS[fate.signal]} are lost: their export to ${endpoint} failed (${reason}). ` +
      adviceFor(reason, fate.signal, endpoint, process.env),
  );
}

/** Calls back as soon as something may be lost: once, now or later. */
export function whenLossesArePossible(callback: () => void): void {
  if (fates.size > 0) callback();
  else onFirst = callback;
}

/** An item without a result that was sent at exit. */
export interface LastAttempt {
  readonly signal: Signal;
  readonly items: number;
  readonly arrived: boolean;
  /** Reason of the failure; undefined without a response. */
  readonly failure: string | undefined;
}

export function sentAtExit({ signal, items, arrived, failure }: LastAttempt, endpoint = 'its endpoint'): void {
  const fate = fateOf(signal);
  for (const each of fate.pending) if (each.endpoint === endpoint) fate.pending.delete(each);
  if (arrived) return;
  fate.failed += items;
  tellFailure(fate, endpoint, failure ?? fate.attempt ?? NO_ANSWER);
}

/** Reports losses. Call it when nothing more can be sent. Later calls report what was lost since. Never throws. */
export function tellLosses(): void {
  for (const fate of fates.values()) {
    tellUnanswered(fate);
    const { signal, dropped, failed } = fate;
    fate.dropped = 0;
    fate.failed = 0;
    const parts = [
      dropped > 0 ? `${dropped} dropped by a full queue` : undefined,
      failed > 0 ? `${failed} in exports that failed` : undefined,
    ].filter((part) => part !== undefined);
    if (parts.length > 0) warnOperator(`${NOUNS[signal]} that this process has lost: ${parts.join(', ')}`);
  }
}

function tellUnanswered(fate: Fate): void {
  for (const pending of fate.pending) {
    if (fate.attempt === undefined && !isSlow(pending)) continue;
    fate.pending.delete(pending);
    fate.failed += pending.items;
    tellFailure(fate, pending.endpoint, fate.attempt ?? NO_ANSWER);
  }
}

const isSlow = ({ since }: PendingExport): boolean => performance.now() - since >= SLOW_MS;

/** Whether an exporter's last attempt failed, or has no result for a while. */
export function isFailing(exporter: object): boolean {
  if (failing.has(exporter)) return true;
  return [...fates.values()].some(({ pending }) =>
    [...pending].some((each) => each.exporter === exporter && isSlow(each)),
  );
}
