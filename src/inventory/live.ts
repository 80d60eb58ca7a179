/** What is known of a server in this process only: its change budget, and the arguments that its tools declare. */
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

export interface Live {
  readonly budget: ChangeBudget;
  /** Argument names by tool, with the hash of the definition that declares them. */
  declared: ReadonlyMap<string, { readonly hash: string; readonly names: ReadonlySet<string> | undefined }>;
}

export class LiveServers {
  readonly #live = new WeakMap<ServerState, Live>();

  of(server: ServerState): Live {
    let live = this.#live.get(server);
    if (live === undefined) {
      live = { budget: new ChangeBudget(), declared: new Map() };
      this.#live.set(server, live);
    }
    return live;
  }
}
