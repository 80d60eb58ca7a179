/** The arguments of `mcp-trail erase`. Pure. */
import { parseArgs } from 'node:util';
import { MAX_NAME } from '../../inventory/bounds.js';
import { Problem } from '../arguments.js';
import type { World } from '../command.js';
import { STATE_VARIABLE } from '../inventory/request.js';

const FILE_VARIABLE = 'MCP_TRAIL_AUDIT_FILE';
export const KEY_VARIABLE = 'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE';
/** An id is longer in no record: longer ones are cut. */
export const MAX_ID = 4096;

export interface Request {
  /** Ids; `-` stands for one line of standard input. */
  readonly actors: readonly string[];
  readonly states: readonly string[];
  /** Undefined where the environment names none. */
  readonly file: string | undefined;
  readonly key: string | undefined;
  /** Undefined for the user of the operating system. */
  readonly by: string | undefined;
  readonly isDryRun: boolean;
  readonly isJson: boolean;
}

export const USAGE = `Usage: mcp-trail erase [options] --actor <id>

Erases somebody from the maps of pseudonyms of state directories (audit.actorIds: 'pseudonym'), so that nothing leads
from the records to them any more, and writes audit records of that, which name pseudonyms alone. The records stay as
they are, and verify. Processes that use a map keep running, and see it within a second. Run it as their user.

  --actor <id>            whom, as OAuth, the certificate or the identity hook names them; a pseudonym of theirs; or
                          another value that the map holds, such as an address. Can be repeated. - reads it from
                          standard input, one line: the history of a shell keeps arguments
  --state <folder>        a state directory; can be repeated. Default: ${STATE_VARIABLE}
  --audit <file>          gets the records; default: where ${FILE_VARIABLE} or MCP_TRAIL_AUDIT says
  --key <file>            the key that signs them; default: ${KEY_VARIABLE}
  --by <who>              who erases; default: the user of the operating system
  --dry-run               says what would be erased, and changes nothing
  --json                  the result as JSON
  --help                  this text

Exit code: 0 erased, 1 the maps have nobody of that name, 3 wrong usage, something cannot be read or written, a file of
a state directory still holds the name, or other state directories can be searched by the id alone.
`;

/**
 * The request; undefined for help.
 *
 * @throws Problem
 */
export function requestOf(args: readonly string[], env: World['env']): Request | undefined {
  const several = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      actor: several,
      state: several,
      audit: { type: 'string' },
      key: { type: 'string' },
      by: { type: 'string' },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const actors = values.actor ?? [];
  if (actors.length === 0) throw new Problem('erase needs somebody: --actor');
  if (actors.filter((each) => each === '-').length > 1) throw new Problem('standard input can be read only once');
  for (const each of actors) checkId(each);
  const states = values.state ?? [env[STATE_VARIABLE] ?? ''];
  if (states.includes('')) throw new Problem(`erase needs a state directory: --state, or ${STATE_VARIABLE}`);
  const file = values.audit ?? (env[FILE_VARIABLE] || undefined);
  if (file === '') throw new Problem('--audit needs the name of a file');
  const key = values.key ?? (env[KEY_VARIABLE] || undefined);
  if (key === '') throw new Problem('--key needs the name of a file');
  const { by } = values;
  if (by?.trim() === '') throw new Problem('--by needs a name');
  if (by !== undefined && by.length > MAX_NAME) {
    throw new Problem(`--by has ${by.length} characters; accepted: at most ${MAX_NAME}`);
  }
  return { actors, states, file, key, by, isDryRun: values['dry-run'] === true, isJson: values.json === true };
}

/** @throws Problem */
export function checkId(id: string): void {
  if (id === '') throw new Problem('--actor needs an id');
  if (id.length > MAX_ID) throw new Problem(`--actor has ${id.length} characters; accepted: at most ${MAX_ID}`);
}
