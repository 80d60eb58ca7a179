/** How the pipeline tells the audit trail of operations and sessions: an error in the trail costs a record, never a call. */
import type { Attributes } from '@opentelemetry/api';
import { guarded } from '../report/guarded.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { AnswerFacts, RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Correlator } from './correlation.js';

/** What the pipeline tells an audit trail. `audit/recorder.ts` implements it. */
export interface AuditPort {
  readonly correlator: Correlator;
  /** Before the handler runs, or the message leaves. Returns what the span shall say, too. */
  began(operation: Operation, facts: RequestFacts, peer: Peer | undefined): Attributes | undefined;
  /** The answer is known; the operation may still be waiting for its caller or for the transport. */
  answered(operation: Operation, facts: AnswerFacts): void;
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

/** Reports each error once. */
export class GuardedAudit {
  readonly correlator: Correlator;
  readonly #port: AuditPort;

  constructor(port: AuditPort) {
    this.correlator = port.correlator;
    this.#port = port;
  }

  began(operation: Operation, facts: RequestFacts, peer: Peer | undefined): undefined {
    guarded('auditing an operation that began', () => {
      const attributes = this.#port.began(operation, facts, peer);
      if (attributes !== undefined) operation.span.setAttributes(attributes);
    });
  }

  answered(operation: Operation, facts: AnswerFacts): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer', () => this.#port.answered(operation, facts));
  }

  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer on its way', () => this.#port.concluded(operation, outcome, milliseconds));
  }

  undelivered(operation: Operation, outcome: Outcome): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer that did not leave', () => this.#port.undelivered(operation, outcome));
  }

  ended(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an operation that ended', () => this.#port.ended(operation, outcome, milliseconds));
  }

  sessionEnded(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void {
    guarded('auditing the end of a session', () => this.#port.sessionEnded(connection, outcome, milliseconds));
  }

  stop(): void {
    guarded('stopping the audit trail', () => this.#port.stop());
  }
}
