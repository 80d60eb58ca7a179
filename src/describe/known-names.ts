/**
 * Which names become metric attributes. Peers choose names of methods, tools and prompts, protocol versions and error
 * codes. A name is known after a success or a listing, up to a bound per kind; others are `_OTHER`.
 */
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.js';

const MAX_NAME_LENGTH = 128;

export class KnownNames {
  readonly #names: Set<string>;
  readonly #max: number;

  /** @param max how many names are learned in addition to the given ones */
  constructor(max: number, given: Iterable<string> = []) {
    this.#names = new Set(given);
    this.#max = max + this.#names.size;
  }

  /** Learns a name if there is room; returns whether it is known. */
  learn(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (this.#names.size >= this.#max || name.length > MAX_NAME_LENGTH) return false;
    this.#names.add(name);
    return true;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The name if known, else `_OTHER`. */
  bounded(name: string): string {
    return this.#names.has(name) ? name : ERROR_TYPE_VALUE_OTHER;
  }
}
