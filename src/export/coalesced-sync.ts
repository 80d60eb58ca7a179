/** One sync at a time: everything that is written while it runs waits for the next one, together. */
export class CoalescedSync {
  readonly #sync: () => Promise<boolean>;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  /** @param sync must not reject */
  constructor(sync: () => Promise<boolean>) {
    this.#sync = sync;
  }

  /** Resolves once all that was written before the call is synced, with whether that worked. */
  wait(): Promise<boolean> {
    if (this.#running === undefined) return this.#start();
    // The running one may have begun before the last line was written.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  #start(): Promise<boolean> {
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
