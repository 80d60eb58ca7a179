/** A connection and its open operations. */
import type { RequestId, ResponseMessage } from '../protocol/jsonrpc.js';
import { ConnectionInfo, type Direction } from './connection-info.js';
import { kept, type Observed, type Operation } from './operation.js';
import { TemplateCache } from './template-cache.js';

export class Connection extends ConnectionInfo {
  /** Span and metric parts that messages share. */
  readonly templates = new TemplateCache();
  /** Whether a client or server handles what its transport's promises say. Otherwise the application does. */
  hasOwner = true;
  /** Whether this process only passes on what a server behind it sends, and knows nothing of where it comes from. */
  isRelayed = false;
  /** Answers a refused request, where what its transport would send goes nowhere. */
  refuse: ((answer: ResponseMessage) => unknown) | undefined;
  /** What a `mcp-trail wrap` in front of this server observes. */
  wrap: Omit<Observed, 'operationId'> | undefined;
  readonly #outbound = new Map<RequestId, Operation>();
  readonly #inbound = new Map<RequestId, Operation>();
  /** Open notifications, and requests embedded in results. */
  readonly #unnumbered = new Set<Operation>();

  /** The open request with an id. */
  find(direction: Direction, id: RequestId): Operation | undefined {
    return (direction === 'outbound' ? this.#outbound : this.#inbound).get(kept(id));
  }

  /** Adds an open operation; returns the one that a peer replaces by repeating its id. */
  add(operation: Operation): Operation | undefined {
    operation.listedIn = this;
    if (operation.id === undefined) {
      this.#unnumbered.add(operation);
      return undefined;
    }
    const open = operation.direction === 'outbound' ? this.#outbound : this.#inbound;
    const replaced = open.get(operation.id);
    open.set(operation.id, operation);
    return replaced;
  }

  remove(operation: Operation): void {
    if (operation.listedIn !== this) return;
    operation.listedIn = undefined;
    if (operation.id === undefined) {
      this.#unnumbered.delete(operation);
      return;
    }
    const open = operation.direction === 'outbound' ? this.#outbound : this.#inbound;
    if (open.get(operation.id) === operation) open.delete(operation.id);
  }

  /** Open requests of both directions. */
  openRequests(): Operation[] {
    return [...this.#outbound.values(), ...this.#inbound.values()];
  }

  /** The oldest open inbound requests that await one answer, streams aside: so many at most. */
  oldestInbound(max: number): Operation[] {
    const oldest: Operation[] = [];
    for (const operation of this.#inbound.values()) {
      if (oldest.length === max) break;
      if (!operation.row.stream) oldest.push(operation);
    }
    return oldest;
  }

  /** Open operations without an id. */
  openUnnumbered(): Operation[] {
    return [...this.#unnumbered];
  }
}
