/** Draws a timeline as text. Pure. */
import { type Column, Columns, plain, type Styles } from '../columns.js';
import { counted, type Paint, painter, visible } from '../text.js';
import { readableDuration, readableOffset, utc } from '../time.js';
import type { Collected } from './collect.js';
import { actorOf, marksOf } from './marks.js';
import { notesOf } from './notes.js';
import type { TimelineRow } from './order.js';
import type { Summary } from './summary.js';

export interface Look {
  readonly colour: boolean;
  /** Width of the terminal; undefined for lines of any length. */
  readonly columns: number | undefined;
  /** Show the time of day in UTC instead of the time since the first record. */
  readonly utc: boolean;
}

const MAX_SERVICES = 10;

function columnsOf(first: number | undefined, utcTime: boolean): readonly Column<TimelineRow>[] {
  return [
    {
      name: 'time',
      text: ({ entry: { start } }) => {
        if (start === undefined || first === undefined) return '?';
        return utcTime ? utc(start) : readableOffset(start - first);
      },
      paint: ({ dim }) => dim,
      right: true,
    },
    { name: 'service', text: ({ entry }) => entry.service, paint: ({ bold }) => bold, min: 8 },
    { name: 'side', text: ({ entry }) => entry.side ?? '', paint: ({ dim }) => dim },
    { name: 'what', text: ({ entry, lead }) => lead + entry.title, paint: byOutcome, min: 16 },
    { name: 'actor', text: ({ entry }) => actorOf(entry), min: 8 },
    { name: 'status', text: ({ entry }) => (entry.open ? 'no response' : (entry.status ?? '')), paint: byOutcome },
    {
      name: 'took',
      text: ({ entry: { durationMs } }) => (durationMs === undefined ? '' : readableDuration(durationMs)),
      right: true,
    },
    { name: 'marks', text: ({ entry }) => marksOf(entry).join(' '), paint: byDecision, min: 4 },
  ];
}

/** Columns that are cut first if a line is too long. */
const GIVING_WAY = ['marks', 'actor', 'service', 'what'];

function byOutcome({ red, yellow }: Styles, { entry: { denied, failed, open } }: TimelineRow): Paint {
  if (denied || failed) return red;
  return open ? yellow : plain;
}

function byDecision({ red, dim }: Styles, { entry }: TimelineRow): Paint {
  return entry.denied ? red : dim;
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
    ...new Columns(columnsOf(summary.first, look.utc), GIVING_WAY, styles, look.columns).lines(rows, true),
    '',
    countsOf(summary),
    ...notesOf(summary, collected).map(styles.yellow),
  ].join('\n');
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
