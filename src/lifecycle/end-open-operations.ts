/**
 * Ends operations that are still open when the process ends, and then the audit trails.
 *
 * | event | what ends |
 * | --- | --- |
 * | `beforeExit` | open operations, then the trails: spans and records can still be delivered. Listeners may find more to do: then operations begin again, and a trail is reopened |
 * | `exit` | observation before the application's listeners, the trails after those that were there first: a record can still be written |
 */
import { guarded } from '../report/guarded.js';

export interface EndsWithProcess {
  /** Nothing is left to do. More may follow. */
  pause(): void;
  /** The process exits. Nothing follows. */
  end(): void;
}

/** Ends an instrumentation's open operations with the process. Returns a function that removes the listeners. */
export function endOperationsWithProcess({ pause, end }: EndsWithProcess): () => void {
  // An exception in a listener would change the exit code.
  const onBeforeExit = () => guarded('ending open operations', pause);
  const onExit = () => guarded('ending open operations', end);
  // First: before the application shuts its SDK down, and before the trails end.
  process.prependListener('beforeExit', onBeforeExit);
  process.prependOnceListener('exit', onExit);
  return () => process.removeListener('beforeExit', onBeforeExit).removeListener('exit', onExit);
}

/** Ends the audit trails of the process with it. To be called once, before {@link endOperationsWithProcess}. */
export function endTrailsWithProcess({ pause, end }: EndsWithProcess): void {
  process.prependListener('beforeExit', () => guarded('ending the audit trail', pause));
  process.once('exit', () => guarded('ending the audit trail', end));
}
