/** `mcp-trail annotate`: what people know of a server, in the inventory of a state directory, and as an audit record. */
import { annotateServer } from '../audit/assemble.js';
import { readSigningKey } from '../chain/key-file.js';
import type { ServerSnapshot } from '../inventory/snapshot.js';
import type { AnnotationName } from '../inventory/state.js';
import { nearestOf } from '../lib/nearest.js';
import { resourceFromEnvironment } from '../lib/resource-environment.js';
import { type Request, requestOf, USAGE } from './annotate/request.js';
import { commandOf, Problem } from './arguments.js';
import { EXIT, type World } from './command.js';
import { readStateDirectory } from './inventory/source.js';
import { visible } from './text.js';
import { localTime } from './time.js';
import { userOfSystem } from './user.js';

const KEY_VARIABLE = 'MCP_TRAIL_AUDIT_SIGNING_KEY_FILE';
/** Servers of one name that a message lists. */
const MAX_LISTED = 10;

export const annotate = commandOf<Request>({
  summary: 'notes who added, reviewed, approved or removed a server',
  usage: USAGE,
  hint: 'mcp-trail annotate --help lists the options.',
  read: requestOf,
  answer,
});

function answer(asked: Request, { out, env, complain }: World): number {
  const { state, file, server, isNew, endpoint, by, annotations } = asked;
  // A file that cannot be read is not replaced.
  readStateDirectory(state);
  checkKey(env[KEY_VARIABLE]);
  const done = annotateServer({
    stateDirectory: state,
    file,
    server: endpoint === undefined ? server : { name: server, endpoint },
    isNew,
    annotations,
    ...(by === undefined
      ? { by: userOfSystem('say who notes it, with --by'), source: 'os' }
      : { by, source: 'self_asserted' }),
    env: resourceFromEnvironment(env).has('service.name') ? env : { ...env, OTEL_SERVICE_NAME: 'mcp-trail' },
  });
  if ('problem' in done) throw new Problem(visible(done.problem, Number.POSITIVE_INFINITY));
  if ('selected' in done) {
    if (done.selected.length > 0) throw new Problem(severalOf(asked, done.selected));
    complain(noneOf(asked, done.known));
    return EXIT.NOTHING_FOUND;
  }
  for (const note of done.notes) complain(visible(note, Number.POSITIVE_INFINITY));
  out.write(told(done.server));
  return EXIT.OK;
}

/** A trail that somebody wants signed is not written without a signature. */
function checkKey(path: string | undefined): void {
  if (path === undefined || path === '') return;
  const key = readSigningKey(path);
  if ('reason' in key) throw new Problem(`the file that ${KEY_VARIABLE} names ${key.reason}`);
}

function severalOf({ server }: Request, selected: readonly ServerSnapshot[]): string {
  const shown = selected.slice(0, MAX_LISTED).map(({ id, version, endpoint, lastSeen }) => {
    const facts = [version && `version ${visible(version)}`, endpoint && `at ${visible(endpoint)}`];
    return `  ${id}  ${[...facts, `last seen ${lastSeen}`].filter(Boolean).join(', ')}`;
  });
  const more = selected.length - shown.length;
  if (more > 0) shown.push(`  and ${more} more`);
  return `${selected.length} servers are called ${visible(server)}. Name one by its id:\n${shown.join('\n')}`;
}

function noneOf({ server, endpoint, state }: Request, known: readonly ServerSnapshot[]): string {
  const names = known.flatMap(({ id, name }) => (name === undefined ? [id] : [name, id]));
  const nearest = nearestOf(server.slice(0, 100), new Set(names));
  const where = endpoint === undefined ? '' : ` at ${visible(endpoint)}`;
  const what = `no server in ${visible(state)} has the name or id ${visible(server)}${where}`;
  const hint = nearest === undefined || nearest === server ? '' : `. Did you mean ${visible(nearest)}?`;
  return `${what}${hint || '. mcp-trail inventory lists them; --new notes one that no process has met yet'}`;
}

/** As `mcp-trail inventory` names its columns. */
const NAMES = {
  addedBy: 'added-by',
  removedBy: 'removed-by',
  review: 'review',
  reviewer: 'reviewer',
  approval: 'approval',
  approver: 'approver',
  rejectionReason: 'reason',
  notes: 'notes',
} as const satisfies Readonly<Record<AnnotationName, string>>;

/** All that is noted about a server. */
function told({ id, name, annotations }: ServerSnapshot): string {
  const lines = Object.entries(NAMES).flatMap(([annotation, shown]) => {
    const { value, at = '' } = annotations[annotation as AnnotationName] ?? {};
    return value === undefined ? [] : [`  ${shown.padEnd(10)}  ${localTime(Date.parse(at))}  ${visible(value)}\n`];
  });
  return [`${visible(name ?? id)} (${id})\n`, ...lines].join('');
}
