/** THE TABLES of the columns of an inventory, for servers and for tools: their names, their help and their documentation. */
import type {
  AnnotationSnapshot,
  ServerSnapshot,
  TallySnapshot,
  ToolSnapshot,
  UsageSnapshot,
} from '../../inventory/snapshot.js';
import type { AnnotationName } from '../../inventory/state.js';
import { nearestOf } from '../../lib/nearest.js';
import { Problem } from '../arguments.js';
import { visible } from '../text.js';

/** What a row is about. */
export interface Row {
  readonly server: ServerSnapshot;
  /** Undefined in rows of servers. */
  readonly tool: ToolSnapshot | undefined;
}

export interface InventoryColumn {
  readonly name: string;
  /** What it is, for the help. */
  readonly says: string;
  /** What is in the cell; nothing if it is not known. */
  readonly value: (row: Row) => string | number | undefined;
  /** The value is a time in RFC 3339. */
  readonly time?: true;
}

type Definition = readonly [says: string, value: InventoryColumn['value'], more?: 'time'];

const usage = (of: (usage: UsageSnapshot) => string | number | undefined): InventoryColumn['value'] => {
  return ({ server, tool }) => of((tool ?? server).usage);
};
const tally = (of: (usage: UsageSnapshot) => TallySnapshot | undefined) => ({
  count: usage((each) => of(each)?.count ?? 0),
  last: usage((each) => of(each)?.last),
});

const errors = tally(({ errors }) => errors);
const denials = tally(({ denials }) => denials);
const quarantines = tally(({ quarantines }) => quarantines);

/** Of servers and of tools. */
const USAGE = {
  calls: ['how many operations', tally(({ calls }) => calls).count],
  errors: ['how many of them failed', errors.count],
  'last-error': ['when the last one failed', errors.last, 'time'],
  denials: ['how many were refused', denials.count],
  'last-denial': ['when the last one was refused', denials.last, 'time'],
  quarantines: ['how many a guardrail objected to', quarantines.count],
  'last-quarantine': ['when it last did', quarantines.last, 'time'],
  redactions: ['how many values were redacted', tally(({ redactions }) => redactions).count],
  'unknown-arguments': [
    'how many arguments the tools do not declare',
    tally(({ unknownArguments }) => unknownArguments).count,
  ],
  'last-used': ['when it was last used; refused operations do not count', usage((each) => each.lastUsed?.at), 'time'],
  'used-by': ['by whom', usage((each) => each.lastUsed?.actor)],
  'used-by-name': ['their readable name', usage((each) => each.lastUsed?.actorName)],
  organization: ['the organization that they acted for', usage((each) => each.lastUsed?.organization)],
  team: ['the team that they acted for', usage((each) => each.lastUsed?.team)],
} as const satisfies Readonly<Record<string, Definition>>;

const said = (name: AnnotationName) => ({
  value: ({ server }: Row) => server.annotations[name]?.value,
  at: ({ server }: Row) => madeAt(server.annotations[name]),
});

function madeAt(annotation: AnnotationSnapshot | undefined): string | undefined {
  return annotation?.value === undefined ? undefined : annotation.at;
}

/** The later of two times. */
function latest(...times: readonly (string | undefined)[]): string | undefined {
  return (
    times.filter((each) => each !== undefined).sort()[times.length - 1] ?? times.find((each) => each !== undefined)
  );
}

const review = said('review');
const reviewer = said('reviewer');
const approval = said('approval');

