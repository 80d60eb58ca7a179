/** Draws a timeline as text. Pure. */
import { fitInto, type Paint, painter, visible, widthOf } from '../text.js';
import { readableDuration, readableOffset, utc } from '../time.js';
import type { Collected } from './collect.js';
import type { Entry } from './entries.js';
import { actorOf, marksOf } from './marks.js';
import { counted, notesOf } from './notes.js';
import type { TimelineRow } from './order.js';
import type { Summary } from './summary.js';

export interface Look {
  readonly colour: boolean;
  /** Width of the terminal; undefined for lines of any length. */
  readonly columns: number | undefined;
  /** Show the time of day in UTC instead of the time since the first record. */
  readonly utc: boolean;
}

type Styles = ReturnType<typeof painter>;

interface Column {
  readonly name: string;
  readonly text: (row: TimelineRow, first: number | undefined, look: Look) => string;
  readonly paint: (styles: Styles, entry: Entry) => Paint;
  readonly right?: true;
  /** The width to which it can be cut if a line is too long. */
  readonly min?: number;
}

const GAP = 2;
const MAX_SERVICES = 10;

const COLUMNS: readonly Column[] = [
  {
    name: 'time',
    text: ({ entry: { start } }, first, look) => {
      if (start === undefined || first === undefined) return '?';
      return look.utc ? utc(start) : readableOffset(start - first);
    },
    paint: ({ dim }) => dim,
    right: true,
  },
  { name: 'service', text: ({ entry }) => entry.service, paint: ({ bold }) => bold, min: 8 },
  { name: 'side', text: ({ entry }) => entry.side ?? '', paint: ({ dim }) => dim },
  { name: 'what', text: ({ entry, lead }) => lead + entry.title, paint: byOutcome, min: 16 },
  { name: 'actor', text: ({ entry }) => actorOf(entry), paint: () => plain, min: 8 },
  { name: 'status', text: ({ entry }) => (entry.open ? 'no response' : (entry.status ?? '')), paint: byOutcome },
  {
    name: 'took',
    text: ({ entry: { durationMs } }) => (durationMs === undefined ? '' : readableDuration(durationMs)),
    paint: () => plain,
    right: true,
  },
  { name: 'marks', text: ({ entry }) => marksOf(entry).join(' '), paint: byDecision, min: 4 },
];

/** Columns that are cut first if a line is too long. */
const GIVING_WAY = ['marks', 'actor', 'service', 'what'];

function plain(text: string): string {
  return text;
}

function byOutcome({ red, yellow }: Styles, { denied, failed, open }: Entry): Paint {
  if (denied || failed) return red;
  return open ? yellow : plain;
}

function byDecision({ red, dim }: Styles, { denied }: Entry): Paint {
  return denied ? red : dim;
}

/** The whole output, without a line feed at the end. */
export function drawTimeline(
  id: string,
  rows: readonly TimelineRow[],
  summary: Summary,
  collected: Collected,
  look: Look,
): string {
  const styles = painter(look.colour);
  const title = [
    visible(id),
    summary.first === undefined ? 'at an unknown time' : utc(summary.first),
    counted(collected.records.length, 'record'),
    `${counted(summary.services.length, 'service')}: ${namesOf(summary.services)}`,
  ].join('  ');
  return [
    styles.bold(title),
    '',
    ...table(rows, summary, look, styles),
    '',
    countsOf(summary),
    ...notesOf(summary, collected).map(styles.yellow),
  ].join('\n');
}

function table(rows: readonly TimelineRow[], { first }: Summary, look: Look, styles: Styles): string[] {
  const cells = rows.map((row) => COLUMNS.map(({ text }) => visible(text(row, first, look))));
  const widths = widthsOf([COLUMNS.map(({ name }) => name), ...cells], look.columns);
  const line = (texts: readonly string[], paintOf: (column: Column) => Paint) =>
    COLUMNS.map((column, place) => {
      const width = widths[place] ?? 0;
      const text = fitInto(texts[place] ?? '', width);
      const padding = ' '.repeat(width - widthOf(text));
      // The last column needs no padding.
      if (place === COLUMNS.length - 1) return paintOf(column)(text);
      return paintOf(column)(column.right ? padding + text : text + padding);
    })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(
      COLUMNS.map(({ name }) => name),
      () => styles.dim,
    ),
    ...rows.map(({ entry }, place) => line(cells[place] ?? [], ({ paint }) => paint(styles, entry))),
  ];
}

function widthsOf(lines: readonly (readonly string[])[], columns: number | undefined): number[] {
  const widths = COLUMNS.map((_, place) =>
    lines.reduce((most, cells) => Math.max(most, widthOf(cells[place] ?? '')), 0),
  );
  if (columns === undefined) return widths;
  let over = widths.reduce((sum, width) => sum + width, GAP * (COLUMNS.length - 1)) - columns;
  for (const name of GIVING_WAY) {
    const place = COLUMNS.findIndex((column) => column.name === name);
    const given = Math.min(Math.max(0, over), Math.max(0, (widths[place] ?? 0) - (COLUMNS[place]?.min ?? 0)));
    widths[place] = (widths[place] ?? 0) - given;
    over -= given;
  }
  return widths;
}

function namesOf(services: readonly string[]): string {
  const names = services.slice(0, MAX_SERVICES).map((name) => visible(name, 40));
  const more = services.length - names.length;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function countsOf({ operations, failed, denied, withoutResponse }: Summary): string {
  return [
    counted(operations, 'operation'),
    `${failed} failed`,
    `${denied} denied`,
    `${withoutResponse} without response${withoutResponse > 0 ? ' (still open, or lost)' : ''}`,
  ].join(', ');
}
