/** All open operations of a pipeline, oldest first; bounded. */
import type { Operation } from './operation.js';

export class OpenOperations {
  // Sets keep insertion order.
  readonly #all = new Set<Operation>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Adds an operation; returns the oldest if the bound is exceeded. */
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
