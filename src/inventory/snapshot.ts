/** The inventory as plain JSON, for users and for the state file, and the reader of the state file. Times are RFC 3339 in UTC. */
import { MAX_CAPABILITIES, MAX_ERROR_TYPE, MAX_NAME, MAX_PROTOCOL_VERSIONS, MAX_TEXT } from './bounds.js';
import { isMember, UNHASHABLE } from './hashes.js';
import { isoTime } from './records.js';
import {
  ANNOTATIONS,
  type AnnotationName,
  type AnnotationState,
  COUNTED,
  type KnownFacts,
  type LastUse,
  LISTS,
  newServer,
  newTool,
  newUsage,
  type ServerState,
  type Servers,
  type Tally,
  TOOL_STATUSES,
  type ToolState,
  type Usage,
} from './state.js';
import { errorKey } from './usage.js';

/** A count, and when it last increased. */
export interface TallySnapshot {
  readonly count: number;
  readonly last: string;
}

/** Counts. An absent count is zero. */
export interface UsageSnapshot {
  /** The last use, and by whom if known. Refused operations do not count. */
  readonly lastUsed?: {
    readonly at: string;
    readonly actor?: string;
    readonly actorName?: string;
    readonly organization?: string;
    readonly team?: string;
  };
  readonly calls?: TallySnapshot;
  readonly errors?: TallySnapshot;
  /** Operations refused by a policy, a guardrail or authentication. */
  readonly denials?: TallySnapshot;
  readonly quarantines?: TallySnapshot;
  /** Redacted values. */
  readonly redactions?: TallySnapshot;
  /** Arguments that the tool does not declare. */
  readonly unknownArguments?: TallySnapshot;
}

/** A tool as last reported. */
export interface ToolSnapshot {
  readonly name: string;
  /** `removed`: was listed before. `unlisted`: was called successfully, and appeared in no list. */
  readonly status: 'listed' | 'removed' | 'unlisted';
  /** SHA-256 of the definition, or `unhashable`. */
  readonly hash?: string;
  /** The first 16 digits of the hash of each member. */
  readonly memberHashes?: Readonly<Record<string, string>>;
  readonly firstSeen: string;
  /** The last list or call with the tool. */
  readonly lastSeen: string;
  /** When the tool was last added, changed or removed. */
  readonly changedAt: string;
  readonly usage: UsageSnapshot;
}

/** A list as last seen. */
export interface ListSnapshot {
  readonly count: number;
  /** SHA-256 over the tools' names and hashes. */
  readonly hash?: string;
  readonly at: string;
}

/** An annotation, and when it was made. Without a value, it was removed. */
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
  /** When the facts above last changed. */
  readonly changedAt: string;
  /** When the server was last the subject of a record. */
  readonly reportedAt: string;
  /** Since when the server is stale. */
  readonly staleSince?: string;
  readonly lists: {
    readonly tools?: ListSnapshot;
    readonly prompts?: ListSnapshot;
    readonly resources?: ListSnapshot;
  };
  readonly tools: readonly ToolSnapshot[];
  readonly usage: UsageSnapshot;
  /** Errors by class; beyond 64 classes, `other`. */
  readonly errorTypes: readonly (TallySnapshot & { readonly type: string })[];
  readonly annotations: Readonly<Partial<Record<AnnotationName, AnnotationSnapshot>>>;
}

/** All servers, ordered by first seen. */
export interface InventorySnapshot {
  readonly servers: readonly ServerSnapshot[];
}

export function snapshotOf(servers: Servers): InventorySnapshot {
  const all = [...servers.values()].sort((a, b) => a.firstSeen - b.firstSeen || (a.id < b.id ? -1 : 1));
  return { servers: all.map(serverSnapshot) };
}

function serverSnapshot(state: ServerState): ServerSnapshot {
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
    tools: [...state.tools.values()].map(toolSnapshot),
    usage: usageSnapshot(state.usage),
    errorTypes: [...state.errors].map(([type, errors]) => ({ type, ...tallySnapshot(errors) })),
    annotations: Object.fromEntries([...state.annotations].map(([name, each]) => [name, annotationSnapshot(each)])),
  };
}

function toolSnapshot(state: ToolState): ToolSnapshot {
  return {
    name: state.name,
    status: state.status,
    ...(state.hash !== undefined && { hash: state.hash, memberHashes: { ...state.members } }),
    firstSeen: isoTime(state.firstSeen),
    lastSeen: isoTime(state.lastSeen),
    changedAt: isoTime(state.changedAt),
    usage: usageSnapshot(state.usage),
  };
}

function usageSnapshot({ lastUse, tallies }: Usage): UsageSnapshot {
  return {
    ...(lastUse !== undefined && { lastUsed: lastUsedSnapshot(lastUse) }),
    ...Object.fromEntries([...tallies].map(([counted, each]) => [counted, tallySnapshot(each)])),
  };
}

function lastUsedSnapshot(use: LastUse): NonNullable<UsageSnapshot['lastUsed']> {
  return { ...given(use), at: isoTime(use.at) };
}

function tallySnapshot({ count, last }: Tally): TallySnapshot {
  return { count, last: isoTime(last) };
}

function annotationSnapshot({ value, at }: AnnotationState): AnnotationSnapshot {
  return { ...(value !== undefined && { value }), at: isoTime(at) };
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without undefined members. */
function given<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Given<T>;
}

const FORMAT = 'mcp-trail-inventory';
const VERSION = 1;

type Json = Readonly<Record<string, unknown>>;

/** `newer`: written by a later version of this package, and left untouched. `damaged`: some servers were invalid. */
export type Stored =
  | 'corrupt'
  | 'newer'
  | {
      readonly servers: Servers;
      readonly damaged: boolean;
    };

