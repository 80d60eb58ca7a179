/** The arguments of `mcp-trail query`. Pure. */
import { parseArgs } from 'node:util';
import { nearestOf } from '../../lib/nearest.js';
import {
  checkPaths,
  IDENTITY_OPTION,
  IDENTITY_SAYS,
  identitiesOf,
  LIMIT_MAX_LINE_MIB,
  maxLineBytesOf,
  Problem,
} from '../arguments.js';
import { visible } from '../text.js';
import { FIELDS, fieldNamed, type QueryField } from './fields.js';
import { type Filter, filterOf } from './filters.js';
import { FORM_NAMES, type FormName, form, isForm } from './outputs.js';
import { AGE, DATE, momentOf, TIME } from './period.js';
import type { Question, Reads } from './read.js';

const DEFAULT_MAX_LINE_MIB = 16;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 100_000;
const MAX_COLUMNS = 100;

export interface Request extends Question, Reads {
  readonly paths: readonly string[];
  readonly output: FormName;
  readonly fields: readonly QueryField[] | undefined;
  readonly countBy: readonly QueryField[] | undefined;
  /** Whether somebody asked for certain events: then all of them count. */
  readonly events: boolean;
  readonly follow: boolean;
  /** Infinity for all. */
  readonly limit: number;
  readonly utc: boolean;
  /** State directories, whose maps know pseudonyms. */
  readonly states: readonly string[];
}

const OPTIONS: readonly QueryField[] = FIELDS.filter(({ only }) => only !== 'column');

export const USAGE = `Usage: mcp-trail query [options] <path>...

Shows audit records: who did what, when, and how it ended. Paths are files and folders of audit records, OTLP JSON
logs, or exports of Loki, Elasticsearch, Datadog or Splunk with the record inside, plain, gzip or age. - reads
standard input.

Which records (* is any text, ? any character, {a,b} a or b; an option that is repeated takes any of its values):

${OPTIONS.map(({ name, only, says }) => `  ${`--${name}${only === 'flag' ? '' : ' <text>'}`.padEnd(24)}${says}`).join('\n')}
  --since, --until <t>    ${AGE}, ${DATE},
                          or ${TIME}
  --state <folder>        --actor and the like also match pseudonyms that the map of this state directory knows, and
                          digests, if it has their key; can be repeated

How they are printed:

  --output <form>         ${FORM_NAMES.join(', ')}; default table
  --fields <a,b>          the columns of a table or CSV: names as above, time, duration, or keys of fields
  --count-by <a,b>        how many there are for each of these, how many failed, and how long they took. An operation
                          counts once, by its response; with --event, every record counts
  --limit <N>             the newest N records, or so many groups, 1 to ${MAX_LIMIT}; default ${DEFAULT_LIMIT}. With none, all, in the
                          order of the files
  --follow                goes on with what is written from now on, also after rotation; the oldest first
  --utc                   times in UTC; without it, times that are typed or in a table are local
  --identity <file>       ${IDENTITY_SAYS}
  --max-line <MiB>        longest line that is read, 1 to ${LIMIT_MAX_LINE_MIB}; default ${DEFAULT_MAX_LINE_MIB}
  --help                  this text

In a table, the request, the decision and the response of an operation are one row. A call that client and server
both record is two operations: --side server shows it once. Exit code: 0 found, 1 nothing found, 3 wrong usage, or
something cannot be read (what can be read is printed).
`;

/**
 * The request; undefined for help.
 *
 * @throws Problem
 */
export function requestOf(args: readonly string[], now = Date.now()): Request | undefined {
  const { values, positionals: paths } = parse(args);
  return values['help'] === true ? undefined : checked(values, paths, now);
}

/** Ends the reading of arguments with a problem. */
function orProblem<T>(value: T | string): T {
  if (typeof value === 'string') throw new Problem(value);
  return value;
}

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

