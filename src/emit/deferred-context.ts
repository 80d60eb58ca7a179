/** A context that gets its values later: a message is delivered before it is known that its operation is to start. */
import type { Context } from '@opentelemetry/api';

export class DeferredContext implements Context {
  #current: Context;

  /** @param until has the values before {@link become} */
  constructor(until: Context) {
    this.#current = until;
  }

  /** From now on, everything that runs in this context sees the values of another one. */
  become(other: Context): void {
    this.#current = other;
  }

  getValue(key: symbol): unknown {
    return this.#current.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#current.setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#current.deleteValue(key);
  }
}
