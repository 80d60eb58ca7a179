/** Runs what may fail without the application noticing: failures are reported once, without content. */
import { reportFailure } from './report.js';

/** Runs code of ours. Undefined if it throws, which is reported for this site. */
export function guarded<T>(site: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    reportFailure(site, error);
    return undefined;
  }
}

/** Calls a function that the application gave us. Reports what it throws, or rejects with if it is async. */
export function callHook<A extends unknown[]>(site: string, hook: (...args: A) => unknown, ...args: A): unknown {
  return guarded(site, () => {
    const answer = hook(...args);
    if (answer instanceof Promise) answer.catch((error: unknown) => reportFailure(site, error));
    return answer;
  });
}
