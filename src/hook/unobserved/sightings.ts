/**
 * Which requests the hooks have seen, as far as the detector asks. Global: the hooks and the detector may belong to different
 * copies of this package.
 *
 * A request that arrives is seen by the detector first, and awaited from then on. A request that leaves is seen by the
 * hooks first, which note it. Clients choose their ids alone: several requests of one id and method can be under way.
 */
import type { RequestMessage } from '../../protocol/jsonrpc.js';

/** How often the hooks have seen a request that somebody awaits. */
interface Awaited {
  seen: number;
  waiting: number;
}

interface Shared {
  readonly awaited: Map<string, Awaited>;
  /** Undefined if nobody asks. */
  sent: Set<string> | undefined;
}

/** Tells whether the hooks have seen a request since it was expected. */
export interface Expectation {
  isMet(): boolean;
  /** To be called once, when nobody asks any more. */
  end(): void;
}

/** Requests that a hook has seen leave their process soon. */
const MAX_SENT = 1024;
/** A longer id is not noted, nor recognised by the scanner. */
const MAX_NAME = 256;

const SHARED = Symbol.for('mcp-trail.sightings');

function shared(): Shared {
  const global = globalThis as { [SHARED]?: Shared };
  global[SHARED] ??= { awaited: new Map(), sent: undefined };
  return global[SHARED];
}

class Sightings {
  readonly #shared = shared();

  /** To be called by the hooks for each request that arrives. */
  arrived(request: RequestMessage): void {
    const { awaited } = this.#shared;
    const each = awaited.size > 0 ? awaited.get(keyOf(request)) : undefined;
    if (each !== undefined) each.seen += 1;
  }

  /** To be called by the hooks for each request that is about to leave. */
  leaves(request: RequestMessage): void {
    const { sent } = this.#shared;
    if (sent !== undefined) add(sent, keyOf(request), MAX_SENT);
  }

  /**
   * A sighting meets all expectations of its id and method: which of the requests the hooks have seen is not known, and one that
   * they do see must never count as missing.
   */
  expect(request: RequestMessage): Expectation {
    const { awaited } = this.#shared;
    const key = keyOf(request);
    const each = awaited.get(key) ?? { seen: 0, waiting: 0 };
    awaited.set(key, each);
    each.waiting += 1;
    const before = each.seen;
    return {
      isMet: () => each.seen > before,
      end() {
        each.waiting -= 1;
        if (each.waiting === 0) awaited.delete(key);
      },
    };
  }

  /** Whether the hooks have seen a request that leaves. */
  hasLeft(request: RequestMessage): boolean {
    return this.#shared.sent?.has(keyOf(request)) === true;
  }

  /** Begins or ends to note what leaves. */
  noteSent(wanted: boolean): void {
    this.#shared.sent = wanted ? (this.#shared.sent ?? new Set()) : undefined;
  }
}

function add(to: Set<string>, key: string, max: number): void {
  to.add(key);
  for (const oldest of to) {
    if (to.size <= max) break;
    to.delete(oldest);
  }
}

function keyOf({ method, id }: RequestMessage): string {
  return `${typeof id === 'string' ? `"${id.slice(0, MAX_NAME)}` : id} ${method.slice(0, MAX_NAME)}`;
}

export const sightings: Sightings = new Sightings();
