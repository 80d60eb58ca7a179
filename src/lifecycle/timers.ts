/** Repeated work. Its timers do not keep the process alive, and its errors do not reach the application. */
import { reportFailure } from '../report/report.js';

/**
 * Runs something every so many milliseconds, until the returned function is called.
 *
 * @param activity what it does, for the report of an error
 */
export function runEvery(milliseconds: number, activity: string, run: () => void): () => void {
  const timer = setInterval(() => {
    try {
      run();
    } catch (error) {
      // It would become the application's uncaught exception.
      reportFailure(activity, error);
    }
  }, milliseconds).unref();
  return () => clearInterval(timer);
}
