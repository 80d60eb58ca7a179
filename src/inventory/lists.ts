/** The lists of all servers: what comes page by page, compared when it is complete. */
import { arrayLength } from '../lib/foreign.js';
import { UNHASHABLE } from './definition.js';
import { MAX_ALL_TOOLS } from './limits.js';
import type { Live, LiveServers } from './live.js';
import { countTools } from './merge.js';
import type { Names } from './names.js';
import { Pages } from './pages.js';
import { listChanged } from './records.js';
import { newTool, type ServerState, type Servers, type ToolState } from './state.js';
import { compareTools, makeRoom } from './tool-changes.js';
import { type SeenDefinition, ToolList } from './tool-list.js';
import type { CountedPage, InventoryChange, InventoryOptions, ToolsPage } from './types.js';
import { sum } from './usage.js';

export interface ListsOptions {
  readonly servers: Servers;
  readonly live: LiveServers;
  readonly names: Names;
  readonly maxTools: number;
  readonly declaredNames: InventoryOptions['declaredNames'];
}

export class Lists {
  readonly #options: ListsOptions;
  readonly #tools = new Pages<ToolList>();
  readonly #counts = new Pages<{ count: number }>();

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /** One page of tools. What is no list is not an empty one. */
  addTools(server: ServerState, page: ToolsPage, now: number): InventoryChange[] {
    if (arrayLength(page.tools) === undefined) return [];
    const live = this.#options.live.of(server);
    const limit = this.#toolLimit(server);
    const reader = {
      names: this.#options.names,
      known: server.tools,
      limit,
      declaredNames: (tool: SeenDefinition) => this.#declaredNames(live, tool),
    };
    const begin = () => new ToolList();
    const list = this.#tools.add(server.id, page, begin, (open) => open.read(page.tools, reader));
    if (list === undefined) return [];
    live.declared = new Map(list.tools().map(({ name, hash, declared }) => [name, { hash, names: declared }]));
    return compareTools(list, { server, budget: live.budget, now, limit });
  }

  /** One page of prompts or resources, which are counted. */
  addCount(server: ServerState, kind: 'prompts' | 'resources', page: CountedPage, now: number): InventoryChange[] {
    if (!Number.isSafeInteger(page.count) || page.count < 0) return [];
    const begin = () => ({ count: 0 });
    const list = this.#counts.add(`${server.id}:${kind}`, page, begin, (open) => {
      open.count = sum(open.count, page.count);
    });
    if (list === undefined) return [];
    const before = server.lists.get(kind)?.count;
    server.lists.set(kind, { count: list.count, at: now });
    if (before === undefined || before === list.count) return [];
    const { budget } = this.#options.live.of(server);
    return budget.spend(kind, now) || budget.notice(now) ? [listChanged(server)] : [];
  }

  declared(server: ServerState, tool: string): ReadonlySet<string> | undefined {
    return this.#options.live.of(server).declared.get(this.#options.names.kept(tool))?.names;
  }

  /** The tool that was used. Callers choose names: only success shows that there is such a tool. */
  used(server: ServerState, name: string, succeeded: boolean, at: number): ToolState | undefined {
    const kept = this.#options.names.recorded(name);
    const known = server.tools.get(kept);
    if (known !== undefined || !succeeded || !makeRoom(server, this.#toolLimit(server))) return known;
    const tool = newTool(kept, 'unlisted', at);
    server.tools.set(kept, tool);
    return tool;
  }

  /** Tools that may be kept of this server. */
  #toolLimit(server: ServerState): number {
    const { servers, maxTools } = this.#options;
    return Math.min(maxTools, server.tools.size + MAX_ALL_TOOLS - countTools(servers));
  }

  /** A definition that did not change declares what it declared. */
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
