/** What the audit trail is told of operations and sessions, and what it says about them. */
import type { Attributes } from '@opentelemetry/api';
import type { ResponseMessage } from '../protocol/jsonrpc.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Correlator } from './correlation.js';

/** Called within the pipeline's guard: what it throws costs a record, and never a call. */
export interface Observer {
  readonly correlator: Correlator;
  /** Before the handler runs, or the message leaves. Returns what the span shall say, too. */
  began(operation: Operation, params: unknown, peer: Peer | undefined): Attributes | undefined;
  /** The answer is known; the operation may still be waiting for its caller or for the transport. */
  answered(operation: Operation, message: ResponseMessage): void;
  /** How the operation ends is known, and what tells the peer of it is about to leave. */
  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void;
  /** The operation is over, and was not concluded before. */
  ended(operation: Operation, outcome: Outcome, milliseconds: number): void;
  /** What a concluded operation had to tell the peer did not leave. */
  undelivered(operation: Operation, outcome: Outcome): void;
  /** A session that began with `initialize` is over. */
  sessionEnded(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void;
  /** Nothing more is observed. */
  stop(): void;
}
