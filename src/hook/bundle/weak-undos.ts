/** Undo functions of objects that may go away: each is forgotten with its object. */
import type { Undo } from '../replace-methods.js';

/** Below this number of objects it is not worth looking for those that are gone. */
const MIN_LIMIT = 32;

export class WeakUndos {
  readonly #undos = new WeakMap<object, readonly Undo[]>();
  #owners: WeakRef<object>[] = [];
  #limit = MIN_LIMIT;

  /** @param owner an object that was not added before */
  add(owner: object, undos: readonly Undo[]): void {
    if (undos.length === 0) return;
    if (this.#owners.length >= this.#limit) {
      this.#owners = this.#owners.filter((each) => each.deref() !== undefined);
      this.#limit = Math.max(MIN_LIMIT, this.#owners.length * 2);
    }
    this.#owners.push(new WeakRef(owner));
    this.#undos.set(owner, undos);
  }

  /** Undoes everything, once. */
  undo(): void {
    for (const reference of this.#owners.splice(0)) {
      const owner = reference.deref();
      const undos = owner === undefined ? undefined : this.#undos.get(owner);
      for (const undo of undos ?? []) undo();
    }
  }
}
