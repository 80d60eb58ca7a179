/** Makes the lock of what an inventory knows, to be reviewed. The same definitions make the same lock, whenever and wherever. */
import { listHash } from './check-tool-lock.js';
import { UNHASHABLE } from './hashes.js';
import type { InventorySnapshot, ServerSnapshot } from './snapshot.js';
import { keyOf, type LockedServer, type LockedTool, type ServerKey, type ToolLockDocument } from './tool-lock.js';

/** What a server lists and cannot be locked. */
export interface Unlockable {
  readonly server: ServerKey;
  /** A tool whose definition is too large or too deep to be hashed; undefined for tools that the inventory does not have. */
  readonly tool: string | undefined;
}

/** The lock, and what it lacks. */
export interface MadeToolLock {
  readonly document: ToolLockDocument;
  readonly unlockable: readonly Unlockable[];
}

/**
 * Locks all servers with the tools of their latest lists. Servers of one name that offer the same are one entry, for every
 * endpoint. A server without a list is locked without tools.
 */
export function makeToolLock({ servers }: InventorySnapshot): MadeToolLock {
  const names = new Map<string | undefined, ServerSnapshot[]>();
  for (const server of servers) names.set(server.name, [...(names.get(server.name) ?? []), server]);
  const locked = [...names.values()].flatMap(entriesOf);
  return {
    document: { version: 1, servers: sorted(locked, keyOf) },
    unlockable: servers.flatMap(unlockableOf),
  };
}

/** The entries of servers that have one name. */
function entriesOf(servers: readonly ServerSnapshot[]): LockedServer[] {
  const listed = servers.filter(({ lists }) => lists.tools !== undefined);
  const [first = servers[0], ...others] = listed;
  if (first === undefined) return [];
  const isSame = (server: ServerSnapshot) => JSON.stringify(toolsOf(server)) === JSON.stringify(toolsOf(first));
  if (others.every(isSame)) return [entryOf({ name: first.name }, first)];
  return servers.map((server) => entryOf({ name: server.name, endpoint: server.endpoint }, server));
}

function entryOf({ name, endpoint }: ServerKey, server: ServerSnapshot): LockedServer {
  return {
    ...(name !== undefined && { name }),
    ...(endpoint !== undefined && { endpoint }),
    tools: toolsOf(server),
  };
}

function toolsOf({ tools }: ServerSnapshot): LockedTool[] {
  const locked = tools.flatMap(({ name, status, hash, memberHashes = {} }) => {
    if (status !== 'listed' || hash === undefined || hash === UNHASHABLE) return [];
    const members = sorted(Object.entries(memberHashes), ([member]) => member);
    return [{ name, hash, memberHashes: Object.fromEntries(members) }];
  });
  return sorted(locked, ({ name }) => name);
}

function unlockableOf(server: ServerSnapshot): Unlockable[] {
  const listed = server.tools.flatMap(({ name, status, hash }) =>
    status === 'listed' && hash !== undefined ? [{ name, hash }] : [],
  );
  const unhashable = listed.filter(({ hash }) => hash === UNHASHABLE);
  const isWhole = server.lists.tools === undefined || server.lists.tools.hash === listHash(listed);
  return [...unhashable.map(({ name }) => name), ...(isWhole ? [] : [undefined])].map((tool) => ({ server, tool }));
}

/** By UTF-16 units, which no locale changes. */
function sorted<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
