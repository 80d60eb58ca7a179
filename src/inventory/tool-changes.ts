/** Lists of servers: assembled page by page, and compared with the known state once complete. */
import { arrayLength } from '../lib/foreign.js';
import { MAX_ALL_TOOLS } from './bounds.js';
import { changedMembers, setHash, sha256, UNHASHABLE } from './hashes.js';
import type { ChangeBudget, Live, LiveServers } from './live.js';
import { compareWithLock } from './lock-changes.js';
import { countTools } from './merge.js';
import type { Names } from './names.js';
import { type InventoryChange, listChanged, serverObserved, toolChanged } from './records.js';
import { newTool, type ServerState, type Servers, type ToolState } from './state.js';
import { type ListedTool, type ListReader, type SeenDefinition, ToolList } from './tool-list.js';
import type { LockedTools, ToolLock } from './tool-lock.js';
import { sum } from './usage.js';

/** One page of a list. An empty or absent cursor marks the first or the last page. */
export interface Page {
  /** Cursor of the request. */
  readonly cursor?: string | undefined;
  /** Cursor in the result. */
  readonly nextCursor?: string | undefined;
}

/** One page of `tools/list`, unchecked. */
export interface ToolsPage extends Page {
  readonly tools: unknown;
}

/** One page of `prompts/list` or `resources/list`. */
export interface CountedPage extends Page {
  readonly count: number;
}

/** The argument names that an input schema declares. */
export type DeclaredNames = (inputSchema: unknown) => ReadonlySet<string> | undefined;

export interface ListsOptions {
  readonly servers: Servers;
  readonly live: LiveServers;
  readonly names: Names;
  readonly maxTools: number;
  readonly declaredNames: DeclaredNames | undefined;
  readonly lock: () => ToolLock | undefined;
}

const NONE_LOCKED: LockedTools = new Map();

export class Lists {
  readonly #options: ListsOptions;
  readonly #tools = new Pages<ToolList>();
  readonly #counts = new Pages<{ count: number }>();

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /** Adds a page of tools. A value that is not a list is ignored. */
  addTools(server: ServerState, page: ToolsPage, now: number): InventoryChange[] {
    if (arrayLength(page.tools) === undefined) return [];
    const live = this.#options.live.of(server);
    const limit = this.#toolLimit(server);
    const locked = this.#options.lock()?.toolsOf(server.facts);
    const reader: ListReader = {
      names: this.#options.names,
      known: server.tools,
      locked: locked ?? NONE_LOCKED,
      limit,
      declaredNames: (tool) => this.#declaredNames(live, tool),
    };
    let read: ToolList | undefined;
    const begin = () => new ToolList();
    const list = this.#tools.add(server.id, page, begin, (open) => {
      read = open;
      open.read(page.tools, reader);
    });
    const changes: InventoryChange[] = [];
    if (list !== undefined) {
      live.declared = new Map(list.tools().map(({ name, hash, declared }) => [name, { hash, names: declared }]));
      changes.push(...compareTools(list, { server, budget: live.budget, now, limit }));
    }
    if (locked !== undefined) {
      const shown = read ?? alone(page, reader);
      changes.push(...compareWithLock(shown, list !== undefined, { server, locked, live: live.lock, now }));
    }
    return changes;
  }

  /** Adds a page of prompts or resources, which are counted. */
  addCount(server: ServerState, kind: 'prompts' | 'resources', page: CountedPage, now: number): InventoryChange[] {
    if (!Number.isSafeInteger(page.count) || page.count < 0) return [];
    const begin = () => ({ count: 0 });
    const list = this.#counts.add(`${server.id}:${kind}`, page, begin, (open) => {
      open.count = sum(open.count, page.count);
    });
    if (list === undefined) return [];
    const before = server.lists.get(kind)?.count;
    server.lists.set(kind, { count: list.count, at: now });
    if (before === list.count) return [];
    if (before === undefined) {
      server.reportedAt = now;
      return [serverObserved(server)];
    }
    const { budget } = this.#options.live.of(server);
    return budget.spend(kind, now) || budget.notice(now) ? [listChanged(server)] : [];
  }

  declared(server: ServerState, tool: string): ReadonlySet<string> | undefined {
    return this.#options.live.of(server).declared.get(this.#options.names.kept(tool))?.names;
  }

  /** The tool that was called. Callers choose names: only success proves that the tool exists. */
  used(server: ServerState, name: string, succeeded: boolean, at: number): ToolState | undefined {
    const kept = this.#options.names.recorded(name);
    const known = server.tools.get(kept);
    if (known !== undefined || !succeeded || !makeRoom(server, this.#toolLimit(server))) return known;
    const tool = newTool(kept, 'unlisted', at);
    server.tools.set(kept, tool);
    return tool;
  }

  /** Tools of this server that may be kept. */
  #toolLimit(server: ServerState): number {
    const { servers, maxTools } = this.#options;
    return Math.min(maxTools, server.tools.size + MAX_ALL_TOOLS - countTools(servers));
  }

  /** An unchanged definition declares the same names. */
  #declaredNames(live: Live, { name, hash, inputSchema }: SeenDefinition): ReadonlySet<string> | undefined {
    const known = live.declared.get(name);
    if (known?.hash === hash && hash !== UNHASHABLE) return known.names;
    try {
      return this.#options.declaredNames?.(inputSchema);
    } catch {
      return undefined;
    }
  }
}

