/** What is remembered: everything about the servers that goes into the state file. Times are milliseconds since the epoch. */
import type { AnnotationName } from './types.js';

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
