/** The inventory of servers and tools: which exist, since when, and what changed. */
import { type Annotations, annotate, type ServerSelector, select } from './annotations.js';
import { MAX_SERVERS, MAX_TOOLS } from './bounds.js';
import { serverId } from './hashes.js';
import { LiveServers } from './live.js';
import { notLocked } from './lock-changes.js';
import { Names } from './names.js';
import { annotated, type InventoryChange, inventoryChanged, serverObserved } from './records.js';
import { type InventorySnapshot, snapshotOf } from './snapshot.js';
import {
  type KnownFacts,
  learn,
  newServer,
  type ServerFacts,
  type ServerState,
  type Servers,
  sameFacts,
} from './state.js';
import { Saver, StateFile } from './state-file.js';
import { type CountedPage, type DeclaredNames, Lists, type ToolsPage } from './tool-changes.js';
import type { ServerKey, ToolLock } from './tool-lock.js';
import { addUse, type Use } from './usage.js';

export interface InventoryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * The state file. Several processes of one host can share it, and a missing folder is created.
   * @defaultValue none: the state ends with the process
   */
  readonly file?: string | undefined;
  /** After how many milliseconds without a sign of life a server is stale. @defaultValue 30 days */
  readonly staleAfterMs?: number | undefined;
  /** How often an unchanged server is reported again, in milliseconds. @defaultValue 24 hours */
  readonly observeEveryMs?: number | undefined;
  /** How long a change waits before it is saved, in milliseconds. @defaultValue 5000 */
  readonly saveEveryMs?: number | undefined;
  /** Servers kept. When full, stale servers without annotations make room; otherwise new ones are not kept. @defaultValue 1000 */
  readonly maxServers?: number | undefined;
  /** Tools kept per server; at most 10,000 in all. @defaultValue 1000 */
  readonly maxTools?: number | undefined;
  /** Redacts a name that a peer chose; `again` if it comes from a record. @defaultValue no redaction */
  readonly redactName?: ((name: string, again?: boolean) => string) | undefined;
  /** Redacts the id or name of an actor. @defaultValue `redactName` */
  readonly redactIdentity?: ((id: string, again?: boolean) => string) | undefined;
  /** Redacts annotations. @defaultValue no redaction */
  readonly redactText?: ((text: string) => string) | undefined;
  /** Reads the argument names of an input schema; its results are kept per tool. @defaultValue none are known */
  readonly declaredNames?: DeclaredNames | undefined;
  /** Called with problems of the state file or a bound, once per text. */
  readonly onProblem?: ((text: string) => void) | undefined;
}

const DAY_MS = 86_400_000;
const MAX_PROBLEMS = 20;
/** The last instant that RFC 3339 can express. */
const MAX_TIME = 253_402_300_799_999;
/** Longer timers fire at once in Node.js. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The servers and tools seen, and their changes. Each method takes an observation and returns the changes to record.
 *
 * Observations are compared with the last reported state, across restarts if there is a state file. At most ten changes of one
 * thing and 200 of one server are reported per hour; the first one held back is reported as `list_changed` or
 * `server_changed`, and a difference that remains is reported later. Everything is bounded. No method throws.
 */
