/** Collects the records of one id: one pass over any number of records, in bounded memory. */
import { type ReadRecord, textOf } from '../read-records.js';

/** Records of other operations that are kept in case a match claims them. */
const MAX_WAITING = 50_000;
/** Kept records of gaps: the missing records can be those of the requested id. */
const MAX_GAPS = 1000;
/** Shown records. */
const MAX_COLLECTED = 100_000;

export interface Collected {
  readonly records: readonly ReadRecord[];
  /** Copies left out: same record id, same content. */
  readonly duplicates: number;
  /** Records with the same id and different content: both are shown, and one of them was altered. */
  readonly conflicting: number;
  /** Matches beyond the limit. */
  readonly leftOut: number;
  /** Dropped records of other operations, which a later match could have claimed. */
  readonly forgotten: number;
  /** Records of losses, about any id. */
  readonly gaps?: readonly ReadRecord[];
}

interface Limits {
  readonly maxWaiting?: number;
  readonly maxCollected?: number;
}

/**
 * A record belongs to the id that is its correlation id or its trace id, ignoring case. Other records of the same operation
 * belong too; of those before the match, only the last `maxWaiting` are known.
 */
export function collector(
  id: string,
  { maxWaiting = MAX_WAITING, maxCollected = MAX_COLLECTED }: Limits = {},
): { readonly add: (record: ReadRecord) => void; readonly collected: () => Collected } {
  const traceId = id.toLowerCase();
  const records: ReadRecord[] = [];
  const gaps: ReadRecord[] = [];
  const byRecordId = new Map<string, ReadRecord[]>();
  const operations = new Set<string>();
  const waiting = new Map<string, ReadRecord[]>();
  const count = { duplicates: 0, conflicting: 0, leftOut: 0, forgotten: 0, waiting: 0 };

  const keep = (record: ReadRecord) => {
    const recordId = textOf(record, 'audit.record.id');
    const known = recordId === undefined ? undefined : byRecordId.get(recordId);
    if (known?.some((other) => sameContent(other, record))) {
      count.duplicates += 1;
      return;
    }
    if (records.length >= maxCollected) {
      count.leftOut += 1;
      return;
    }
    records.push(record);
    if (known !== undefined) {
      count.conflicting += 1;
      // There can be any number of forgeries of one record: the first few are enough to compare.
      if (known.length < 4) known.push(record);
    } else if (recordId !== undefined) byRecordId.set(recordId, [record]);
  };

  const wait = (operation: string, record: ReadRecord) => {
    const others = waiting.get(operation);
    if (others === undefined) waiting.set(operation, [record]);
    else others.push(record);
    count.waiting += 1;
    while (count.waiting > maxWaiting) {
      const [oldest, dropped] = waiting.entries().next().value as [string, ReadRecord[]];
      waiting.delete(oldest);
      count.waiting -= dropped.length;
      count.forgotten += dropped.length;
    }
  };

  const add = (record: ReadRecord) => {
    if (record['event_name'] === 'mcp_audit.gap' && gaps.length < MAX_GAPS) gaps.push(record);
    const operation = textOf(record, 'mcp_audit.operation.id');
    const matches =
      textOf(record, 'mcp_audit.correlation.id') === id || textOf(record, 'trace_id')?.toLowerCase() === traceId;
    if (!matches && operation !== undefined && !operations.has(operation)) return wait(operation, record);
    if (!matches && operation === undefined) return;
    if (operation !== undefined && !operations.has(operation)) {
      operations.add(operation);
      const claimed = waiting.get(operation) ?? [];
      waiting.delete(operation);
      count.waiting -= claimed.length;
      for (const each of claimed) keep(each);
    }
    keep(record);
  };

  return { add, collected: () => ({ records, gaps, ...count }) };
}

/** Regardless of the order of keys, which backends change. */
export function sameContent(one: ReadRecord, other: ReadRecord): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf(record: ReadRecord): string {
  return JSON.stringify(
    Object.keys(record)
      .sort()
      .map((key) => [key, record[key]]),
  );
}
