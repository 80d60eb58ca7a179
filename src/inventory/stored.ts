/** The text of the state file: written from the state, and read back with nothing in it taken on trust. */
import { isMember, UNHASHABLE } from './definition.js';
import { MAX_CAPABILITIES, MAX_ERROR_TYPE, MAX_NAME, MAX_PROTOCOL_VERSIONS, MAX_TEXT } from './limits.js';
import { snapshotOf } from './snapshot.js';
import {
  COUNTED,
  type KnownFacts,
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
import { ANNOTATIONS } from './types.js';
import { errorKey } from './usage.js';

const FORMAT = 'mcp-trail-inventory';
const VERSION = 1;

type Json = Readonly<Record<string, unknown>>;

/** `newer`: written by a later version of this package, and not ours to touch. `damaged`: a part of it makes no sense. */
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

/** Reads the text of a state file. What makes no sense in it is left out; times after `now` are `now`. */
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

/** All of it is in the file. */
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