export class Inventory {
  readonly #options: InventoryOptions;
  readonly #servers: Servers = new Map();
  readonly #live = new LiveServers();
  readonly #names: Names;
  readonly #identities: Names;
  readonly #lists: Lists;
  #saver: Saver | undefined;
  #lock: ToolLock | undefined;
  #isEnforced = false;
  readonly #limits: { readonly maxServers: number; readonly maxTools: number };
  readonly #staleAfterMs: number;
  readonly #observeEveryMs: number;
  /** Servers that were used while stale; the next sweep reports them. */
  readonly #returned = new Set<ServerState>();
  readonly #problems = new Set<string>();

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#names = new Names(options.redactName);
    this.#identities = new Names(options.redactIdentity ?? options.redactName);
    this.#limits = {
      maxServers: positive(options.maxServers, MAX_SERVERS),
      maxTools: positive(options.maxTools, MAX_TOOLS),
    };
    this.#staleAfterMs = positive(options.staleAfterMs, 30 * DAY_MS);
    this.#observeEveryMs = positive(options.observeEveryMs, DAY_MS);
    this.#lists = new Lists({
      servers: this.#servers,
      live: this.#live,
      names: this.#names,
      maxTools: this.#limits.maxTools,
      declaredNames: options.declaredNames,
      lock: () => this.#lock,
    });
    if (options.file !== undefined) this.keepIn(options.file);
  }

  /** Reads the state file, and saves to it from now on. Only the first file counts. */
  keepIn(path: string): void {
    const file = new StateFile({ path, now: this.#now, problem: this.#problem });
    const saveEveryMs = Math.min(positive(this.#options.saveEveryMs, 5000), MAX_TIMER_MS);
    this.#saver ??= new Saver({ file, servers: this.#servers, limits: this.#limits, saveEveryMs });
  }

  /** Compares servers and their tools with a lock from now on. */
  lockTo(lock: ToolLock): void {
    this.#lock = lock;
  }

  /** Refuses tools that are not as locked from now on, and all of them until there is a lock. */
  enforceLock(): void {
    this.#isEnforced = true;
  }

  get enforcesLock(): boolean {
    return this.#isEnforced;
  }

  /**
   * Whether a tool must not be called: by its name, and by the lists of its server in this process.
   * @param server undefined as long as it is not known which one it is
   */
  isLockedOut(tool: string, server: { readonly id: string; readonly facts: ServerKey } | undefined): boolean {
    if (!this.#isEnforced) return false;
    const name = this.#names.kept(tool);
    if (server === undefined) return this.#lock?.entries.some(({ tools }) => tools.has(name)) !== true;
    const state = this.#servers.get(server.id);
    const { endpoint } = server.facts;
    const key = state?.facts ?? { endpoint, name: server.facts.name && this.#names.kept(server.facts.name) };
    if (this.#lock?.toolsOf(key)?.has(name) !== true) return true;
    return state !== undefined && this.#live.of(state).lock.differing.has(name);
  }

  /** Takes the facts that a connection shows about the server at either end. Returns the server's id, whether it is kept or not. */
  observeServer(facts: ServerFacts): { id: string; changes: InventoryChange[] } {
    const id = serverId(facts.name, facts.endpoint);
    const changes = this.#observeServer(id, facts, this.#now());
    const server = this.#servers.get(id);
    if (server !== undefined && this.#lock !== undefined && this.#lock.toolsOf(server.facts) === undefined)
      changes.push(...notLocked(server, this.#live.of(server).lock));
    return { id, changes };
  }

  #observeServer(id: string, facts: ServerFacts, now: number): InventoryChange[] {
    const server = this.#servers.get(id);
    if (server === undefined) return this.#addServer(id, facts, now);
    const seen = server.sides.size > 0;
    server.sides.add(facts.side);
    const changes = this.#seen(server, now);
    if (!seen) return this.#firstSeen(server, facts, now);
    const learnt = learn(server.facts, facts, this.#names);
    if (!sameFacts(server.facts, learnt)) changes.push(...this.#learnFacts(server, learnt, now));
    else if (now - server.reportedAt >= this.#observeEveryMs) changes.push(this.#observed(server, now));
    this.#saver?.touch(changes.length > 0);
    return changes;
  }

  /** Takes one page of a server's tools. The last page completes the list. */
  observeTools(id: string, page: ToolsPage): InventoryChange[] {
    return this.#observeList(id, (server, now) => this.#lists.addTools(server, page, now));
  }

  /** Takes one page of a server's prompts or resources, which are counted. */
  observeList(id: string, kind: 'prompts' | 'resources', page: CountedPage): InventoryChange[] {
    return this.#observeList(id, (server, now) => this.#lists.addCount(server, kind, page, now));
  }

  /** Takes a finished operation. A tool without a list is kept after a successful call. */
  used(id: string, use: Use): void {
    const server = this.#servers.get(id);
    if (server === undefined) return;
    const now = this.#now();
    const at = Number.isFinite(use.at) ? Math.min(Math.max(use.at, 0), now) : now;
    if (server.staleAt !== undefined) this.#returned.add(server);
    server.staleAt = undefined;
    server.lastSeen = Math.max(server.lastSeen, at);
    const tool = typeof use.tool === 'string' ? this.#lists.used(server, use.tool, use.status === 'ok', at) : undefined;
    if (tool !== undefined) tool.lastSeen = Math.max(tool.lastSeen, at);
    addUse(server, tool?.usage, use, at, this.#names, this.#identities);
    this.#saver?.touch(false);
  }

  /** Argument names that a tool declares in the latest list of this process; undefined if unknown. */
  declaredArguments(id: string, tool: string): ReadonlySet<string> | undefined {
    const server = this.#servers.get(id);
    return server && this.#lists.declared(server, tool);
  }

  /**
   * Returns the changes that come with time alone, for periodic calls: servers that became stale, stale ones that were used
   * again, and servers in use on long-lived connections whose last record is too old.
   */
  sweep(): InventoryChange[] {
    const now = this.#now();
    const changes = [...this.#returned].map((server) => inventoryChanged(server, 'server_returned'));
    this.#returned.clear();
    const isStale = ({ sides, staleAt, lastSeen }: ServerState) =>
      sides.size > 0 && staleAt === undefined && now - lastSeen >= this.#staleAfterMs;
    // Another process may have used it, or reported it already.
    if ([...this.#servers.values()].some(isStale)) this.#saver?.refresh();
    for (const server of this.#servers.values()) {
      if (isStale(server)) {
        server.staleAt = now;
        changes.push(inventoryChanged(server, 'server_stale'));
      } else if (server.lastSeen > server.reportedAt && now - server.reportedAt >= this.#observeEveryMs) {
        changes.push(this.#observed(server, now));
      }
    }
    if (changes.length > 0) this.#saver?.touch(true);
    return changes;
  }

  find(server: string | ServerSelector): string[] {
    this.#saver?.follow();
    return select(this.#servers, this.#names, server);
  }

  /** Keeps annotations on a server, and returns the change to record. */
  annotate(id: string, annotations: Annotations): InventoryChange[] {
    this.#saver?.follow();
    const server = this.#servers.get(id);
    if (server === undefined) return [];
    const changed = annotate(server, annotations, this.#now(), this.#options.redactText);
    if (changed.length === 0) return [];
    this.#saver?.touch(true);
    return [annotated(server, changed)];
  }

  /** The whole inventory as plain JSON. */
  snapshot(): InventorySnapshot {
    this.#saver?.follow();
    return snapshotOf(this.#servers);
  }

  /** Saves unsaved changes now. Waits up to half a second for other processes that are saving. */
  flush(): void {
    this.#saver?.flush();
  }

  /** Saves, and stops saving after changes. */
  close(): void {
    this.#saver?.close();
  }

  #addServer(id: string, facts: ServerFacts, now: number): InventoryChange[] {
    const server = newServer(id, learn(undefined, facts, this.#names), now);
    const { maxServers } = this.#limits;
    // Names are claims: servers that make theirs up must not crowd out the locked ones.
    const room = this.#lock?.toolsOf(server.facts) === undefined ? maxServers : 2 * maxServers;
    if (this.#servers.size >= room && !this.#forgetOne()) {
      this.#problem(`the inventory is full (${maxServers} servers); new ones are not kept`);
      return [];
    }
    server.sides.add(facts.side);
    this.#servers.set(id, server);
    this.#saver?.touch(true);
    return [serverObserved(server, 'server_added')];
  }

  /** A server that was annotated before any process met it. */
  #firstSeen(server: ServerState, facts: ServerFacts, now: number): InventoryChange[] {
    server.facts = learn(server.facts, facts, this.#names);
    server.changedAt = now;
    server.reportedAt = now;
    this.#saver?.touch(true);
    return [serverObserved(server, 'server_added')];
  }

  /** Evicts the longest-stale server without annotations. */
  #forgetOne(): boolean {
    const stale = [...this.#servers.values()].filter(
      (each) => each.staleAt !== undefined && each.annotations.size === 0,
    );
    const [oldest] = stale.sort((a, b) => a.lastSeen - b.lastSeen);
    if (oldest === undefined) return false;
    return this.#servers.delete(oldest.id);
  }

  #observeList(id: string, add: (server: ServerState, now: number) => InventoryChange[]): InventoryChange[] {
    const server = this.#servers.get(id);
    if (server === undefined) return [];
    const now = this.#now();
    const changes = [...this.#seen(server, now), ...add(server, now)];
    this.#saver?.touch(changes.length > 0);
    return changes;
  }

  #seen(server: ServerState, now: number): InventoryChange[] {
    const returned = this.#returned.delete(server) || server.staleAt !== undefined;
    server.staleAt = undefined;
    server.lastSeen = Math.max(server.lastSeen, now);
    return returned ? [inventoryChanged(server, 'server_returned')] : [];
  }

  #learnFacts(server: ServerState, facts: KnownFacts, now: number): InventoryChange[] {
    const { budget } = this.#live.of(server);
    if (!budget.spend('facts', now)) return budget.notice(now) ? [inventoryChanged(server, 'server_changed')] : [];
    server.facts = facts;
    server.changedAt = now;
    return [this.#observed(server, now, 'server_changed')];
  }

  #observed(server: ServerState, now: number, reason?: 'server_changed'): InventoryChange {
    server.reportedAt = now;
    return serverObserved(server, reason);
  }

  #now = (): number => {
    const now = this.#options.now();
    return Number.isFinite(now) ? Math.min(Math.max(Math.trunc(now), 0), MAX_TIME) : 0;
  };

  #problem = (text: string): void => {
    if (this.#problems.has(text) || this.#problems.size >= MAX_PROBLEMS) return;
    this.#problems.add(text);
    try {
      this.#options.onProblem?.(text);
    } catch {
      // Ignore errors from onProblem.
    }
  };
}

/** A positive bound, or the default for any other value. */
function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise;
}
