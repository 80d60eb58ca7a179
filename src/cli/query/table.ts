/** Rows for people. Pure. */
import { type Column, Columns, plain } from '../columns.js';
import { textOf } from '../read-records.js';
import { type Paint, painter } from '../text.js';
import { localTime, readableDuration, utc } from '../time.js';
import type { Entry } from '../timeline/entries.js';
import { actorOf } from '../timeline/marks.js';
import { type QueryField, shownText } from './fields.js';
import { timeOf } from './period.js';
import { entryOf, type Row } from './rows.js';

export interface Look {
  readonly colour: boolean;
  /** Width of the terminal; undefined for lines of any length. */
  readonly width: number | undefined;
  readonly utc: boolean;
}

interface Told {
  readonly row: Row;
  readonly entry: Entry;
}

type TableColumn = Column<Told>;

/** Columns that are cut first if a line is too long. */
const GIVING_WAY = ['rule', 'actor', 'service', 'what'];

/** Draws rows, batch by batch. */
export class Table {
  readonly #columns: readonly TableColumn[];
  readonly #look: Look;
  #drawing: Columns<Told> | undefined;

  /** @param fields the columns; without them, those that tell most about a row */
  constructor(fields: readonly QueryField[] | undefined, look: Look) {
    this.#columns = fields === undefined ? usual(look) : fields.map((field) => columnOf(field, look));
    this.#look = look;
  }

  /** @param all whether these are all rows: then columns without any text are left out */
  draw(rows: readonly Row[], all: boolean): string {
    if (rows.length === 0) return '';
    const told = rows.map((row): Told => ({ row, entry: entryOf(row) }));
    const head = this.#drawing === undefined;
    this.#drawing ??= this.#drawingOf(
      all ? this.#columns.filter(({ text }) => told.some((each) => text(each) !== '')) : this.#columns,
    );
    return this.#drawing
      .lines(told, head)
      .map((line) => `${line}\n`)
      .join('');
  }

  #drawingOf(columns: readonly TableColumn[]): Columns<Told> {
    const givingWay = GIVING_WAY.filter((name) => columns.some((column) => column.name === name));
    return new Columns(columns, givingWay, painter(this.#look.colour), this.#look.width);
  }
}

function usual(look: Look): readonly TableColumn[] {
  return [
    { name: 'time', text: ({ row: [record] }) => shownTime(timeOf(record), look), paint: ({ dim }) => dim },
    { name: 'service', text: ({ entry }) => entry.service, paint: ({ bold }) => bold, min: 8 },
    { name: 'side', text: ({ entry }) => entry.side ?? '', paint: ({ dim }) => dim },
    { name: 'actor', text: ({ entry }) => actorOf(entry), min: 8 },
    { name: 'what', text: ({ entry }) => entry.title, paint: byOutcome, min: 16 },
    { name: 'status', text: ({ entry }) => (entry.open ? 'requested' : (entry.status ?? '')), paint: byOutcome },
    { name: 'decision', text: ({ row }) => decisionOf(row), paint: byOutcome },
    { name: 'rule', text: ({ row }) => first(row, 'security_rule.name') || first(row, 'mcp_audit.policy.id'), min: 4 },
    { name: 'took', text: ({ entry: { durationMs } }) => shownDuration(durationMs), right: true },
  ];
}

function byOutcome({ red, yellow }: ReturnType<typeof painter>, { entry: { denied, failed, open } }: Told): Paint {
  if (denied || failed) return red;
  return open ? yellow : plain;
}

/** Of operations that nobody decides about, the decision says nothing. */
function decisionOf(row: Row): string {
  const decision = first(row, 'mcp_audit.access.decision');
  return decision === 'not_evaluated' ? '' : decision;
}

function columnOf(field: QueryField, look: Look): TableColumn {
  const { name } = field;
  if (name === 'time') return { name, text: ({ row: [record] }) => shownTime(timeOf(record), look) };
  return { name, text: ({ row }) => firstOf(row, (record) => shownText(record, field)), min: 4 };
}

function first(row: Row, key: Parameters<typeof textOf>[1]): string {
  return firstOf(row, (record) => textOf(record, key));
}

function firstOf(row: Row, read: (record: Row[0]) => string | undefined): string {
  for (const record of row) {
    const text = read(record);
    if (text !== undefined) return text;
  }
  return '';
}

function shownTime(ms: number | undefined, look: Look): string {
  if (ms === undefined) return '?';
  return look.utc ? utc(ms) : localTime(ms);
}

function shownDuration(ms: number | undefined): string {
  return ms === undefined ? '' : readableDuration(ms);
}