/** One page of a list whose beginning was not seen. */
function alone({ tools }: ToolsPage, reader: ListReader): ToolList {
  const list = new ToolList();
  list.read(tools, reader);
  return list;
}

/** Where a list is compared. */
export interface Comparison {
  readonly server: ServerState;
  readonly budget: ChangeBudget;
  readonly now: number;
  /** Tools that may be kept of this server. */
  readonly limit: number;
}

/** Learns a complete list. The first one is the baseline for later ones, and not itself a change. */
export function compareTools(list: ToolList, at: Comparison): InventoryChange[] {
  const { server, now } = at;
  const tools = list.tools();
  const before = server.lists.get('tools');
  const hash = setHash(tools.map((tool) => `${tool.name}:${tool.hash}`));
  server.lists.set('tools', { count: list.count, hash, at: now });
  if (before === undefined) {
    for (const tool of tools) learn(tool, at);
    server.reportedAt = now;
    return [serverObserved(server)];
  }
  const changes = [
    ...tools.map((tool) => compareOne(tool, at)),
    // Of a list that was not read to its end, nothing can be said to be missing.
    ...(!list.complete ? [] : missing(list, server).map((tool) => remove(tool, at))),
  ];
  const said = changes.flatMap((change) => (typeof change === 'object' ? [change] : []));
  // Of tools that are not compared, only the number is known.
  const grown = list.overflowed && before.count !== list.count;
  if (grown && at.budget.spend('list', now)) said.push(listChanged(server));
  else if (changes.includes('held back') && at.budget.notice(now)) said.push(listChanged(server));
  return said;
}

type Compared = InventoryChange | 'same' | 'held back';

function compareOne(tool: ListedTool, at: Comparison): Compared {
  const { server, now } = at;
  const known = server.tools.get(tool.name);
  if (known?.status === 'listed' && known.hash === tool.hash) {
    known.lastSeen = now;
    return 'same';
  }
  if (known === undefined && !hasRoom(server, at.limit)) return 'same';
  if (!at.budget.spend(`tool:${tool.name}`, now)) return 'held back';
  const how = { hash: tool.hash, previousHash: known?.hash };
  const change =
    known?.status === 'listed'
      ? toolChanged(server, tool.rawName, 'modified', { ...how, members: changedMembers(known.members, tool.members) })
      : toolChanged(server, tool.rawName, 'added', how);
  learn(tool, at);
  return change;
}

function missing(list: ToolList, server: ServerState): ToolState[] {
  return [...server.tools.values()].filter((tool) => tool.status === 'listed' && !list.has(tool.name));
}

function remove(tool: ToolState, { server, budget, now }: Comparison): Compared {
  if (!budget.spend(`tool:${tool.name}`, now)) return 'held back';
  tool.status = 'removed';
  tool.changedAt = now;
  return toolChanged(server, tool.name, 'removed', { previousHash: tool.hash });
}

function learn({ name, hash, members }: ListedTool, { server, now, limit }: Comparison): void {
  const tool = server.tools.get(name) ?? (makeRoom(server, limit) ? newTool(name, 'listed', now) : undefined);
  if (tool === undefined) return;
  tool.status = 'listed';
  tool.hash = hash;
  tool.members = members;
  tool.lastSeen = now;
  tool.changedAt = now;
  server.tools.set(name, tool);
}

function hasRoom(server: ServerState, limit: number): boolean {
  return server.tools.size < limit || [...server.tools.values()].some((tool) => tool.status !== 'listed');
}

/** To make room for others, evicts tools that no list contains any more, the oldest first. */
export function makeRoom(server: ServerState, limit: number): boolean {
  if (server.tools.size < limit) return true;
  let oldest: ToolState | undefined;
  for (const tool of server.tools.values()) {
    if (tool.status !== 'listed' && tool.lastSeen < (oldest?.lastSeen ?? Number.POSITIVE_INFINITY)) oldest = tool;
  }
  return oldest !== undefined && server.tools.delete(oldest.name);
}

/** Lists that wait for their next page; the oldest makes room. */
const MAX_OPEN = 16;

export class Pages<T> {
  readonly #open = new Map<string, T>();

  /**
   * The list that a page begins or goes on with, and whether that was its last one; undefined for a page in the middle of
   * a list whose beginning was not seen. An empty cursor counts as absent: some servers end their lists with one.
   */
  add(list: string, { cursor, nextCursor }: Page, begin: () => T, read: (value: T) => void): T | undefined {
    const value = isCursor(cursor) ? this.#take(key(list, cursor)) : begin();
    if (value === undefined) return undefined;
    read(value);
    if (!isCursor(nextCursor)) return value;
    this.#keep(key(list, nextCursor), value);
    return undefined;
  }

  #take(name: string): T | undefined {
    const value = this.#open.get(name);
    this.#open.delete(name);
    return value;
  }

  #keep(name: string, value: T): void {
    this.#open.delete(name);
    this.#open.set(name, value);
    if (this.#open.size <= MAX_OPEN) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      return;
    }
  }
}

function isCursor(cursor: unknown): cursor is string {
  return typeof cursor === 'string' && cursor !== '';
}

function key(list: string, cursor: string): string {
  return `${list}:${sha256(cursor)}`;
}
