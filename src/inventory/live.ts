/** What is known of a server in this process only: its change budget, what differs from the lock, and the arguments of its tools. */
import type { ServerState } from './state.js';

const HOUR_MS = 3_600_000;

/** Reported changes of one thing (a tool, the facts, a list) per hour. */
const MAX_PER_THING = 10;
/** Reported changes of one server per hour: a server that changes with every call must not flood the audit trail. */
const MAX_PER_SERVER = 200;

export class ChangeBudget {
  #startedAt = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #noticed = false;
  readonly #things = new Map<string, number>();

  /** Whether a change of this thing may be reported now; if so, it counts as reported. */
  spend(thing: string, now: number): boolean {
    this.#renew(now);
    const spent = this.#things.get(thing) ?? 0;
    if (spent >= MAX_PER_THING || this.#spent >= MAX_PER_SERVER) return false;
    this.#things.set(thing, spent + 1);
    this.#spent++;
    return true;
  }

  /** True for the first change of an hour that is held back: this one is reported. */
  notice(now: number): boolean {
    this.#renew(now);
    if (this.#noticed) return false;
    this.#noticed = true;
    return true;
  }

  /** An hour begins with its first change, and again if the clock is set back. */
  #renew(now: number): void {
    if (now >= this.#startedAt && now - this.#startedAt < HOUR_MS) return;
    this.#startedAt = now;
    this.#spent = 0;
    this.#noticed = false;
    this.#things.clear();
  }
}

/** How the lists of this process differ from the tool lock. */
export interface LockLive {
  /** Tools that a server makes up must not use up the budget of the locked ones. */
  readonly budgets: { readonly locked: ChangeBudget; readonly others: ChangeBudget };
  /** The tools that differ, as last seen: without a hash if they were missing. */
  readonly differing: Map<string, { readonly hash: string | undefined; readonly isReported: boolean }>;
  /** Whether a record says that the lock does not have the server. */
  isUnlockedReported: boolean;
}

export interface Live {
  readonly budget: ChangeBudget;
  readonly lock: LockLive;
  /** Argument names by tool, with the hash of the definition that declares them. */
  declared: ReadonlyMap<string, { readonly hash: string; readonly names: ReadonlySet<string> | undefined }>;
}

export class LiveServers {
  readonly #live = new WeakMap<ServerState, Live>();

  of(server: ServerState): Live {
    let live = this.#live.get(server);
    if (live === undefined) {
      live = {
        budget: new ChangeBudget(),
        lock: {
          budgets: { locked: new ChangeBudget(), others: new ChangeBudget() },
          differing: new Map(),
          isUnlockedReported: false,
        },
        declared: new Map(),
      };
      this.#live.set(server, live);
    }
    return live;
  }
}
