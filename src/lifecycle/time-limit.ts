/** How long the end of the process may be delayed in total. An exporter alone would wait for ten seconds or more. */

/** For everything at the end: signals, `beforeExit`, other threads, `exit`. */
export const END_LIMIT_MS = 2000;

/** The limit if the application brings its own SDK: without us, the process would not wait for it at all. */
export const OWN_SDK_LIMIT_MS = 300;

/** The part of either limit that `exit` may take. */
export const EXIT_LIMIT_MS = 1000;

/** A process that still runs this long after a delay was not ending. */
const WENT_ON_MS = 10_000;

/** The least that a delay counts as, so that repeated short delays reach the limit. */
const LEAST_MS = 10;

/** What has delayed an end so far. */
export class Delays {
  milliseconds = 0;
  /** When the last of them was over. */
  at = 0;
}

/** The delays of this thread, which count for all its limits. */
const ofThread = new Delays();

/** Only delays count: an application may take as long as it likes to drain. */
export class TimeLimit {
  readonly #whole: () => number;
  readonly #now: () => number;
  readonly #delays: Delays;

  /** @param whole may change: the application can bring its SDK late */
  constructor(
    whole: () => number = () => END_LIMIT_MS,
    now: () => number = () => performance.now(),
    delays: Delays = ofThread,
  ) {
    this.#whole = whole;
    this.#now = now;
    this.#delays = delays;
  }

  /** Milliseconds left now. */
  left(limitMs: number = this.#whole()): number {
    const delays = this.#delays;
    if (delays.milliseconds > 0 && this.#now() - delays.at > WENT_ON_MS) delays.milliseconds = 0;
    return Math.min(Math.max(0, this.#whole() - delays.milliseconds), limitMs);
  }

  /** Delays the process until the work has settled or the time is up. Returns whether the work has settled. */
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
    this.#delays.milliseconds += milliseconds;
    this.#delays.at = this.#now();
  }
}

let checkpointsMs = EXIT_LIMIT_MS;

/** For checkpoints, which a process without `mcp-trail/register` delivers, too. */
export const checkpointLimit: TimeLimit = new TimeLimit(() => checkpointsMs);

/** The end is delayed for other telemetry anyway: checkpoints may share all of that time. */
export function shareWithCheckpoints(): void {
  checkpointsMs = END_LIMIT_MS;
}
