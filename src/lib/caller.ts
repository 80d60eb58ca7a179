/** Which function calls a getter. It takes microseconds: for what is rarely read. */
import { attempt } from './attempt.js';

/**
 * The names of the functions that have called one, the nearest first; none where stack traces cannot be had.
 *
 * @param depth how many
 */
export function callersOf(called: () => unknown, depth: number): readonly string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const trace: { stack?: readonly string[] } = {};
  const names = attempt(() => {
    try {
      Error.stackTraceLimit = depth;
      Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFunctionName() ?? '');
      Error.captureStackTrace(trace, called);
      return trace.stack;
    } finally {
      // The application may have made one of them read-only.
      attempt(() => Object.assign(Error, { stackTraceLimit }));
      attempt(() => Object.assign(Error, { prepareStackTrace }));
    }
  });
  return names ?? [];
}
