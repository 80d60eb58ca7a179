/** The arguments of `mcp-trail annotate`. Pure. */
import { parseArgs } from 'node:util';
import { type Annotations, APPROVALS } from '../../inventory/annotations.js';
import { MAX_NAME, MAX_TEXT } from '../../inventory/bounds.js';
import { Problem } from '../arguments.js';
import type { World } from '../command.js';
import { STATE_VARIABLE } from '../inventory/request.js';
import { visible } from '../text.js';

const FILE_VARIABLE = 'MCP_TRAIL_AUDIT_FILE';

export interface Request {
  readonly state: string;
  /** Undefined where the environment names none. */
  readonly file: string | undefined;
  /** Name or id. */
  readonly server: string;
  readonly isNew: boolean;
  readonly endpoint: string | undefined;
  /** Undefined for the user of the operating system. */
  readonly by: string | undefined;
  readonly annotations: Annotations;
}

/** THE TABLE of the options that annotate. */
const OPTIONS = {
  'added-by': ['who', 'who added the server', (who) => ({ addedBy: who })],
  'reviewed-by': ['who', 'who reviewed it', (who) => ({ reviewer: who })],
  review: ['text', 'the review, or its state', (text) => ({ review: text })],
  'approved-by': ['who', 'who approved it', (who) => ({ approval: 'approved', approver: who, rejectionReason: null })],
  'rejected-by': ['who', 'who rejected it', (who) => ({ approval: 'rejected', approver: who })],
  approval: ['state', `${APPROVALS.join(', ')}, without saying by whom`, approvedAs],
  reason: ['text', 'why it was rejected', (text) => ({ rejectionReason: text })],
  note: ['text', 'notes', (text) => ({ notes: text })],
  'removed-by': ['who', 'who removed it; it was removed now', (who) => ({ removedBy: who })],
} as const satisfies Readonly<Record<string, readonly [takes: string, says: string, Annotate]>>;

type Annotate = (value: string) => Annotations;
type OptionName = keyof typeof OPTIONS;
const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];
/** Options of which one excludes the others. */
const DECISIONS = ['approved-by', 'rejected-by', 'approval'] as const;

export const USAGE = `Usage: mcp-trail annotate [options] <server>

Notes what traffic cannot show about an MCP server, named by its name or id, in the inventory of a state directory, and
writes an audit record of that. Processes that use the directory keep running, and see it. Run it as their user.

${OPTION_NAMES.map((name) => `  ${`--${name} <${OPTIONS[name][0]}>`.padEnd(24)}${OPTIONS[name][1]}`).join('\n')}

An empty text removes what was noted.

  --state <folder>        the state directory; default: ${STATE_VARIABLE}
  --audit <file>          gets the record; default: where ${FILE_VARIABLE} or MCP_TRAIL_AUDIT says. The trail
                          of the command is signed as that of other processes (MCP_TRAIL_AUDIT_SIGNING_KEY_FILE)
  --by <who>              who notes it; default: the user of the operating system
  --new                   a server that no process has met yet; with --endpoint if its clients know it by one
  --endpoint <host:port>  of several servers of that name, the one there
  --help                  this text

Exit code: 0 noted, 1 no such server, 3 wrong usage, several such servers, or something cannot be read or written.
`;

/**
 * The request; undefined for help.
 *
 * @throws Problem
 */
export function requestOf(args: readonly string[], env: World['env']): Request | undefined {
  const { values, positionals } = parse(args) as Parsed;
  if (values['help'] === true) return undefined;
  const text = (name: string) => values[name] as string | undefined;
  const [server = '', ...more] = positionals;
  if (server === '' || more.length > 0) throw new Problem('annotate needs one server, by its name or id');
  const state = text('state') ?? env[STATE_VARIABLE] ?? '';
  if (state === '') throw new Problem(`annotate needs a state directory: --state, or ${STATE_VARIABLE}`);
  const file = text('audit') ?? (env[FILE_VARIABLE] || undefined);
  if (file === '') throw new Problem('--audit needs the name of a file');
  const by = text('by');
  if (by !== undefined) checkLength('by', by, MAX_NAME);
  if (by?.trim() === '') throw new Problem('--by needs a name');
  const endpoint = text('endpoint');
  if (endpoint === '') throw new Problem('--endpoint needs a host and a port');
  return { state, file, server, isNew: values['new'] === true, endpoint, by, annotations: annotationsOf(text) };
}

function annotationsOf(text: (name: string) => string | undefined): Annotations {
  const given = OPTION_NAMES.filter((name) => text(name) !== undefined);
  if (given.length === 0) throw new Problem(`annotate needs something to note: ${listed(OPTION_NAMES)}`);
  const decided = DECISIONS.filter((name) => given.includes(name));
  if (decided.length > 1) throw new Problem(`one of ${listed(decided)}, not more`);
  const annotations: Annotations = Object.assign(
    {},
    ...given.map((name) => {
      const value = text(name) as string;
      checkLength(name, value, MAX_TEXT);
      const needsName = name === 'approved-by' || name === 'rejected-by' || (value !== '' && name.endsWith('-by'));
      if (needsName && value.trim() === '') throw new Problem(`--${name} needs a name`);
      return OPTIONS[name][2](value);
    }),
  );
  const { approval, rejectionReason } = annotations;
  if (rejectionReason && approval !== undefined && approval !== 'rejected') {
    throw new Problem('--reason is the reason of a rejection');
  }
  return annotations;
}

/** Who decided before has not decided this. */
function approvedAs(state: string): Annotations {
  if (state === '') return { approval: null, approver: null, rejectionReason: null };
  if (state === 'rejected') return { approval: state, approver: null };
  if (state === 'approved' || state === 'pending') return { approval: state, approver: null, rejectionReason: null };
  throw new Problem(`--approval takes ${APPROVALS.join(', ')}; not ${visible(state, 80)}`);
}

function checkLength(name: string, text: string, max: number): void {
  if (text.length > max) throw new Problem(`--${name} has ${text.length} characters; accepted: at most ${max}`);
}

function listed(names: readonly string[]): string {
  return names.map((name) => `--${name}`).join(', ');
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

function parse(args: readonly string[]) {
  const texts = [...OPTION_NAMES, 'state', 'audit', 'by', 'endpoint'];
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(texts.map((name) => [name, { type: 'string' as const }])),
      new: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}
