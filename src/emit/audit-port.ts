/** How the pipeline calls the audit trail: an error there costs a record, never a call. */
import type { Attributes } from '@opentelemetry/api';
import type { MethodRow } from '../protocol/methods.js';
import { guarded } from '../report/guarded.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { AnswerFacts, RequestFacts } from '../session/message-facts.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Refusal } from '../session/refusal.js';
import type { Correlator } from './correlation.js';

/** Implemented by `audit/recorder.ts`. */
export interface AuditPort {
  readonly correlator: Correlator;
  /** Messages wait until their records are on disk. */
  readonly syncs: boolean;
  /** Why a request is refused whose beginning cannot be audited, because of a failure of ours; undefined if it goes on. */
  refusalOf(row: MethodRow): Refusal | undefined;
  /** Before the handler runs or the message is sent. Returns additional span attributes. */
  began(operation: Operation, facts: RequestFacts, peer: Peer | undefined): Attributes | undefined;
  /** The answer is known; the operation may go on until the caller's promise or the transport settles. */
  answered(operation: Operation, facts: AnswerFacts): void;
  /** The outcome is known, and the response is about to be sent. */
  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void;
  /** The operation ended without `concluded`. */
  ended(operation: Operation, outcome: Outcome, milliseconds: number): void;
  /** The response of a concluded operation could not be sent. */
  undelivered(operation: Operation, outcome: Outcome): void;
  /** A session that began with `initialize` ended. */
  sessionEnded(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void;
  /** The pipeline stops. */
  stop(): void;
}

/** Catches and reports errors of the trail: they cost a record, and a call only where the operator asked for that. */
export class GuardedAudit {
  readonly correlator: Correlator;
  readonly #port: AuditPort;

  constructor(port: AuditPort) {
    this.correlator = port.correlator;
    this.#port = port;
  }

  get syncs(): boolean {
    return this.#port.syncs;
  }

  refusalOf(row: MethodRow): Refusal | undefined {
    return this.#port.refusalOf(row);
  }

  began(operation: Operation, facts: RequestFacts, peer: Peer | undefined): undefined {
    const began = guarded('auditing an operation that began', () => {
      const attributes = this.#port.began(operation, facts, peer);
      if (attributes !== undefined) operation.span.setAttributes(attributes);
      return true;
    });
    if (began !== true) operation.refusal = this.refusalOf(operation.row);
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
    guarded('auditing a response that was not sent', () => this.#port.undelivered(operation, outcome));
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
