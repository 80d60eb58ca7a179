/**
 * Timers that do not keep the process alive. What they run must not throw: that would be the application's uncaught
 * exception.
 */

/** Stops a timer. Idempotent. */
export type Stop = () => void;

/** Runs something once, so many milliseconds later. */
export function runLater(milliseconds: number, run: () => void): Stop {
  const timer = setTimeout(run, milliseconds).unref();
  return () => clearTimeout(timer);
}

/** Runs something every so many milliseconds. */
export function runEvery(milliseconds: number, run: () => void): Stop {
  const timer = setInterval(run, milliseconds).unref();
  return () => clearInterval(timer);
}
