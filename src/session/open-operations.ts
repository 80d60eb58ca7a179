/** All open operations of a pipeline, oldest first, with a bound on their number. */
import type { Operation } from './operation.js';

export class OpenOperations {
  // A Set keeps insertion order, so the oldest entry is the first one.
  readonly #all = new Set<Operation>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Adds one, and returns the operation that has to be given up for it, if any. */
  add(operation: Operation): Operation | undefined {
    this.#all.add(operation);
    if (this.#all.size <= this.#max) return undefined;
    const [oldest] = this.#all;
    return oldest;
  }

  delete(operation: Operation): void {
    this.#all.delete(operation);
  }

  values(): Iterable<Operation> {
    return [...this.#all];
  }
}
