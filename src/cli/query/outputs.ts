/** The forms in which records are printed. */
import { toDatadog, toEcs, toLokryn, toOcsf } from '../../mapping/index.js';
import type { AuditRecord } from '../../semconv/audit-record.js';
import type { ReadRecord } from '../read-records.js';
import { visibleJson } from '../text.js';
import { csvLine } from './csv.js';
import { FIELDS, type QueryField, shownText } from './fields.js';
import { apart, byOperation, type Row, type Together } from './rows.js';
import { type Look, Table } from './table.js';

/** Prints rows. */
export interface Printer {
  /** @param all whether these are all rows there are */
  readonly rows: (rows: readonly Row[], all: boolean) => void;
  readonly end: () => void;
}

export interface PrinterOptions {
  readonly print: (text: string) => void;
  /** The columns; undefined for the usual ones. */
  readonly fields: readonly QueryField[] | undefined;
  readonly look: Look;
}

interface Form {
  /** Which records share a row. */
  readonly together: Together;
  /** `columns`: it takes `--fields`. `counts`: it also prints counts. `whole`: it has an end, which `--follow` has not. */
  readonly is: readonly ('columns' | 'counts' | 'whole')[];
  readonly printer: (options: PrinterOptions) => Printer;
}

const FORMS = {
  table: { together: byOperation, is: ['columns', 'counts'], printer: table },
  json: { together: apart, is: ['counts', 'whole'], printer: json },
  jsonl: {
    together: apart,
    is: ['counts'],
    printer: (options) => lines(options, asItIs),
  },
  csv: { together: apart, is: ['columns', 'counts'], printer: csv },
  ocsf: { together: apart, is: [], printer: (options) => lines(options, toOcsf) },
  ecs: { together: apart, is: [], printer: (options) => lines(options, toEcs) },
  datadog: { together: apart, is: [], printer: (options) => lines(options, toDatadog) },
  lokryn: { together: apart, is: [], printer: (options) => lines(options, toLokryn) },
} as const satisfies Readonly<Record<string, Form>>;

export type FormName = keyof typeof FORMS;

export const FORM_NAMES = Object.keys(FORMS) as readonly FormName[];

export function isForm(name: string): name is FormName {
  return Object.hasOwn(FORMS, name);
}

/** How a form does things. */
export function form(name: FormName): Form {
  return FORMS[name];
}

function table({ print, fields, look }: PrinterOptions): Printer {
  const drawn = new Table(fields, look);
  return { rows: (rows, all) => print(drawn.draw(rows, all)), end: () => {} };
}

/** A list with each record in a line. */
function json({ print }: PrinterOptions): Printer {
  let before = '[\n';
  return {
    rows: (rows) => {
      for (const [record] of rows) {
        print(before + visibleJson(record, 0));
        before = ',\n';
      }
    },
    end: () => print(before === '[\n' ? '[]\n' : '\n]\n'),
  };
}

function lines({ print }: PrinterOptions, convert: (record: AuditRecord) => unknown): Printer {
  return {
    rows: (rows) => {
      // Values are unchecked, which the mappings expect.
      for (const [record] of rows) print(`${visibleJson(convert(record as AuditRecord), 0)}\n`);
    },
    end: () => {},
  };
}

function asItIs(record: ReadRecord): unknown {
  return record;
}

function csv({ print, fields = FIELDS }: PrinterOptions): Printer {
  print(csvLine(fields.map(({ name }) => name)));
  return {
    rows: (rows) => {
      for (const [record] of rows) print(csvLine(fields.map((each) => shownText(record, each) ?? '')));
    },
    end: () => {},
  };
}
