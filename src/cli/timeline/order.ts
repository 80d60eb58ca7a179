/** Entries as the rows of a drawing: each below its cause, if it has one, and otherwise in order of time. Pure. */
import type { Entry } from './entries.js';
import { type Cause, causesOf } from './nesting.js';

export interface TimelineRow {
  readonly entry: Entry;
  readonly cause: Cause | undefined;
  /** Place of the parent among the rows. */
  readonly parent: number | undefined;
  /** The tree lines in front of the title. */
  readonly lead: string;
}

/** Deeper rows are all drawn at this indentation. */
const MAX_INDENT = 3 * 12;

interface Waiting extends TimelineRow {
  readonly below: string;
}

/** The rows from top to bottom. */
export function rowsOf(entries: readonly Entry[]): TimelineRow[] {
  const causes = causesOf(entries);
  const ordered = [...entries].sort(byTime);
  const tops: Entry[] = [];
  const below = new Map<Entry, Entry[]>();
  for (const entry of ordered) {
    const parent = causes.get(entry)?.parent;
    const siblings = parent === undefined ? tops : (below.get(parent) ?? []);
    siblings.push(entry);
    if (parent !== undefined) below.set(parent, siblings);
  }
  const rows: TimelineRow[] = [];
  // An explicit stack instead of recursion: hostile records can be nested arbitrarily deep.
  const stack: Waiting[] = tops
    .map((entry) => ({ entry, cause: undefined, parent: undefined, lead: '', below: '' }))
    .reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { below: indentBelow, ...row } = next;
    const parent = rows.push(row) - 1;
    const children = below.get(row.entry) ?? [];
    const indent = indentBelow.slice(0, MAX_INDENT);
    const waiting = children.map((entry, place): Waiting => {
      const last = place === children.length - 1;
      const lead = indent + (last ? '└─ ' : '├─ ');
      return { entry, cause: causes.get(entry), parent, lead, below: indent + (last ? '   ' : '│  ') };
    });
    for (const each of waiting.reverse()) stack.push(each);
  }
  return rows;
}

/** Entries without a time come last. At the same time the one that sends comes first. */
function byTime(a: Entry, b: Entry): number {
  return timeOf(a) - timeOf(b) || Number(a.side === 'server') - Number(b.side === 'server');
}

function timeOf({ start }: Entry): number {
  return start ?? Number.MAX_VALUE;
}