function checked(values: Values, paths: readonly string[], now: number): Request {
  const text = (name: string) => values[name] as string | undefined;
  if (paths.length === 0) throw new Problem('query needs at least one file or folder, or - for standard input');
  checkPaths(paths);

  const filters: Filter[] = [];
  for (const field of OPTIONS) {
    const given = values[field.name];
    if (given !== undefined && given !== false) filters.push(orProblem(filterOf(field, given as readonly string[])));
  }
  const utc = values['utc'] === true;
  const moment = (option: 'since' | 'until') => {
    const typed = text(option);
    return typed === undefined ? undefined : orProblem(momentOf(option, typed, { now, utc }));
  };
  const period = { since: moment('since'), until: moment('until') };
  if ((period.since ?? 0) > (period.until ?? Number.POSITIVE_INFINITY)) throw new Problem('--since is after --until');

  const output = outputOf(text('output') ?? 'table');
  const { is } = form(output);
  const fields = columnsOf('fields', text('fields'));
  const countBy = columnsOf('count-by', text('count-by'));
  const follow = values['follow'] === true;
  if (fields !== undefined && !is.includes('columns')) throw new Problem(`--fields needs ${formsThat('columns')}`);
  if (countBy !== undefined && !is.includes('counts')) throw new Problem(`--count-by needs ${formsThat('counts')}`);
  if (countBy !== undefined && (follow || fields !== undefined)) {
    throw new Problem(`--count-by has no use for ${follow ? '--follow' : '--fields'}`);
  }
  if (follow && is.includes('whole'))
    throw new Problem(`--follow has no end, and --output ${output} needs one: try jsonl`);
  if (follow && paths.includes('-'))
    throw new Problem('--follow takes files and folders; for standard input, --limit none');
  return {
    paths,
    filters,
    period,
    output,
    fields,
    countBy,
    events: values['event'] !== undefined,
    follow,
    limit: limitOf(text('limit')),
    utc,
    identities: identitiesOf(values['identity'] as readonly string[] | undefined),
    maxLineBytes: maxLineBytesOf(text('max-line'), DEFAULT_MAX_LINE_MIB),
    states: (values['state'] ?? []) as readonly string[],
  };
}

function parse(args: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const several = { type: 'string', multiple: true } as const;
  const one = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    ...Object.fromEntries(OPTIONS.map(({ name, only }) => [name, only === 'flag' ? flag : several])),
    since: one,
    until: one,
    state: several,
    output: { ...one, short: 'o' },
    fields: one,
    'count-by': one,
    limit: { ...one, short: 'n' },
    follow: { ...flag, short: 'f' },
    utc: flag,
    'max-line': one,
    ...IDENTITY_OPTION,
    help: { ...flag, short: 'h' },
  };
  return parseArgs({ args: [...args], allowPositionals: true, options });
}

function outputOf(name: string): FormName {
  if (isForm(name)) return name;
  const nearest = nearestOf(name.slice(0, 100), FORM_NAMES);
  const hint = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
  throw new Problem(`--output takes ${FORM_NAMES.join(', ')}; not ${visible(name, 80)}${hint}`);
}

function formsThat(can: 'columns' | 'counts'): string {
  const names = FORM_NAMES.filter((name) => form(name).is.includes(can));
  return `--output ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function columnsOf(option: string, list: string | undefined): readonly QueryField[] | undefined {
  if (list === undefined) return undefined;
  const names = list.split(',').map((name) => name.trim());
  if (names.length > MAX_COLUMNS) throw new Problem(`--${option} takes ${MAX_COLUMNS} fields at most`);
  return names.map((name) => {
    const found = fieldNamed(name);
    return typeof found === 'string' ? orProblem<QueryField>(`--${option}: ${found}`) : found;
  });
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (text === 'none' || text === '0') return Number.POSITIVE_INFINITY;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT)
    throw new Problem(`--limit takes 1 to ${MAX_LIMIT}, or none; not ${visible(text, 80)}`);
  return limit;
}