export function writeState(servers: Servers): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...snapshotOf(servers) })}\n`;
}

/** Reads the text of a state file and trusts nothing in it. Invalid parts are left out; times after `now` become `now`. */
export function readState(text: string, now: number): Stored {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return 'corrupt';
  }
  if (!isObject(file) || file['format'] !== FORMAT || !Number.isSafeInteger(file['version'])) return 'corrupt';
  if ((file['version'] as number) > VERSION) return 'newer';
  const stored: unknown = file['servers'];
  if (!Array.isArray(stored)) return 'corrupt';
  const servers: Servers = new Map();
  for (const each of objects(stored)) {
    const server = readServer(each, now);
    if (server !== undefined) servers.set(server.id, server);
  }
  return { servers, damaged: servers.size < stored.length };
}

function readServer(json: Json, now: number): ServerState | undefined {
  const id = string(json['id'], 32);
  if (id === undefined || !/^[0-9a-f]{32}$/.test(id)) return undefined;
  const time = (key: string) => readTime(json[key], now);
  const server = newServer(id, readFacts(json), time('firstSeen') ?? now);
  server.lastSeen = time('lastSeen') ?? server.firstSeen;
  server.changedAt = time('changedAt') ?? server.firstSeen;
  server.reportedAt = time('reportedAt') ?? server.firstSeen;
  server.staleAt = time('staleSince');
  for (const side of ['client', 'server'] as const)
    if (strings(json['sides'], 2).includes(side)) server.sides.add(side);
  readLists(server, json['lists'], now);
  for (const each of objects(json['tools'])) {
    const tool = readTool(each, now);
    if (tool !== undefined) server.tools.set(tool.name, tool);
  }
  for (const each of objects(json['errorTypes'])) {
    const type = string(each['type'], MAX_ERROR_TYPE);
    const tally = readTally(each, now);
    if (type !== undefined && tally !== undefined) server.errors.set(errorKey(server.errors, type), tally);
  }
  readAnnotations(server, json['annotations'], now);
  return { ...server, usage: readUsage(json['usage'], now) };
}

function readFacts(json: Json): KnownFacts {
  const text = (key: string) => string(json[key], MAX_NAME);
  return {
    name: text('name'),
    version: text('version'),
    title: text('title'),
    endpoint: text('endpoint'),
    instructionsHash: text('instructionsHash'),
    protocolVersions: strings(json['protocolVersions'], MAX_PROTOCOL_VERSIONS),
    capabilities: strings(json['capabilities'], MAX_CAPABILITIES),
  };
}

function readLists(server: ServerState, json: unknown, now: number): void {
  for (const name of LISTS) {
    const list = isObject(json) ? json[name] : undefined;
    if (!isObject(list)) continue;
    const at = readTime(list['at'], now);
    if (at !== undefined && isCount(list['count'])) {
      server.lists.set(name, { count: list['count'], hash: readHash(list['hash']), at });
    }
  }
}

function readTool(json: Json, now: number): ToolState | undefined {
  const name = string(json['name'], MAX_NAME);
  const status = TOOL_STATUSES.find((each) => each === json['status']);
  if (name === undefined || status === undefined) return undefined;
  const time = (key: string) => readTime(json[key], now);
  const tool = newTool(name, status, time('firstSeen') ?? now);
  const members = isObject(json['memberHashes']) ? Object.entries(json['memberHashes']) : [];
  return {
    ...tool,
    hash: readHash(json['hash']),
    members: Object.fromEntries(
      members.filter(([key, hash]) => isMember(key) && readHash(hash) !== undefined),
    ) as ToolState['members'],
    lastSeen: time('lastSeen') ?? tool.firstSeen,
    changedAt: time('changedAt') ?? tool.firstSeen,
    usage: readUsage(json['usage'], now),
  };
}

function readUsage(json: unknown, now: number): Usage {
  const usage = newUsage();
  if (!isObject(json)) return usage;
  for (const counted of COUNTED) {
    const tally = readTally(json[counted], now);
    if (tally !== undefined) usage.tallies.set(counted, tally);
  }
  const used = json['lastUsed'];
  const at = isObject(used) ? readTime(used['at'], now) : undefined;
  if (!isObject(used) || at === undefined) return usage;
  const text = (key: string) => string(used[key], MAX_NAME);
  usage.lastUse = {
    at,
    actor: text('actor'),
    actorName: text('actorName'),
    organization: text('organization'),
    team: text('team'),
  };
  return usage;
}

/** A count from the file, thus saved. */
function readTally(json: unknown, now: number): Tally | undefined {
  if (!isObject(json) || !isCount(json['count']) || json['count'] === 0) return undefined;
  return { count: json['count'], last: readTime(json['last'], now) ?? 0, unsaved: 0 };
}

function readAnnotations(server: ServerState, json: unknown, now: number): void {
  for (const name of ANNOTATIONS) {
    const each = isObject(json) ? json[name] : undefined;
    const at = isObject(each) ? readTime(each['at'], now) : undefined;
    if (isObject(each) && at !== undefined)
      server.annotations.set(name, { value: string(each['value'], MAX_TEXT), at });
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function string(value: unknown, max: number): string | undefined {
  return typeof value === 'string' ? value.slice(0, max) : undefined;
}

function strings(value: unknown, max: number): string[] {
  const all = Array.isArray(value) ? value.slice(0, max) : [];
  return all.flatMap((each) => string(each, MAX_NAME) ?? []);
}

function readHash(value: unknown): string | undefined {
  return typeof value === 'string' && (value === UNHASHABLE || /^[0-9a-f]{1,64}$/.test(value)) ? value : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readTime(value: unknown, now: number): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(at, now);
}
