/**
 * Infers which entry caused which. Records have the id of their own span and not that of its parent, so causes are inferred by
 * four rules; the first that applies decides:
 *
 * 1. `operation`: an event belongs to the operation whose id it has.
 * 2. `span`: an event without one belongs to the operation in whose span it was written.
 * 3. `message`: the sender's operation (side `client`) encloses the receiver's (side `server`) of the same trace, method,
 *    target and JSON-RPC id. Ids are counted per connection, so two hops of one trace can have the same: known names of
 *    client and server have to agree, then the sender's open operation decides, and of several the one that began last. If
 *    none was open, the clocks disagree: the nearest operation of another process is taken.
 * 4. `process`: a client operation belongs to the server operation that its own process was handling when it began, in
 *    the same trace. Concurrent ones are indistinguishable: the one that began last is taken, and marked as a guess.
 *
 * Unknowable: causes within a process that handles several requests of one trace at once, whether an operation began during
 * another one by coincidence, and everything about a process without records.
 */
import type { AuditKey } from '../../semconv/audit-record.js';
import { type Entry, operationKey } from './entries.js';

export type Rule = 'operation' | 'span' | 'message' | 'process';

/** Why an entry is nested in another. */
export interface Cause {
  readonly parent: Entry;
  readonly by: Rule;
  /** Whether other causes are as likely. */
  readonly guess: boolean;
  /** By how much the receiver began before its sender, by its clock. */
  readonly earlyMs: number;
}

/** Times are in milliseconds, and a start can be an end minus a duration: smaller differences are noise. */
const GRAIN_MS = 2;
/** Sides with more operations of one trace, method, target and id are not matched: every match would be a guess. */
const MAX_ALIKE = 50;

/** The cause of each entry that has one. Linear, except for sorting. */
export function causesOf(entries: readonly Entry[]): Map<Entry, Cause> {
  const causes = new Map<Entry, Cause>();
  const top = topOf();
  const attach = (entry: Entry, cause: Cause): boolean => {
    // Hostile records and disagreeing clocks can make two entries enclose each other.
    if (causes.has(entry) || top.of(entry) === top.of(cause.parent)) return false;
    causes.set(entry, cause);
    top.join(entry, cause.parent);
    return true;
  };
  attachEvents(entries, attach);
  attachReceivers(entries, attach);
  attachSenders(entries, attach);
  return causes;
}

type Attach = (entry: Entry, cause: Cause) => boolean;

function attachEvents(entries: readonly Entry[], attach: Attach): void {
  const byOperation = new Map<string, Entry>();
  const bySpan = new Map<string, Entry>();
  for (const entry of operationsOf(entries)) {
    const record = entry.records[0];
    const operation = record && operationKey(record);
    if (operation !== undefined) byOperation.set(operation, entry);
    const span = spanKey(entry);
    if (span !== undefined) bySpan.set(span, entry);
  }
  for (const entry of entries) {
    const [record] = entry.records;
    if (entry.kind !== 'event' || record === undefined) continue;
    const operation = operationKey(record);
    const span = spanKey(entry);
    const of = operation === undefined ? undefined : byOperation.get(operation);
    if (of !== undefined) attach(entry, { parent: of, by: 'operation', guess: false, earlyMs: 0 });
    const within = span === undefined ? undefined : bySpan.get(span);
    if (within !== undefined) attach(entry, { parent: within, by: 'span', guess: false, earlyMs: 0 });
  }
}

/** A span id of zeros means no span. */
function spanKey({ first }: Entry): string | undefined {
  const [trace, span] = [first('trace_id'), first('span_id')];
  return trace === undefined || span === undefined || /^0*$/.test(span) ? undefined : `${trace} ${span}`;
}

function attachReceivers(entries: readonly Entry[], attach: Attach): void {
  const alike = grouped(operationsOf(entries), ({ first, title }) => {
    const id = first('jsonrpc.request.id');
    return id === undefined ? undefined : JSON.stringify([linkOf(first), id, title]);
  });
  for (const group of alike.values()) {
    const senders = group.filter(({ side }) => side === 'client');
    const receivers = group.filter(({ side }) => side === 'server');
    if (senders.length > MAX_ALIKE || receivers.length > MAX_ALIKE) continue;
    const pairs = receivers.flatMap((receiver) => senders.flatMap((sender) => pairOf(sender, receiver) ?? []));
    pairs.sort((a, b) => a.rank - b.rank || a.distance - b.distance);
    const taken = new Set<Entry>();
    for (const pair of pairs) {
      const { sender, receiver, earlyMs } = pair;
      if (taken.has(sender) || taken.has(receiver)) continue;
      const guess = isLate(pair) || pairs.some((other) => isRival(other, pair));
      if (attach(receiver, { parent: sender, by: 'message', guess, earlyMs })) taken.add(sender).add(receiver);
    }
  }
}

interface Pair {
  readonly sender: Entry;
  readonly receiver: Entry;
  /** The sum of the doubts: lower is more certain. */
  readonly rank: number;
  readonly distance: number;
  readonly earlyMs: number;
}

