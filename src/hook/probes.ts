/**
 * Era probes: SDK v2 asks a server what it speaks while it connects, and no promise of the protocol waits for the answer.
 * That a client has stopped waiting shows in nothing but the end of its `connect`.
 */
import { CONNECTION_CLOSED, outcomeOfRejection, TIMED_OUT } from '../describe/outcome.js';
import type { Pipeline } from '../emit/pipeline.js';
import type { Outcome } from '../session/outcome.js';
import { attachmentOf } from './attach-transport.js';

/** Ends the probes that are unanswered when a client's `connect` settles. */
export function endProbesAfter(connected: unknown, transport: object, pipeline: Pipeline): void {
  const attachment = attachmentOf(transport);
  if (attachment === undefined || attachment === 'foreign' || !(connected instanceof Promise)) return;
  const { connection } = attachment;
  if (connection.role !== 'client') return;
  connection.connecting = true;
  const endProbes = (outcome: Outcome) => {
    connection.connecting = false;
    for (const operation of connection.openRequests()) {
      if (operation.sent && !operation.awaited && !operation.row.stream) pipeline.end(operation, outcome);
    }
  };
  connected.then(
    () => endProbes(TIMED_OUT),
    (error: unknown) => {
      const timedOut = outcomeOfRejection({ error, signal: undefined, answered: false, connected: true }) === TIMED_OUT;
      endProbes(timedOut ? TIMED_OUT : CONNECTION_CLOSED);
    },
  );
}
