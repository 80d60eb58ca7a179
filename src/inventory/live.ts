/** What is known of a server in this process only, and goes with it. */
import { ChangeBudget } from './change-budget.js';
import type { ServerState } from './state.js';

export interface Live {
  readonly budget: ChangeBudget;
  /** Argument names by tool, each with the hash of the definition that declares them. */
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