const DOUBT = { NOT_OPEN: 1, UNNAMED: 2, SAME_PROCESS: 4 } as const;

/** The sender had its answer already: its clock is ahead, or the answer belongs to another operation. */
function isLate({ rank, earlyMs }: Pair): boolean {
  return (rank & DOUBT.NOT_OPEN) !== 0 && earlyMs === 0;
}

/** Another sender that fits the receiver's record as well; with disagreeing clocks, any other sender. */
function isRival(other: Pair, pair: Pair): boolean {
  if (other.receiver !== pair.receiver || other.sender === pair.sender || other.rank !== pair.rank) return false;
  return other.distance === pair.distance || (pair.rank & DOUBT.NOT_OPEN) !== 0;
}

const NAMES: readonly AuditKey[] = ['mcp_audit.server.name', 'mcp_audit.client.name'];

function pairOf(sender: Entry, receiver: Entry): Pair | undefined {
  if (sender.start === undefined || receiver.start === undefined) return undefined;
  const agreements = NAMES.map((key) => agreement(sender.first(key), receiver.first(key)));
  if (agreements.includes(false)) return undefined;
  // In a process that forwards a call, receiver and sender look alike: the first encloses the second.
  const sameProcess = processOf(sender) === processOf(receiver);
  if (sameProcess && !encloses(sender, receiver)) return undefined;
  const after = receiver.start - sender.start;
  const wasOpen = after >= -GRAIN_MS && receiver.start <= (sender.end ?? Number.POSITIVE_INFINITY) + GRAIN_MS;
  const rank =
    (wasOpen ? 0 : DOUBT.NOT_OPEN) +
    (agreements.includes(true) ? 0 : DOUBT.UNNAMED) +
    (sameProcess ? DOUBT.SAME_PROCESS : 0);
  return { sender, receiver, rank, distance: Math.abs(after), earlyMs: after < -GRAIN_MS ? -after : 0 };
}

/** By one clock, and not also in the other direction. */
function encloses(outer: Entry, inner: Entry): boolean {
  const [from, to] = [startOf(inner) - startOf(outer), (outer.end ?? Number.NaN) - (inner.end ?? Number.NaN)];
  return from >= 0 && to >= 0 && from + to > 0;
}

/** Undefined if one of them is unknown. */
function agreement(one: string | undefined, other: string | undefined): boolean | undefined {
  return one === undefined || other === undefined ? undefined : one === other;
}

function attachSenders(entries: readonly Entry[], attach: Attach): void {
  const timed = operationsOf(entries).filter(({ start }) => start !== undefined);
  for (const group of grouped(timed, (entry) => JSON.stringify([linkOf(entry.first), processOf(entry)])).values()) {
    // The receiver comes first: it can send within the same millisecond.
    group.sort((a, b) => startOf(a) - startOf(b) || Number(a.side === 'client') - Number(b.side === 'client'));
    const handling: Entry[] = [];
    for (const entry of group) {
      if (entry.side === 'server') handling.push(entry);
      if (entry.side !== 'client') continue;
      const parent = latestOpen(handling, startOf(entry));
      const below = latestOpen(handling, startOf(entry));
      if (parent !== undefined) handling.push(parent);
      if (parent === undefined) continue;
      if (below !== undefined) handling.splice(-1, 0, below);
      attach(entry, { parent, by: 'process', guess: below !== undefined || parent.open, earlyMs: 0 });
    }
  }
}

/** Removes the operation and all that have ended: entries come in order of time, so they are not needed again. */
function latestOpen(handling: Entry[], time: number): Entry | undefined {
  for (let entry = handling.pop(); entry !== undefined; entry = handling.pop()) {
    if (entry.end === undefined || entry.end >= time) return entry;
  }
  return undefined;
}

function startOf({ start }: Entry): number {
  return start ?? 0;
}

function operationsOf(entries: readonly Entry[]): Entry[] {
  return entries.filter(({ kind }) => kind === 'operation');
}

/** The trace id, or without tracing the correlation id. */
function linkOf(first: Entry['first']): string {
  return first('trace_id')?.toLowerCase() ?? `correlation ${first('mcp_audit.correlation.id')}`;
}

function processOf({ first, service }: Entry): string {
  return JSON.stringify([service, first('service.instance.id')]);
}

function grouped(entries: readonly Entry[], keyOf: (entry: Entry) => string | undefined): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** Finds the root of an entry's tree, in almost constant time. */
function topOf(): { readonly of: (entry: Entry) => Entry; readonly join: (below: Entry, above: Entry) => void } {
  const above = new Map<Entry, Entry>();
  const topOfEntry = (entry: Entry): Entry => {
    let top = entry;
    for (let next = above.get(top); next !== undefined; next = above.get(top)) top = next;
    // Path compression: the next search takes one step.
    for (let at = entry; at !== top; ) {
      const next = above.get(at) as Entry;
      above.set(at, top);
      at = next;
    }
    return top;
  };
  return { of: topOfEntry, join: (below, parent) => above.set(topOfEntry(below), topOfEntry(parent)) };
}
