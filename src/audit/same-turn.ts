/** Waiting for what follows in the same turn of the event loop, and for nothing longer. */
import { reportFailure } from '../util/report.js';

/** The SDKs need six from the end of an operation to the headers of its HTTP response. */
const MAX_STEPS = 32;

/**
 * Runs things as soon as a condition holds, or a few microtasks later without it. No timer, no input and no message of
 * anybody else comes in between.
 */
export class SameTurn {
  readonly #waiting = new Set<() => void>();

  /** Runs at once where the condition holds. Neither of both may throw before; later, what is thrown is reported. */
  run(holds: () => boolean, act: () => void): void {
    if (holds()) {
      act();
      return;
    }
    let steps = MAX_STEPS;
    const once = () => {
      if (this.#waiting.delete(once)) attempt(act);
    };
    const look = () => {
      if (!this.#waiting.has(once)) return;
      steps -= 1;
      if (steps === 0 || holds()) once();
      else queueMicrotask(look);
    };
    this.#waiting.add(once);
    queueMicrotask(look);
  }

  /** Runs what is waiting now: the process may end before its next microtask. */
  flush(): void {
    for (const once of this.#waiting) once();
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    reportFailure('writing an audit record', error);
  }
}