const SERVERS = {
  name: ['what the server calls itself', ({ server }) => server.name],
  id: ['its id in the inventory', ({ server }) => server.id],
  version: ['the version that it gives itself', ({ server }) => server.version],
  title: ['its title', ({ server }) => server.title],
  endpoint: ['host and port, or the fingerprint of its command', ({ server }) => server.endpoint],
  sides: ['who saw it: its clients, the server itself, or both', ({ server }) => server.sides.join(' ')],
  protocols: ['protocol versions', ({ server }) => server.protocolVersions.join(' ')],
  capabilities: ['what it declares', ({ server }) => server.capabilities.join(' ')],
  instructions: ['the hash of its instructions for models', ({ server }) => server.instructionsHash],
  added: ['when it was first seen', ({ server }) => server.firstSeen, 'time'],
  'added-by': ['who added it', said('addedBy').value],
  removed: ['when it was removed, as somebody noted', said('removedBy').at, 'time'],
  'removed-by': ['who removed it', said('removedBy').value],
  review: ['the review, or its state', review.value],
  reviewed: ['when that was noted', (row) => latest(review.at(row), reviewer.at(row)), 'time'],
  reviewer: ['who reviewed it', reviewer.value],
  approval: ['approved, rejected, or pending', approval.value],
  approver: ['who approved or rejected it', said('approver').value],
  decided: ['when that was noted', approval.at, 'time'],
  reason: ['why it was rejected', said('rejectionReason').value],
  notes: ['notes', said('notes').value],
  tools: ['how many tools it lists', ({ server }) => server.lists.tools?.count],
  prompts: ['how many prompts', ({ server }) => server.lists.prompts?.count],
  resources: ['how many resources', ({ server }) => server.lists.resources?.count],
  'tools-hash': ['the hash of all definitions of tools', ({ server }) => server.lists.tools?.hash],
  'tool-hashes': ['the tools that it lists, each with the hash of its definition', toolHashes],
  ...USAGE,
  'error-types': ['errors by type: how many, and when the last one was', errorTypes],
  'last-seen': ['the last sign of life', ({ server }) => server.lastSeen, 'time'],
  stale: ['since when there has been none for 30 days', ({ server }) => server.staleSince, 'time'],
} as const satisfies Readonly<Record<string, Definition>>;

const TOOLS = {
  server: ['what the server calls itself', ({ server }) => server.name],
  'server-id': ['its id in the inventory', ({ server }) => server.id],
  tool: ['the tool', ({ tool }) => tool?.name],
  status: ['listed, removed, or unlisted (called, and in no list)', ({ tool }) => tool?.status],
  hash: ['the hash of its definition', ({ tool }) => tool?.hash],
  added: ['when it was first seen', ({ tool }) => tool?.firstSeen, 'time'],
  changed: ['when it was last added, changed or removed', ({ tool }) => tool?.changedAt, 'time'],
  ...USAGE,
  'last-seen': ['the last list or call with it', ({ tool }) => tool?.lastSeen, 'time'],
} as const satisfies Readonly<Record<string, Definition>>;

function toolHashes({ server }: Row): string {
  return server.tools
    .filter(({ status }) => status === 'listed')
    .map(({ name, hash }) => `${name} ${hash ?? '?'}`)
    .join('; ');
}

function errorTypes({ server }: Row): string {
  return [...server.errorTypes]
    .sort((a, b) => b.count - a.count)
    .map(({ type, count, last }) => `${type} ${count} ${last}`)
    .join('; ');
}

function columnsIn(table: Readonly<Record<string, Definition>>): readonly InventoryColumn[] {
  return Object.entries(table).map(([name, [says, value, more]]) => ({
    name,
    says,
    value,
    ...(more === 'time' && { time: true as const }),
  }));
}

/** The columns of each kind of rows, and those that a table has if nobody asks for others. */
export const KINDS = {
  servers: {
    columns: columnsIn(SERVERS),
    usual: [
      'name',
      'added',
      'added-by',
      'removed',
      'approval',
      'approver',
      'tools',
      'calls',
      'errors',
      'last-used',
      'used-by',
    ],
  },
  tools: {
    columns: columnsIn(TOOLS),
    usual: ['server', 'tool', 'status', 'hash', 'changed', 'calls', 'errors', 'last-used', 'used-by'],
  },
} as const;

export type Kind = keyof typeof KINDS;

/**
 * The columns that somebody named.
 *
 * @throws a {@link Problem} with a name that is not one
 */
export function columnsNamed(kind: Kind, names: readonly string[]): readonly InventoryColumn[] {
  const { columns } = KINDS[kind];
  return names.map((name) => {
    const found = columns.find((each) => each.name === name);
    if (found !== undefined) return found;
    const known = columns.map((each) => each.name);
    const nearest = nearestOf(name.slice(0, 100), known);
    const hint = nearest === undefined ? `One of ${known.join(', ')}` : `Did you mean ${nearest}?`;
    throw new Problem(`--fields: unknown column ${visible(name, 80)}. ${hint}`);
  });
}

/** A cell as text, with a time as it is. */
export function cellText({ value }: InventoryColumn, row: Row): string {
  return String(value(row) ?? '');
}
