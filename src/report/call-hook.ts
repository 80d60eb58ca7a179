/** Calling functions of the application's that are ours to survive. */
import { reportFailure } from './report.js';

/** Calls a hook. What it throws, or rejects with where it is async, is reported and goes no further. */
export function callHook<A extends unknown[]>(site: string, hook: (...args: A) => unknown, ...args: A): unknown {
  try {
    const answer = hook(...args);
    if (answer instanceof Promise) answer.catch((error: unknown) => reportFailure(site, error));
    return answer;
  } catch (error) {
    reportFailure(site, error);
    return undefined;
  }
}
