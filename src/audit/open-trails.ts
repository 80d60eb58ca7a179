/**
 * Which trails of this thread are open. An open one costs a file descriptor and timers: the one that was not used for the
 * longest time ends when there are too many, and begins again with its next record.
 */
import { guarded } from '../report/guarded.js';

const MAX_OPEN = 64;

export class OpenTrails<T> {
  /** The one that was used last is the last. */
  readonly #open = new Set<T>();
  readonly #ending = new Set<T>();
  readonly #end: (trail: T) => void;
  #newest: T | undefined;

  /** @param end may write last records */
  constructor(end: (trail: T) => void) {
    this.#end = end;
  }

  all(): readonly T[] {
    return [...this.#open];
  }

  /** Call for each record. */
  use(trail: T): void {
    if (trail === this.#newest || this.#ending.has(trail)) return;
    this.#newest = trail;
    this.#open.delete(trail);
    this.#open.add(trail);
    for (const oldest of this.#open) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(oldest);
      this.#ending.add(oldest);
      guarded('ending an audit trail', () => this.#end(oldest));
      this.#ending.delete(oldest);
    }
  }
}
