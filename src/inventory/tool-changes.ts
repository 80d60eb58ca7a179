/**
 * A complete list of tools against what is known of them. Known is what was reported: a change that the budget holds back
 * is not learnt, and is reported when a later list still has it and there is budget again.
 */
import type { ChangeBudget } from './change-budget.js';
import { changedMembers, setHash } from './definition.js';
import { listChanged, serverObserved, toolChanged } from './records.js';
import { newTool, type ServerState, type ToolState } from './state.js';
import type { ListedTool, ToolList } from './tool-list.js';
import type { InventoryChange } from './types.js';

/** Where a list is compared. */
export interface Comparison {
  readonly server: ServerState;
  readonly budget: ChangeBudget;
  readonly now: number;
  /** Tools that may be kept of this server. */
  readonly limit: number;
}

/** Learns a complete list. The first one is what later ones are compared with, and no change. */
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
  // Of what is not compared, the number is all there is.
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

/** Tools that are in no list any more make room for others, the oldest first. */
export function makeRoom(server: ServerState, limit: number): boolean {
  if (server.tools.size < limit) return true;
  let oldest: ToolState | undefined;
  for (const tool of server.tools.values()) {
    if (tool.status !== 'listed' && tool.lastSeen < (oldest?.lastSeen ?? Number.POSITIVE_INFINITY)) oldest = tool;
  }
  return oldest !== undefined && server.tools.delete(oldest.name);
}
