/**
 * Era probes: while it connects, SDK v2 asks a server for its protocol era. No promise of the protocol waits for the answer,
 * so only the end of `connect` shows that the client no longer waits.
 */
import { CONNECTION_CLOSED, outcomeOfRejection, TIMED_OUT } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { reportFailure } from '../../report/report.js';
import type { Connection } from '../../session/connection.js';
import type { Outcome } from '../../session/outcome.js';
import { observedPromise } from '../application-call.js';
import { attachmentOf } from '../transport/attachment.js';

/** Ends unanswered probes when `connect` settles. Returns the promise for the caller. */
export function endingProbes(connected: unknown, transport: object, pipeline: Pipeline): unknown {
  const connection = clientConnection(transport);
  if (connection === undefined) return connected;
  return observedPromise(
    connected,
    () => endProbes(connection, pipeline, undefined),
    (error) => endProbes(connection, pipeline, error),
  );
}

function clientConnection(transport: object): Connection | undefined {
  try {
    const attachment = attachmentOf(transport);
    if (attachment === undefined || attachment === 'foreign') return undefined;
    return attachment.connection.role === 'client' ? attachment.connection : undefined;
  } catch (error) {
    reportFailure('watching a client connect', error);
    return undefined;
  }
}

function endProbes(connection: Connection, pipeline: Pipeline, error: unknown): void {
  try {
    const outcome = error === undefined ? TIMED_OUT : outcomeOfFailure(error);
    for (const operation of connection.openRequests()) {
      if (operation.direction === 'outbound' && !operation.awaited && !operation.row.stream)
        pipeline.end(operation, outcome);
    }
  } catch (failure) {
    reportFailure('ending an era probe', failure);
  }
}

function outcomeOfFailure(error: unknown): Outcome {
  const outcome = outcomeOfRejection({ error, signal: undefined, answered: false, connected: true });
  return outcome === TIMED_OUT ? TIMED_OUT : CONNECTION_CLOSED;
}
