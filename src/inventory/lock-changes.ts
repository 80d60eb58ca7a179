/** What servers show that is not as locked: each difference is reported once. */
import { MAX_TOOLS } from './bounds.js';
import { UNHASHABLE } from './hashes.js';
import type { LockLive } from './live.js';
import { type InventoryChange, inventoryChanged, listChanged, toolDiffers } from './records.js';
import type { ServerState } from './state.js';
import type { ToolList } from './tool-list.js';
import { differenceOf, type FoundTool, type LockedTools, type ToolDifference } from './tool-lock.js';

/** A server with an entry in the lock. */
interface LockComparison {
  readonly server: ServerState;
  readonly locked: LockedTools;
  readonly live: LockLive;
  readonly now: number;
}

/**
 * Compares what has been read of a list with the lock, after each page: a server may never end its list.
 *
 * @param whole whether that is the whole list, from which tools can be missing
 */
export function compareWithLock(list: ToolList, whole: boolean, at: LockComparison): InventoryChange[] {
  const listed = new Map(list.tools().map((tool) => [tool.name, tool]));
  const found: [string, FoundTool | undefined][] = [...listed];
  for (const name of at.locked.keys()) {
    if (listed.has(name)) continue;
    // Of a list with too many definitions, some have no hash.
    if (list.has(name)) found.push([name, { name, hash: UNHASHABLE, members: {} }]);
    else if (whole && list.complete) found.push([name, undefined]);
  }
  const news = found.flatMap(([name, tool]) => newsOf(name, tool, at));
  if (whole) forgetOthers(listed, at);
  const changes = news.flatMap((difference) =>
    difference === 'held back'
      ? []
      : [toolDiffers(at.server, listed.get(difference.name)?.rawName ?? difference.name, difference)],
  );
  const isNoticed = news.includes('held back') && at.live.budgets.locked.notice(at.now);
  return isNoticed ? [...changes, listChanged(at.server)] : changes;
}

/** The difference of a tool, unless it has been reported already. */
function newsOf(
  name: string,
  found: FoundTool | undefined,
  { locked, live, now }: LockComparison,
): (ToolDifference | 'held back')[] {
  const { differing, budgets } = live;
  const difference = differenceOf(locked.get(name), found);
  const known = differing.get(name);
  if (difference === undefined) differing.delete(name);
  if (difference === undefined || (known?.isReported === true && known.hash === found?.hash)) return [];
  const budget = locked.has(name) ? budgets.locked : budgets.others;
  const hasRoom = known !== undefined || locked.has(name) || differing.size < locked.size + MAX_TOOLS;
  const isReported = hasRoom && budget.spend(name, now);
  if (hasRoom) differing.set(name, { hash: found?.hash, isReported });
  return [isReported ? difference : 'held back'];
}

/** Tools that are neither locked nor listed any more do not differ. */
function forgetOthers(listed: ReadonlyMap<string, unknown>, { locked, live }: LockComparison): void {
  for (const name of live.differing.keys()) if (!locked.has(name) && !listed.has(name)) live.differing.delete(name);
}

/** Reports a server that the lock does not have, once in a process. */
export function notLocked(server: ServerState, live: LockLive): InventoryChange[] {
  if (live.isUnlockedReported) return [];
  live.isUnlockedReported = true;
  return [inventoryChanged(server, 'server_not_locked')];
}
