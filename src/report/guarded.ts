/** Runs code whose failures must not reach the application: they are reported once, without content. */
import { reportFailure } from './report.js';

/** The result of our own code; undefined if it throws, which is reported for the site. */
export function guarded<T>(site: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    reportFailure(site, error);
    return undefined;
  }
}

/** Calls a function of the application. Reports what it throws, or rejects with if it is async. */
export function callHook<A extends unknown[]>(site: string, hook: (...args: A) => unknown, ...args: A): unknown {
  return guarded(site, () => {
    const answer = hook(...args);
    if (answer instanceof Promise) answer.catch((error: unknown) => reportFailure(site, error));
    return answer;
  });
}
