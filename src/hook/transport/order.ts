/**
 * Keeps messages of one direction in order while some of them wait until a record is on disk. Nothing waits otherwise:
 * then a call is made at once.
 */
import type { Refusal } from '../../session/refusal.js';

export class Order {
  #last: Promise<void> | undefined;

  /** Resolves when everything has passed that is waiting now; undefined if nothing is. */
  get waiting(): Promise<void> | undefined {
    return this.#last;
  }

  /**
   * Calls `run` once `before` has resolved and everything in front has been called. What it calls keeps the asynchronous
   * context of now, and settles the promise that is returned.
   * @param before must not reject
   */
  pass(
    before: Promise<Refusal | undefined> | undefined,
    run: (refusal: Refusal | undefined) => unknown,
  ): Promise<unknown> {
    const called = Promise.all([before, this.#last]).then(([refusal]) => ({ result: run(refusal) }));
    const passed = called.then(nothing, nothing).then(() => {
      if (this.#last === passed) this.#last = undefined;
    });
    this.#last = passed;
    return called.then(({ result }) => result);
  }
}

const orders = new WeakMap<object, Set<Order>>();

/** The orders that the end of a transport waits for: its own, and those of channels on top of it. */
export function ordersOf(transport: object): Set<Order> {
  const known = orders.get(transport) ?? new Set();
  orders.set(transport, known);
  return known;
}

/** As long as any message waits. */
const LIMIT_MS = 2000;

/** Resolves once nothing waits any more, and what was delivered had one turn to be answered. */
export async function drained(waiting: ReadonlySet<Order>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (isAnyWaiting(waiting) && performance.now() < end) {
    await Promise.all([...waiting].map((order) => order.waiting));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function isAnyWaiting(waiting: ReadonlySet<Order>): boolean {
  for (const order of waiting) if (order.waiting !== undefined) return true;
  return false;
}

function nothing(): void {}
