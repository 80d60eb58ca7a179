/** Counts records by some of their fields, in bounded memory. */
import { type Column, Columns } from '../columns.js';
import { numberOf, type ReadRecord, textOf } from '../read-records.js';
import { painter, visibleJson } from '../text.js';
import { readableDuration } from '../time.js';
import { csvLine } from './csv.js';
import { Durations, type Histogram, percentile } from './durations.js';
import { type QueryField, shownText } from './fields.js';
import { isPreliminary } from './rows.js';
import type { Look } from './table.js';

/** Groups that are told apart; records of others are counted together. */
const MAX_GROUPS = 10_000;
const MAX_VALUE_CHARS = 200;

interface Group {
  /** Values of the fields; undefined for the groups beyond the limit. */
  readonly values: readonly (string | undefined)[] | undefined;
  count: number;
  failed: number;
  readonly durations: Histogram;
}

/** What is printed of a group. */
interface Counted {
  readonly values: readonly (string | undefined)[] | undefined;
  readonly count: number;
  readonly failed: number;
  readonly share: number;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

export class Counts {
  readonly #fields: readonly QueryField[];
  readonly #each: boolean;
  readonly #groups = new Map<string, Group>();
  readonly #durations = new Durations();
  readonly #total: Group;
  #others: Group | undefined;

  /** @param each whether every record counts. Otherwise, an operation counts by its response, and not by what came before */
  constructor(fields: readonly QueryField[], each: boolean) {
    this.#fields = fields;
    this.#each = each;
    this.#total = this.#group(undefined);
  }

  add(record: ReadRecord): void {
    if (!this.#each && isPreliminary(record)) return;
    const ms = numberOf(record, 'mcp_audit.duration_ms');
    const failed = textOf(record, 'audit.outcome') === 'failure';
    for (const group of [this.#total, this.#groupOf(record)]) {
      group.count += 1;
      if (failed) group.failed += 1;
      if (ms !== undefined) this.#durations.add(group.durations, ms);
    }
  }

  get empty(): boolean {
    return this.#total.count === 0;
  }

  /** What somebody has to know who reads the counts. */
  *notes(limit: number): Generator<string> {
    const more = this.#groups.size - limit;
    if (more > 0) yield `${more} more groups (--limit none shows all)`;
    if (this.#others !== undefined) {
      yield `more than ${MAX_GROUPS} groups: ${this.#others.count} records of others are counted together`;
    }
    const { error } = this.#durations;
    if (error > 0) yield `so many different durations that p50 and p95 can be wrong by ${(100 * error).toFixed(1)} %`;
  }

  /** The groups, those with most records first. */
  groups(limit: number): Counted[] {
    const sorted = [...this.#groups].sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1));
    const shown = sorted.slice(0, limit).map(([, group]) => group);
    return [...shown, ...(this.#others === undefined ? [] : [this.#others])].map(counted);
  }

  total(): Counted {
    return counted(this.#total);
  }

  #groupOf(record: ReadRecord): Group {
    const values = this.#fields.map((field) => shownText(record, field)?.slice(0, MAX_VALUE_CHARS));
    const key = JSON.stringify(values);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS) {
      this.#others ??= this.#group(undefined);
      return this.#others;
    }
    const group = this.#group(values);
    this.#groups.set(key, group);
    return group;
  }

  #group(values: Group['values']): Group {
    return { values, count: 0, failed: 0, durations: this.#durations.group() };
  }
}

function counted({ values, count, failed, durations }: Group): Counted {
  return {
    values,
    count,
    failed,
    share: count === 0 ? 0 : failed / count,
    p50: percentile(durations, 0.5),
    p95: percentile(durations, 0.95),
  };
}

export interface CountOptions {
  readonly fields: readonly QueryField[];
  readonly groups: readonly Counted[];
  readonly total: Counted;
  readonly look: Look;
}

/** The counts in the forms that can have them. Only those for people and in one document have a total. */
export const COUNT_FORMS: Readonly<Record<string, (options: CountOptions) => string>> = {
  table: countTable,
  json: ({ fields, groups, total }) =>
    `${visibleJson({ groups: groups.map((group) => asJson(fields, group)), total: asJson([], total) })}\n`,
  jsonl: ({ fields, groups }) => groups.map((group) => `${visibleJson(asJson(fields, group), 0)}\n`).join(''),
  csv: ({ fields, groups }) => [headOf(fields), ...groups.map((group) => cellsOf(fields, group))].map(csvLine).join(''),
};

/** As columns have these names. A group beyond the limit has none of the fields. */
const MEASURES = ['count', 'failed', 'failed_share', 'p50_ms', 'p95_ms'] as const;

function headOf(fields: readonly QueryField[]): string[] {
  return [...fields.map(({ name }) => name), ...MEASURES];
}

function measuresOf({ count, failed, share, p50, p95 }: Counted): readonly (number | undefined)[] {
  return [count, failed, Number(share.toFixed(4)), p50, p95];
}

function cellsOf(fields: readonly QueryField[], group: Counted): string[] {
  const values = fields.map((_, place) => group.values?.[place] ?? (group.values === undefined ? '(others)' : ''));
  return [...values, ...measuresOf(group).map((measure) => String(measure ?? ''))];
}

function asJson(fields: readonly QueryField[], group: Counted): Readonly<Record<string, unknown>> {
  const measures = measuresOf(group);
  const others = fields.length > 0 && group.values === undefined ? [['others', true]] : [];
  return Object.fromEntries([
    ...(others.length > 0 ? others : fields.map(({ name }, place) => [name, group.values?.[place] ?? null])),
    ...MEASURES.map((name, place) => [name, measures[place] ?? null]),
  ]);
}

function countTable({ fields, groups, total, look }: CountOptions): string {
  const columns: Column<Counted>[] = [
    ...fields.map(
      ({ name }, place): Column<Counted> => ({
        name,
        text: (group) => {
          if (group === total) return place === 0 ? 'total' : '';
          return group.values === undefined ? '(others)' : (group.values[place] ?? '-');
        },
        paint: ({ bold }, group) => (group === total ? bold : (text) => text),
        min: 8,
      }),
    ),
    { name: 'count', text: ({ count }) => String(count), right: true },
    { name: 'failed', text: ({ failed }) => String(failed), right: true },
    { name: 'share', text: ({ share }) => `${(100 * share).toFixed(1)}%`, right: true },
    { name: 'p50', text: ({ p50 }) => (p50 === undefined ? '' : readableDuration(p50)), right: true },
    { name: 'p95', text: ({ p95 }) => (p95 === undefined ? '' : readableDuration(p95)), right: true },
  ];
  const givingWay = fields.map(({ name }) => name);
  const drawing = new Columns(columns, givingWay, painter(look.colour), look.width);
  return drawing
    .lines([...groups, total], true)
    .map((line) => `${line}\n`)
    .join('');
}
