/** The arguments of `mcp-trail inventory`. Pure. */
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
import type { World } from '../command.js';
import { AGE, DATE, momentOf, TIME } from '../query/period.js';
import { visible } from '../text.js';
import { CHECK_FORMS, type CheckForm } from './check.js';
import { columnsNamed, type InventoryColumn, KINDS, type Kind } from './columns.js';
import { FORM_NAMES, type FormName } from './outputs.js';
import type { Source } from './source.js';

const DEFAULT_MAX_LINE_MIB = 16;
export const STATE_VARIABLE = 'MCP_TRAIL_AUDIT_STATE_DIRECTORY';

export interface Request {
  readonly source: Source;
  /** What is done with the inventory instead of showing it. */
  readonly lock: 'print' | { readonly check: string; readonly form: CheckForm } | undefined;
  readonly kind: Kind;
  readonly output: FormName;
  readonly columns: readonly InventoryColumn[] | undefined;
  readonly utc: boolean;
}

export const USAGE = `Usage: mcp-trail inventory [options] --state <folder>
       mcp-trail inventory [options] <path>...
       mcp-trail inventory --lock [--state <folder>] > tools.lock.json
       mcp-trail inventory --check tools.lock.json [options] [<path>...]

Shows which MCP servers and tools there are: since when, who added, reviewed and approved them, what they offer, how
often they failed, and who used them last. Of a state directory (default: ${STATE_VARIABLE}), or
rebuilt from audit records: files and folders as for mcp-trail query. - reads standard input.

  --tools                 a row for each tool instead of each server
  --output <form>         ${FORM_NAMES.join(', ')}; default table. json has everything, csv all columns
  --fields <a,b>          the columns of a table or CSV
  --since, --until <t>    only records of this time: ${AGE},
                          ${DATE}, or ${TIME}
  --utc                   times in UTC; without it, times that are typed or in a table are local
  --lock                  print the definitions of all listed tools, as hashes, for a review and for audit.toolLock
  --check <file>          compare with such a lock; --output ${CHECK_FORMS.join(', ')}
  --identity <file>       ${IDENTITY_SAYS}
  --max-line <MiB>        longest line that is read, 1 to ${LIMIT_MAX_LINE_MIB}; default ${DEFAULT_MAX_LINE_MIB}
  --help                  this text

Columns of servers:

${helpOf('servers')}
Columns of tools (--tools):

${helpOf('tools')}
Counts start with the first record that is read, or with the first use of the state directory.
Exit code: 0 found, or as locked; 1 nothing found, or not as locked; 3 wrong usage, or something cannot be read (what
can be read is printed, except for --lock).
`;

function helpOf(kind: Kind): string {
  return KINDS[kind].columns.map(({ name, says }) => `  ${name.padEnd(24)}${says}\n`).join('');
}

/**
 * The request; undefined for help.
 *
 * @throws Problem
 */
export function requestOf(args: readonly string[], env: World['env'], now = Date.now()): Request | undefined {
  const { values, positionals: paths } = parse(args);
  if (values.help) return undefined;
  const kind = values.tools ? 'tools' : 'servers';
  const lock = lockOf(values, paths);
  const output = lock === undefined ? oneOf(FORM_NAMES, values.output) : 'table';
  if (values.fields !== undefined && output === 'json') throw new Problem('--fields needs --output table or csv');
  if (values.tools && output === 'json')
    throw new Problem('--tools needs --output table or csv: json has servers with their tools');
  const utc = values.utc === true;
  return {
    source: sourceOf(values, paths, env, { now, utc }),
    lock,
    kind,
    output,
    columns:
      values.fields === undefined
        ? undefined
        : columnsNamed(
            kind,
            values.fields.split(',').map((each) => each.trim()),
          ),
    utc,
  };
}

type Values = ReturnType<typeof parse>['values'];

function lockOf(values: Values, paths: readonly string[]): Request['lock'] {
  const { lock, check } = values;
  if (!lock && check === undefined) return undefined;
  if (lock && check !== undefined) throw new Problem('--lock makes a lock, --check compares with one: not both');
  for (const option of ['tools', 'fields', 'utc'] as const) {
    if (values[option] !== undefined) throw new Problem(`--${option} does not go with --${lock ? 'lock' : 'check'}`);
  }
  if (check !== undefined) {
    if (check === '') throw new Problem('--check needs the path of a lock file');
    return { check, form: oneOf(CHECK_FORMS, values.output) };
  }
  if (values.output !== undefined) throw new Problem('--output does not go with --lock, which prints JSON');
  if (paths.length > 0) throw new Problem('--lock needs a state directory: records do not have the hashes of members');
  return 'print';
}

function sourceOf(
  values: Values,
  paths: readonly string[],
  env: World['env'],
  clock: { readonly now: number; readonly utc: boolean },
): Source {
  if (paths.length > 0) {
    if (values.state !== undefined) throw new Problem('inventory takes a state directory or records, not both');
    checkPaths(paths);
    const moment = (option: 'since' | 'until') => {
      const typed = values[option];
      const found = typed === undefined ? undefined : momentOf(option, typed, clock);
      if (typeof found === 'string') throw new Problem(found);
      return found;
    };
    const period = { since: moment('since'), until: moment('until') };
    if ((period.since ?? 0) > (period.until ?? Number.POSITIVE_INFINITY)) throw new Problem('--since is after --until');
    const maxLineBytes = maxLineBytesOf(values['max-line'], DEFAULT_MAX_LINE_MIB);
    return { paths, period, identities: identitiesOf(values.identity), maxLineBytes };
  }
  const state = values.state ?? env[STATE_VARIABLE] ?? '';
  if (state === '') {
    throw new Problem(
      `inventory needs a state directory (--state, or ${STATE_VARIABLE}), or files and folders of records`,
    );
  }
  for (const option of ['since', 'until', 'max-line', 'identity'] as const) {
    if (values[option] !== undefined)
      throw new Problem(`--${option} is about records; a state directory has the present alone`);
  }
  return { state };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      tools: { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      fields: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      lock: { type: 'boolean' },
      check: { type: 'string' },
      utc: { type: 'boolean' },
      'max-line': { type: 'string' },
      ...IDENTITY_OPTION,
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function oneOf<F extends FormName | CheckForm>(forms: readonly F[], name: string = 'table'): F {
  const found = forms.find((each) => each === name);
  if (found !== undefined) return found;
  const nearest = nearestOf(name.slice(0, 100), forms);
  const hint = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
  throw new Problem(`--output takes ${forms.join(', ')}; not ${visible(name, 80)}${hint}`);
}
