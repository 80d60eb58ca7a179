/** What is remembered of servers, as the state file has it. Times are milliseconds since the epoch. */
import { startOf } from '../lib/text.js';
import { MAX_NAME, type Names } from './names.js';

export const MAX_CAPABILITIES = 64;
export const MAX_PROTOCOL_VERSIONS = 16;

/** What is known of a server at one moment. What is absent was not told, and changes nothing that was. */
export interface ServerFacts {
  /** The part this process plays beside that server: its client, or the server itself. */
  readonly side: 'client' | 'server';
  /** Names and texts as the server gave them. */
  readonly name?: string;
  readonly version?: string;
  readonly title?: string;
  /** Host and port, or an opaque fingerprint of a command. Safe as it is: it is not redacted. */
  readonly endpoint?: string;
  /** Versions seen. They add up: a server may speak several. */
  readonly protocolVersions?: readonly string[];
  /** All capabilities that were declared. */
  readonly capabilities?: readonly string[];
  readonly instructionsHash?: string;
}

/** Fields that only people can fill in. */
export const ANNOTATIONS = [
  'addedBy',
  'approval',
  'notes',
  'rejectionReason',
  'removedBy',
  'review',
  'reviewer',
] as const;

export type AnnotationName = (typeof ANNOTATIONS)[number];

/** What is counted, per server and per tool. */
export const COUNTED = ['calls', 'errors', 'denials', 'quarantines', 'redactions', 'unknownArguments'] as const;

export type Counted = (typeof COUNTED)[number];

export interface Tally {
  count: number;
  /** When it was counted last. */
  last: number;
  /** The part of the count that the state file does not have yet. */
  unsaved: number;
}

export interface LastUse {
  readonly at: number;
  readonly actor?: string | undefined;
  readonly actorName?: string | undefined;
  readonly organization?: string | undefined;
  readonly team?: string | undefined;
}

export interface Usage {
  readonly tallies: Map<Counted, Tally>;
  lastUse: LastUse | undefined;
}

/** `unlisted` tools were called with success, and stood in no list. */
export const TOOL_STATUSES = ['listed', 'removed', 'unlisted'] as const;

/** Hashes of a definition's members, by their names; `other` is all that the conventions do not name. */
export type MemberHashes = Readonly<Record<string, string>>;

/** A tool as it was last reported: what a later list is compared with. */
export interface ToolState {
  /** As it is kept, and the key of the tool. */
  readonly name: string;
  status: (typeof TOOL_STATUSES)[number];
  /** Absent while the tool was never listed. */
  hash: string | undefined;
  members: MemberHashes;
  firstSeen: number;
  lastSeen: number;
  /** When status, hash and members became what they are. */
  changedAt: number;
  readonly usage: Usage;
}

export const LISTS = ['tools', 'prompts', 'resources'] as const;

export type ListName = (typeof LISTS)[number];

/** A list as it was last seen, all pages of it. */
export interface ListState {
  readonly count: number;
  /** Of the tools' definitions. */
  readonly hash?: string | undefined;
  readonly at: number;
}

/** What a server is, without its lists. */
export interface KnownFacts {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly title?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly instructionsHash?: string | undefined;
  /** Sorted. */
  readonly protocolVersions: readonly string[];
  /** Sorted. */
  readonly capabilities: readonly string[];
}

export interface AnnotationState {
  /** Undefined once it was taken away. */
  readonly value: string | undefined;
  readonly at: number;
}

export interface ServerState {
  readonly id: string;
  readonly sides: Set<'client' | 'server'>;
  facts: KnownFacts;
  /** When the facts became what they are. */
  changedAt: number;
  firstSeen: number;
  lastSeen: number;
  /** When it last was in a record of its own. */
  reportedAt: number;
  /** Set while it counts as stale. */
  staleAt: number | undefined;
  readonly lists: Map<ListName, ListState>;
  readonly tools: Map<string, ToolState>;
  readonly usage: Usage;
  /** By the class of the error. */
  readonly errors: Map<string, Tally>;
  readonly annotations: Map<AnnotationName, AnnotationState>;
}

export type Servers = Map<string, ServerState>;

export function newServer(id: string, facts: KnownFacts, at: number): ServerState {
  return {
    id,
    sides: new Set(),
    facts,
    changedAt: at,
    firstSeen: at,
    lastSeen: at,
    reportedAt: at,
    staleAt: undefined,
    lists: new Map(),
    tools: new Map(),
    usage: newUsage(),
    errors: new Map(),
    annotations: new Map(),
  };
}

export function newTool(name: string, status: ToolState['status'], at: number): ToolState {
  return {
    name,
    status,
    hash: undefined,
    members: {},
    firstSeen: at,
    lastSeen: at,
    changedAt: at,
    usage: newUsage(),
  };
}

export function newUsage(): Usage {
  return { tallies: new Map(), lastUse: undefined };
}

const TEXTS = ['name', 'version', 'title', 'endpoint', 'instructionsHash'] as const;
/** Made by this package, and safe by the contract of who gives them. */
const SAFE: ReadonlySet<string> = new Set(['endpoint', 'instructionsHash']);

/** The facts after these were seen. */
export function learn(known: KnownFacts | undefined, facts: ServerFacts, names: Names): KnownFacts {
  const learnt: { -readonly [K in keyof KnownFacts]: KnownFacts[K] } = {
    ...known,
    protocolVersions: union(known?.protocolVersions ?? [], kept(facts.protocolVersions, names)),
    capabilities: capabilities(facts.capabilities, names) ?? known?.capabilities ?? [],
  };
  for (const key of TEXTS) {
    const text = facts[key];
    if (typeof text === 'string') learnt[key] = SAFE.has(key) ? startOf(text, MAX_NAME) : names.kept(text);
  }
  return learnt;
}

function capabilities(told: readonly string[] | undefined, names: Names): string[] | undefined {
  if (!Array.isArray(told)) return undefined;
  return [...new Set(kept(told, names))].sort().slice(0, MAX_CAPABILITIES);
}

function kept(told: readonly unknown[] | undefined, names: Names): string[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, 4 * MAX_CAPABILITIES).flatMap((each) => (typeof each === 'string' ? [names.kept(each)] : []));
}

/** Those that were there first stay when there are too many. */
export function union(first: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...first, ...more])].slice(0, MAX_PROTOCOL_VERSIONS).sort();
}

export function sameFacts(a: KnownFacts, b: KnownFacts): boolean {
  return (
    TEXTS.every((key) => a[key] === b[key]) &&
    sameList(a.protocolVersions, b.protocolVersions) &&
    sameList(a.capabilities, b.capabilities)
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
