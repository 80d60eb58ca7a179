/** The inventory as plain JSON: what users see, and what the state file holds. Times are RFC 3339 in UTC. */
import { isoTime } from './records.js';
import type { AnnotationState, LastUse, ServerState, Servers, Tally, ToolState, Usage } from './state.js';
import type { AnnotationName } from './types.js';

/** How often something happened, and when last. */
export interface TallySnapshot {
  readonly count: number;
  readonly last: string;
}

/** What was counted. Absent is zero. */
export interface UsageSnapshot {
  /** When it was used last, and by whom, as far as that was known. What was refused is no use. */
  readonly lastUsed?: {
    readonly at: string;
    readonly actor?: string;
    readonly actorName?: string;
    readonly organization?: string;
    readonly team?: string;
  };
  readonly calls?: TallySnapshot;
  readonly errors?: TallySnapshot;
  /** Refused by a policy, a guardrail or the authentication. */
  readonly denials?: TallySnapshot;
  readonly quarantines?: TallySnapshot;
  /** Values that were redacted. */
  readonly redactions?: TallySnapshot;
  /** Arguments that the tool did not declare. */
  readonly unknownArguments?: TallySnapshot;
}

/** A tool as it was last reported. */
export interface ToolSnapshot {
  readonly name: string;
  /** `removed`: was listed once. `unlisted`: was called with success, and was in no list. */
  readonly status: 'listed' | 'removed' | 'unlisted';
  /** SHA-256 of the definition, or `unhashable`. */
  readonly hash?: string;
  /** The beginning of the hash of every member there is. */
  readonly memberHashes?: Readonly<Record<string, string>>;
  readonly firstSeen: string;
  /** In a list, or by a call. */
  readonly lastSeen: string;
  /** When it was added, changed or removed last. */
  readonly changedAt: string;
  readonly usage: UsageSnapshot;
}

/** A list as it was last seen. */
export interface ListSnapshot {
  readonly count: number;
  /** SHA-256 over the tools' names and hashes. */
  readonly hash?: string;
  readonly at: string;
}

/** What was said by people, and when. Without a value it was taken back. */
export interface AnnotationSnapshot {
  readonly value?: string;
  readonly at: string;
}

/** One server. */
export interface ServerSnapshot {
  readonly id: string;
  readonly sides: readonly ('client' | 'server')[];
  readonly name?: string;
  readonly version?: string;
  readonly title?: string;
  readonly endpoint?: string;
  readonly instructionsHash?: string;
  readonly protocolVersions: readonly string[];
  readonly capabilities: readonly string[];
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** When the facts above changed last. */
  readonly changedAt: string;
  /** When it was last in a record of its own. */
  readonly reportedAt: string;
  /** Since when it counts as stale, if it does. */
  readonly staleSince?: string;
  readonly lists: {
    readonly tools?: ListSnapshot;
    readonly prompts?: ListSnapshot;
    readonly resources?: ListSnapshot;
  };
  readonly tools: readonly ToolSnapshot[];
  readonly usage: UsageSnapshot;
  /** Errors by their class, of which 64 are told apart; the rest is `other`. */
  readonly errorTypes: readonly (TallySnapshot & { readonly type: string })[];
  readonly annotations: Readonly<Partial<Record<AnnotationName, AnnotationSnapshot>>>;
}

/** All servers, by first seen. */
export interface InventorySnapshot {
  readonly servers: readonly ServerSnapshot[];
}

export function snapshotOf(servers: Servers): InventorySnapshot {
  const all = [...servers.values()].sort((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1));
  return { servers: all.map(server) };
}

function server(state: ServerState): ServerSnapshot {
  return {
    id: state.id,
    sides: [...state.sides].sort(),
    ...given(state.facts),
    protocolVersions: [...state.facts.protocolVersions],
    capabilities: [...state.facts.capabilities],
    firstSeen: isoTime(state.firstSeen),
    lastSeen: isoTime(state.lastSeen),
    changedAt: isoTime(state.changedAt),
    reportedAt: isoTime(state.reportedAt),
    ...(state.staleAt !== undefined && { staleSince: isoTime(state.staleAt) }),
    lists: Object.fromEntries([...state.lists].map(([name, list]) => [name, { ...given(list), at: isoTime(list.at) }])),
    tools: [...state.tools.values()].map(tool),
    usage: usage(state.usage),
    errorTypes: [...state.errors].map(([type, errors]) => ({ type, ...tally(errors) })),
    annotations: Object.fromEntries([...state.annotations].map(([name, each]) => [name, annotation(each)])),
  };
}

function tool(state: ToolState): ToolSnapshot {
  return {
    name: state.name,
    status: state.status,
    ...(state.hash !== undefined && { hash: state.hash, memberHashes: { ...state.members } }),
    firstSeen: isoTime(state.firstSeen),
    lastSeen: isoTime(state.lastSeen),
    changedAt: isoTime(state.changedAt),
    usage: usage(state.usage),
  };
}

function usage({ lastUse, tallies }: Usage): UsageSnapshot {
  return {
    ...(lastUse !== undefined && { lastUsed: used(lastUse) }),
    ...Object.fromEntries([...tallies].map(([counted, each]) => [counted, tally(each)])),
  };
}

function used(use: LastUse): NonNullable<UsageSnapshot['lastUsed']> {
  return { ...given(use), at: isoTime(use.at) };
}

function tally({ count, last }: Tally): TallySnapshot {
  return { count, last: isoTime(last) };
}

function annotation({ value, at }: AnnotationState): AnnotationSnapshot {
  return { ...(value !== undefined && { value }), at: isoTime(at) };
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what is undefined. */
function given<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Given<T>;
}
