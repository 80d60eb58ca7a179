/** The forms in which an inventory is printed. Pure. */
import type { ServerSnapshot } from '../../inventory/snapshot.js';
import { type Column, Columns } from '../columns.js';
import { csvLine } from '../query/csv.js';
import type { Look } from '../query/table.js';
import { painter, visibleJson } from '../text.js';
import { localTime, parseTime, utc } from '../time.js';
import { cellText, columnsNamed, type InventoryColumn, KINDS, type Kind, type Row } from './columns.js';

export interface Printing {
  readonly servers: readonly ServerSnapshot[];
  readonly kind: Kind;
  /** Undefined for the usual ones. */
  readonly columns: readonly InventoryColumn[] | undefined;
  readonly look: Look;
}

const FORMS = { table, json, csv } as const satisfies Readonly<Record<string, (printing: Printing) => string>>;

export type FormName = keyof typeof FORMS;

export const FORM_NAMES = Object.keys(FORMS) as readonly FormName[];

export function printed(form: FormName, printing: Printing): string {
  return FORMS[form](printing);
}

function rowsOf({ servers, kind }: Printing): readonly Row[] {
  if (kind === 'servers') return servers.map((server) => ({ server, tool: undefined }));
  return servers.flatMap((server) => server.tools.map((tool) => ({ server, tool })));
}

/** As `inventory()` of the package has it. */
function json({ servers }: Printing): string {
  return `${visibleJson({ servers })}\n`;
}

function csv(printing: Printing): string {
  const { kind, columns = KINDS[kind].columns } = printing;
  const lines = rowsOf(printing).map((row) => columns.map((each) => cellText(each, row)));
  return [columns.map(({ name }) => name), ...lines].map(csvLine).join('');
}

/** Columns that are cut first if a line is too long. */
const GIVING_WAY = ['hash', 'used-by', 'approver', 'added-by', 'tool', 'name', 'server'];
const HASH_CHARS = 12;

function table(printing: Printing): string {
  const { kind, columns, look } = printing;
  const rows = rowsOf(printing);
  const shown = (columns ?? columnsNamed(kind, KINDS[kind].usual)).map((each) =>
    columnOf(each, look, columns === undefined),
  );
  const drawn = columns === undefined ? shown.filter(({ text }) => rows.some((row) => text(row) !== '')) : shown;
  if (rows.length === 0) return '';
  const drawing = new Columns(
    drawn,
    [...GIVING_WAY, ...drawn.map(({ name }) => name)].filter((name) => drawn.some((each) => each.name === name)),
    painter(look.colour),
    look.width,
  );
  return drawing
    .lines(rows, true)
    .map((line) => `${line}\n`)
    .join('');
}

/** @param brief whether a time needs no milliseconds, and a hash not all its digits */
function columnOf(column: InventoryColumn, look: Look, brief: boolean): Column<Row> {
  const { name, time } = column;
  return {
    name,
    text: (row) => {
      const text = cellText(column, row);
      if (time) return shownTime(text, look, brief);
      return brief && name === 'hash' ? text.slice(0, HASH_CHARS) : text;
    },
    min: 6,
    ...(isCount(column) && { right: true as const }),
    paint: ({ bold, red, yellow }, row) => {
      const text = cellText(column, row);
      if (name === 'approval' && text !== 'approved') return text === 'rejected' ? red : yellow;
      return name === 'name' || name === 'tool' ? bold : (drawn) => drawn;
    },
  };
}

const COUNTS: ReadonlySet<string> = new Set([
  'tools',
  'prompts',
  'resources',
  'calls',
  'errors',
  'denials',
  'quarantines',
  'redactions',
  'unknown-arguments',
]);

function isCount({ name }: InventoryColumn): boolean {
  return COUNTS.has(name);
}

function shownTime(text: string, { utc: inUtc }: Look, brief: boolean): string {
  const ms = parseTime(text);
  if (ms === undefined) return text;
  const time = (inUtc ? utc(ms) : localTime(ms)).replace('T', ' ');
  return brief ? time.slice(0, 'yyyy-mm-dd hh:mm'.length) : time;
}
