/** `mcp-trail erase`: parts somebody from their pseudonyms, and records that. */
import { erasableIn, eraseActor } from '../audit/assemble.js';
import type { Erasable } from '../audit/erase-actor.js';
import { readSigningKey } from '../chain/key-file.js';
import { isFolder } from '../lib/files.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import { reasonOf } from '../pseudonyms/maps.js';
import { commandOf, Problem } from './arguments.js';
import { EXIT, type World } from './command.js';
import { checkId, KEY_VARIABLE, MAX_ID, type Request, requestOf, USAGE } from './erase/request.js';
import { counted, visible } from './text.js';
import { userOfSystem } from './user.js';

/** Files that a message lists. */
const MAX_LISTED = 10;

const NOBODY = `the maps of pseudonyms have nobody of that name. Nothing is erased, and nothing recorded.

Records with plain ids (audit.actorIds: 'plain', the default) cannot lose them: a changed record breaks its chain. What
can be done: delete whole files by age (mcp-trail retain), delete in the backends (Loki: its delete API; Elasticsearch:
_delete_by_query; Datadog and Splunk: their retention), and set audit.actorIds: 'pseudonym' from now on.`;

const ID_GONE =
  'a pseudonym that was given is erased already, and no longer leads to an id: run the command again with the id ' +
  'instead, to make sure of all state directories';

export const erase = commandOf<Request>({
  summary: 'parts somebody from the pseudonyms in the records, and records that',
  usage: USAGE,
  hint: 'mcp-trail erase --help lists the options.',
  read: requestOf,
  answer,
});

async function answer(asked: Request, world: World): Promise<number> {
  const { states, file, key, by, isDryRun } = asked;
  const { env, complain } = world;
  for (const state of states) {
    if (!isFolder(state)) throw new Problem(`${visible(state)} is not a folder`);
  }
  const ids = await idsOf(asked, world);
  const found = orProblem(() => erasableIn(states, ids));
  const any = found.pseudonyms.length + found.untold.length > 0;
  if (found.isIdGone) complain(ID_GONE);
  const success = found.isIdGone ? EXIT.USAGE : EXIT.OK;
  if (isDryRun || !any) {
    tell(asked, world, found);
    if (any || found.isIdGone) return success;
    complain(NOBODY);
    return EXIT.NOTHING_FOUND;
  }
  checkKey(asked.key, env[KEY_VARIABLE] === key);
  const who = by ?? userOfSystem('say who erases, with --by');
  const done = eraseActor({
    stateDirectories: states,
    ids,
    file,
    key,
    by: who,
    source: by === undefined ? 'os' : 'self_asserted',
    env: resourceFromEnvironment(env).has('service.name') ? env : { ...env, OTEL_SERVICE_NAME: 'mcp-trail' },
  });
  if ('problem' in done) throw new Problem(visible(done.problem, Number.POSITIVE_INFINITY));
  tell(asked, world, { pseudonyms: done.pseudonyms, untold: [] }, done);
  if (done.remains.length === 0) return success;
  const shown = done.remains.slice(0, MAX_LISTED).map((path) => `  ${visible(path, Number.POSITIVE_INFINITY)}`);
  if (done.remains.length > MAX_LISTED) shown.push(`  and ${done.remains.length - MAX_LISTED} more`);
  complain(
    `the maps are clean, and that is recorded; but these files still hold the name, or cannot be searched:\n${shown.join('\n')}`,
  );
  return EXIT.USAGE;
}

/** A line of standard input takes the place of `-`. */
async function idsOf({ actors }: Request, { input }: World): Promise<readonly string[]> {
  if (!actors.includes('-')) return actors;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > 4 * MAX_ID) throw new Problem('standard input has more than one id');
  }
  const line = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (/[\r\n]/.test(line)) throw new Problem('standard input has more than one line');
  if (line === '') throw new Problem('standard input has no id');
  checkId(line);
  return actors.map((each) => (each === '-' ? line : each));
}

function tell(
  { isJson, isDryRun, states }: Request,
  { out }: World,
  { pseudonyms, untold }: Omit<Erasable, 'isIdGone'>,
  done?: { readonly maps: number; readonly remains: readonly string[] },
): void {
  if (isJson) {
    const { maps = 0, remains = [] } = done ?? {};
    const erased = done === undefined ? [] : pseudonyms;
    const found = done === undefined ? { found: pseudonyms, unrecorded: untold } : {};
    out.write(`${JSON.stringify({ dryRun: isDryRun, erased, maps, remains, ...found })}\n`);
    return;
  }
  const names = [...pseudonyms, ...untold];
  if (names.length === 0) return;
  const verb = done === undefined ? 'would be erased' : 'erased';
  const where = done === undefined ? '' : `, in ${counted(done.maps, 'state directory', 'state directories')}`;
  out.write(`${verb}${where || `, of ${counted(states.length, 'state directory', 'state directories')}`}:\n`);
  for (const name of names) out.write(`  ${name}\n`);
}

/** Records that somebody wants signed are not written without a signature. */
function checkKey(path: string | undefined, isOfEnvironment: boolean): void {
  if (path === undefined) return;
  const key = readSigningKey(path);
  const name = isOfEnvironment ? `the file that ${KEY_VARIABLE} names` : 'the file of --key';
  if ('reason' in key) throw new Problem(`${name} ${key.reason}`);
}

function orProblem<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw new Problem(`a map of pseudonyms cannot be read: ${reasonOf(error)}`);
  }
}
