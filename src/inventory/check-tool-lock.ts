/** Compares what an inventory knows with a tool lock. */
import { setHash } from './hashes.js';
import type { PastDifference } from './past-differences.js';
import { isoTime } from './records.js';
import type { InventorySnapshot, ServerSnapshot } from './snapshot.js';
import {
  differenceOf,
  type FoundTool,
  keyOf,
  type LockedTools,
  type ServerKey,
  type ToolDifference,
  type ToolLock,
} from './tool-lock.js';

/** A difference between an inventory and a lock. */
export interface LockFinding {
  /**
   * Of a tool: how it differs, or that it did. Of a server: its list differs, nobody knows in what; it is not locked; it
   * has no list.
   */
  readonly kind: ToolDifference['change'] | 'differed before' | 'list differs' | 'not locked' | 'not listed';
  /** The server in the inventory, or the entry of the lock for one that is not. */
  readonly server: ServerKey;
  /** The entry of the lock, from 0; undefined for a server without one. */
  readonly entry: number | undefined;
  readonly tool: ToolDifference | undefined;
  /** Of one that differed before: when it last did, in RFC 3339. */
  readonly at?: string;
}

/**
 * All differences, by server and tool.
 *
 * @param past what records show besides; a tool that differs now is not named again for it
 */
export function checkToolLock(
  lock: ToolLock,
  { servers }: InventorySnapshot,
  past: readonly PastDifference[] = [],
): LockFinding[] {
  const listed = new Set<LockedTools>();
  const findings = servers.flatMap((server): LockFinding[] => {
    const locked = lock.toolsOf(server);
    if (locked === undefined) return [{ kind: 'not locked', server, entry: undefined, tool: undefined }];
    const entry = entryOf(lock, locked);
    if (server.lists.tools === undefined) return [];
    listed.add(locked);
    return ofServer(server, locked).map((found) => ({ ...found, server, entry }));
  });
  const missing = lock.entries.flatMap(({ server, tools }, entry): LockFinding[] =>
    listed.has(tools) || tools.size === 0 ? [] : [{ kind: 'not listed', server, entry, tool: undefined }],
  );
  const differing = new Set(findings.map(({ server, tool }) => placeOf(server, tool)));
  const before = past.flatMap(({ server, tool, at }): LockFinding[] => {
    if (differing.has(placeOf(server, tool))) return [];
    return [{ kind: 'differed before', server, entry: entryOf(lock, lock.toolsOf(server)), tool, at: isoTime(at) }];
  });
  return [...findings, ...missing, ...before].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function entryOf(lock: ToolLock, locked: LockedTools | undefined): number {
  return lock.entries.findIndex(({ tools }) => tools === locked);
}

function placeOf(server: ServerKey, tool: ToolDifference | undefined): string {
  return JSON.stringify([keyOf(server), tool?.name]);
}

type Found = Pick<LockFinding, 'kind' | 'tool'>;

/** An inventory of records knows the hash of a list, and of its tools only those that changed. */
function ofServer({ tools, lists }: ServerSnapshot, locked: LockedTools): Found[] {
  const found = tools.flatMap(({ name, status, hash, memberHashes = {} }): FoundTool[] => {
    const members = Object.keys(memberHashes).length === 0 ? undefined : memberHashes;
    return status === 'listed' && hash !== undefined ? [{ name, hash, members }] : [];
  });
  const hash = lists.tools?.hash;
  const isWhole = hash === listHash(found);
  if (!isWhole && hash === listHash([...locked.values()])) return [];
  const names = new Set((isWhole ? found : tools.filter(({ status }) => status !== 'removed')).map(({ name }) => name));
  const missing = isWhole ? [...locked.keys()] : tools.map(({ name }) => name);
  const differences = [
    ...found.map((tool) => differenceOf(locked.get(tool.name), tool)),
    ...missing.filter((name) => !names.has(name)).map((name) => differenceOf(locked.get(name), undefined)),
  ].filter((difference) => difference !== undefined);
  if (!isWhole && differences.length === 0) return [{ kind: 'list differs', tool: undefined }];
  return differences.map((tool) => ({ kind: tool.change, tool }));
}

/** The hash of a list of tools, as the inventory has it. */
export function listHash(tools: readonly { readonly name: string; readonly hash: string }[]): string {
  return setHash(tools.map(({ name, hash }) => `${name}:${hash}`));
}

function orderOf({ server, tool, kind }: LockFinding): string {
  return JSON.stringify([keyOf(server), tool?.name ?? '', kind]);
}
