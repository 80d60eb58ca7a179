/** Merges the state that other processes wrote into the state of this one. */
import { MAX_ALL_TOOLS } from './bounds.js';
import { type ServerState, type Servers, type Tally, type ToolState, type Usage, union } from './state.js';
import { errorKey, later, sum } from './usage.js';

export interface MergeLimits {
  readonly maxServers: number;
  readonly maxTools: number;
}

/**
 * Merges a stored state into ours, in place. Counts become those of the file plus our unsaved ones; of single values, the
 * later one stays, and annotations are those of the file unless ours is unsaved and later. Only entries without room are lost.
 */
export function mergeInto(ours: Servers, stored: Servers, limits: MergeLimits): void {
  let total = countTools(ours);
  for (const server of stored.values()) {
    const known = ours.get(server.id);
    if (known === undefined && ours.size >= limits.maxServers) continue;
    const before = known?.tools.size ?? 0;
    const room = Math.min(limits.maxTools, before + MAX_ALL_TOOLS - total);
    if (known === undefined) ours.set(server.id, cutTools(server, room));
    else mergeServer(known, server, room);
    total += (known ?? server).tools.size - before;
  }
}

/** Marks all counts and annotations as saved. */
export function markSaved(servers: Servers): void {
  for (const server of servers.values()) {
    settle(server.errors);
    settle(server.usage.tallies);
    for (const annotation of server.annotations.values()) annotation.unsaved = false;
    for (const tool of server.tools.values()) settle(tool.usage.tallies);
  }
}

export function countTools(servers: Servers): number {
  let count = 0;
  for (const server of servers.values()) count += server.tools.size;
  return count;
}

function settle(tallies: ReadonlyMap<unknown, Tally>): void {
  for (const tally of tallies.values()) tally.unsaved = 0;
}

function cutTools(server: ServerState, room: number): ServerState {
  for (const name of [...server.tools.keys()].slice(Math.max(0, room))) server.tools.delete(name);
  return server;
}

function mergeServer(ours: ServerState, stored: ServerState, room: number): void {
  // Of a server that nobody has met yet, only its name is known.
  const isLater = ours.sides.size === 0 || (stored.sides.size > 0 && stored.changedAt > ours.changedAt);
  const latest = isLater ? stored : ours;
  for (const side of stored.sides) ours.sides.add(side);
  const protocolVersions = union(stored.facts.protocolVersions, ours.facts.protocolVersions);
  ours.facts = { ...latest.facts, protocolVersions };
  ours.changedAt = latest.changedAt;
  ours.firstSeen = Math.min(ours.firstSeen, stored.firstSeen);
  ours.lastSeen = Math.max(ours.lastSeen, stored.lastSeen);
  ours.reportedAt = Math.max(ours.reportedAt, stored.reportedAt);
  const staleAt = Math.max(ours.staleAt ?? 0, stored.staleAt ?? 0);
  ours.staleAt = staleAt > ours.lastSeen ? staleAt : undefined;
  mergeLater(ours.lists, stored.lists);
  mergeAnnotations(ours.annotations, stored.annotations);
  mergeUsage(ours.usage, stored.usage);
  for (const [type, tally] of folded(stored.errors, ours.errors)) mergeTally(ours.errors, type, tally);
  for (const [name, tool] of stored.tools) {
    const known = ours.tools.get(name);
    if (known !== undefined) mergeTool(known, tool);
    else if (ours.tools.size < room) ours.tools.set(name, tool);
  }
}

/** Stored error types, under the keys that fit beside ours. */
function folded(stored: ReadonlyMap<string, Tally>, ours: ReadonlyMap<string, Tally>): Map<string, Tally> {
  const keys = new Set(ours.keys());
  const errors = new Map<string, Tally>();
  for (const [type, tally] of stored) {
    const key = errorKey(keys, type);
    const known = errors.get(key);
    keys.add(key);
    errors.set(key, {
      count: sum(tally.count, known?.count ?? 0),
      last: Math.max(tally.last, known?.last ?? 0),
      unsaved: 0,
    });
  }
  return errors;
}

function mergeLater<K, V extends { readonly at: number }>(ours: Map<K, V>, stored: ReadonlyMap<K, V>): void {
  for (const [key, value] of stored)
    if (value.at > (ours.get(key)?.at ?? Number.NEGATIVE_INFINITY)) ours.set(key, value);
}

/** A process that replaced a saved annotation had read it, so the one in the file is newer, even if the clocks disagree. */
function mergeAnnotations(ours: ServerState['annotations'], stored: ServerState['annotations']): void {
  for (const [name, annotation] of stored) {
    const known = ours.get(name);
    if (known?.unsaved !== true || annotation.at > known.at) ours.set(name, annotation);
  }
}

function mergeTool(ours: ToolState, stored: ToolState): void {
  if (stored.changedAt > ours.changedAt) {
    ours.status = stored.status;
    ours.hash = stored.hash;
    ours.members = stored.members;
    ours.changedAt = stored.changedAt;
  }
  ours.firstSeen = Math.min(ours.firstSeen, stored.firstSeen);
  ours.lastSeen = Math.max(ours.lastSeen, stored.lastSeen);
  mergeUsage(ours.usage, stored.usage);
}

function mergeUsage(ours: Usage, stored: Usage): void {
  for (const [counted, tally] of stored.tallies) mergeTally(ours.tallies, counted, tally);
  ours.lastUse = later(stored.lastUse, ours.lastUse);
}

function mergeTally<K>(ours: Map<K, Tally>, key: K, stored: Tally): void {
  const known = ours.get(key);
  if (known === undefined) {
    ours.set(key, stored);
    return;
  }
  known.count = sum(stored.count, known.unsaved);
  known.last = Math.max(stored.last, known.last);
}
