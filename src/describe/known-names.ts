/**
 * Which names may become metric attributes. Peers choose method, tool and prompt names, protocol versions and error
 * codes; a name is taken for real once an operation with it has succeeded or a list result has named it, and only so
 * many of each kind are. Every other name is `_OTHER`.
 */
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';

const MAX_NAME_LENGTH = 128;

export class KnownNames {
  readonly #names: Set<string>;
  readonly #max: number;

  /** @param max how many names can be learned beside the given ones */
  constructor(max: number, given: Iterable<string> = []) {
    this.#names = new Set(given);
    this.#max = max + this.#names.size;
  }

  /** Remembers a name if there is room. Returns whether it is known now. */
  learn(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#names.size >= this.#max || name.length > MAX_NAME_LENGTH) return false;
    this.#names.add(name);
    return true;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The name itself where it is known, else `_OTHER`. */
  bounded(name: string): string {
    return this.#names.has(name) ? name : ERROR_TYPE_VALUE_OTHER;
  }
}
