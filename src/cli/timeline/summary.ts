/** The summary of a timeline: counts, services, and disagreements between clocks. Pure. */
import type { ReadRecord } from '../read-records.js';
import type { Entry } from './entries.js';
import type { TimelineRow } from './order.js';

export interface Summary {
  /** Milliseconds since 1970; nothing where no record has a time. */
  readonly first: number | undefined;
  /** The last time that a record has. */
  readonly last: number | undefined;
  /** In the order of their first appearance. */
  readonly services: readonly string[];
  /** A call is one on the side that sent it, and one on the side that received it. */
  readonly operations: number;
  /** Operations that failed, those that were denied aside. */
  readonly failed: number;
  /** Operations that were denied, and refusals that belong to no operation. */
  readonly denied: number;
  /** Operations without a response: still open, or it was lost. */
  readonly withoutResponse: number;
  /** Operations of which only the end was found: records before the call may be off, or one is missing. */
  readonly withoutRequest: number;
  readonly guesses: number;
  readonly skews: readonly Skew[];
}

/** A service whose clock is behind that of one that called it. */
export interface Skew {
  readonly service: string;
  readonly caller: string;
  readonly calls: number;
  /** The most by which a call was received before it was sent. */
  readonly maxMs: number;
}

export function summaryOf(rows: readonly TimelineRow[]): Summary {
  const entries = rows.map(({ entry }) => entry);
  const operations = entries.filter(({ kind }) => kind === 'operation');
  const refused = rows.filter(({ entry, cause }) => entry.denied && !isOfDeniedOperation(entry, cause?.parent));
  return {
    first: entries.reduce<number | undefined>(earlier, undefined),
    last: entries.reduce<number | undefined>(later, undefined),
    services: [...new Set(entries.map(({ service }) => service))],
    operations: operations.length,
    failed: operations.filter(({ failed }) => failed).length,
    denied: refused.length,
    withoutResponse: operations.filter(({ open }) => open).length,
    withoutRequest: operations.filter(({ records }) => !records.some(isRequest)).length,
    guesses: rows.filter(({ cause }) => cause?.guess).length,
    skews: skewsOf(rows),
  };
}

function earlier(first: number | undefined, { start }: Entry): number | undefined {
  if (start === undefined) return first;
  return first === undefined || start < first ? start : first;
}

function later(last: number | undefined, { start, end = start }: Entry): number | undefined {
  if (end === undefined) return last;
  return last === undefined || end > last ? end : last;
}

/** A refusal counts once, although the operation and the decision about it are two entries. */
function isOfDeniedOperation(entry: Entry, parent: Entry | undefined): boolean {
  return entry.kind === 'event' && parent?.denied === true;
}

function isRequest(record: ReadRecord): boolean {
  return record['event_name'] === 'mcp_audit.request';
}

function skewsOf(rows: readonly TimelineRow[]): Skew[] {
  const skews = new Map<string, Skew>();
  for (const { entry, cause } of rows) {
    if (cause === undefined || cause.earlyMs === 0) continue;
    const { service } = entry;
    const caller = cause.parent.service;
    const pair = JSON.stringify([service, caller]);
    const { calls, maxMs } = skews.get(pair) ?? { calls: 0, maxMs: 0 };
    skews.set(pair, { service, caller, calls: calls + 1, maxMs: Math.max(maxMs, cause.earlyMs) });
  }
  return [...skews.values()];
}
