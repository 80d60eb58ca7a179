/** How long the end of a process may be held up, all in all. The patience of an exporter is ten seconds and more. */

/** For everything that an end costs: signals, `beforeExit`, other threads, `exit`. */
export const END_LIMIT_MS = 2000;

/** What an SDK of the application's own has left behind gets: without us, nobody would wait for that. */
export const OTHERS_LIMIT_MS = 300;

/** Of either, while `exit` is dealt with. */
export const EXIT_LIMIT_MS = 1000;

/** A process that goes on for so long after it was held up has not ended. */
const WENT_ON_MS = 10_000;

/** What the shortest hold costs: a process that is held again and again comes to its end all the same. */
const LEAST_MS = 10;

/** Only time in which the process is held up is spent: an application that drains may take as long as it likes. */
export class Budget {
  readonly #whole: number;
  readonly #now: () => number;
  #left: number;
  #spentAt = 0;

  constructor(whole: number = END_LIMIT_MS, now: () => number = () => performance.now()) {
    this.#whole = whole;
    this.#left = whole;
    this.#now = now;
  }

  /** Milliseconds that may be spent now. */
  left(limitMs: number = this.#whole): number {
    if (this.#left < this.#whole && this.#now() - this.#spentAt > WENT_ON_MS) this.#left = this.#whole;
    return Math.min(this.#left, limitMs);
  }

  /** Holds the process until something has settled, or the time is up. Says whether it has settled. */
  async hold(work: Promise<unknown>, limitMs?: number): Promise<boolean> {
    const left = this.left(limitMs);
    if (left <= 0) return false;
    const start = this.#now();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), left);
    });
    const settled = () => true;
    const done = await Promise.race([work.then(settled, settled), limit]);
    clearTimeout(timer);
    this.spend(Math.max(LEAST_MS, this.#now() - start));
    return done;
  }

  spend(milliseconds: number): void {
    this.#left = Math.max(0, this.#left - milliseconds);
    this.#spentAt = this.#now();
  }
}
