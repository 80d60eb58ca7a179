/** Repeated work. Its timers do not keep the process alive, and its errors do not reach the application. */
import { guarded } from '../report/guarded.js';

/**
 * Runs something every so many milliseconds, until the returned function is called.
 *
 * @param activity what it does, for the report of an error
 */
export function runEvery(milliseconds: number, activity: string, run: () => void): () => void {
  // An exception would become the application's uncaught exception.
  const timer = setInterval(() => guarded(activity, run), milliseconds).unref();
  return () => clearInterval(timer);
}
