/** The state of servers that the state file keeps. Times are milliseconds since the epoch. */
import { startOf } from '../lib/text.js';
import { MAX_CAPABILITIES, MAX_NAME, MAX_PROTOCOL_VERSIONS } from './bounds.js';
import type { Names } from './names.js';

/** Facts about a server at one moment. Absent facts leave known ones unchanged. */
export interface ServerFacts {
  /** The role of this process: the server's client, or the server itself. */
  readonly side: 'client' | 'server';
  /** The server's own claims. */
  readonly name?: string;
  readonly version?: string;
  readonly title?: string;
  /** Host and port, or an opaque fingerprint of a command. Not redacted. */
  readonly endpoint?: string;
  /** Versions seen. They accumulate: a server can speak several. */
  readonly protocolVersions?: readonly string[];
  /** All declared capabilities. */
  readonly capabilities?: readonly string[];
  readonly instructionsHash?: string;
}

/** Fields that only people fill in. */
export const ANNOTATIONS = [
  'addedBy',
  'approval',
  'approver',
  'notes',
  'rejectionReason',
  'removedBy',
  'review',
  'reviewer',
] as const;

export type AnnotationName = (typeof ANNOTATIONS)[number];

/** What is counted per server and per tool. */
export const COUNTED = ['calls', 'errors', 'denials', 'quarantines', 'redactions', 'unknownArguments'] as const;

export type Counted = (typeof COUNTED)[number];

export interface Tally {
  count: number;
  /** Time of the last count. */
  last: number;
  /** The part of the count that is not in the state file yet. */
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

/** `unlisted` tools were called successfully and appeared in no list. */
export const TOOL_STATUSES = ['listed', 'removed', 'unlisted'] as const;

/** Hashes of a definition's members by name; `other` combines those that the protocol does not define. */
export type MemberHashes = Readonly<Record<string, string>>;

/** A tool as last reported: later lists are compared with it. */
export interface ToolState {
  /** The redacted name: the key of the tool. */
  readonly name: string;
  status: (typeof TOOL_STATUSES)[number];
  /** Absent if the tool was never listed. */
  hash: string | undefined;
  members: MemberHashes;
  firstSeen: number;
  lastSeen: number;
  /** When status, hash or members last changed. */
  changedAt: number;
  readonly usage: Usage;
}

export const LISTS = ['tools', 'prompts', 'resources'] as const;

export type ListName = (typeof LISTS)[number];

/** A complete list as last seen. */
export interface ListState {
  readonly count: number;
  /** The hash of the tools' definitions. */
  readonly hash?: string | undefined;
  readonly at: number;
}

/** Known facts about a server, without its lists. */
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
  /** Undefined once removed. */
  readonly value: string | undefined;
  readonly at: number;
  /** The state file does not have it yet. */
  unsaved?: boolean;
}

export interface ServerState {
  readonly id: string;
  readonly sides: Set<'client' | 'server'>;
  facts: KnownFacts;
  /** When the facts last changed. */
  changedAt: number;
  firstSeen: number;
  lastSeen: number;
  /** When the server was last the subject of a record. */
  reportedAt: number;
  /** Set while the server is stale. */
  staleAt: number | undefined;
  readonly lists: Map<ListName, ListState>;
  readonly tools: Map<string, ToolState>;
  readonly usage: Usage;
  /** By error class. */
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
/** Made by this package: not redacted. */
const SAFE: ReadonlySet<string> = new Set(['endpoint', 'instructionsHash']);

/** Known facts, updated by new ones. */
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

/** The first ones stay if there are too many. */
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
