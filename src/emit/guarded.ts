/** An observer that cannot harm what it observes: what it throws is reported once, and costs a record. */

import type { ResponseMessage } from '../protocol/jsonrpc.js';
import { guarded } from '../report/guarded.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { Peer } from '../session/peer.js';
import type { Correlator } from './correlation.js';
import type { Observer } from './observer.js';

export class Guarded implements Observer {
  readonly correlator: Correlator;
  readonly #observer: Observer;

  constructor(observer: Observer) {
    this.correlator = observer.correlator;
    this.#observer = observer;
  }

  began(operation: Operation, params: unknown, peer: Peer | undefined): undefined {
    guarded('auditing an operation that began', () => {
      const attributes = this.#observer.began(operation, params, peer);
      if (attributes !== undefined) operation.span.setAttributes(attributes);
    });
  }

  answered(operation: Operation, message: ResponseMessage): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer', () => this.#observer.answered(operation, message));
  }

  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer on its way', () => this.#observer.concluded(operation, outcome, milliseconds));
  }

  undelivered(operation: Operation, outcome: Outcome): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an answer that did not leave', () => this.#observer.undelivered(operation, outcome));
  }

  ended(operation: Operation, outcome: Outcome, milliseconds: number): void {
    if (operation.auditEntry === undefined) return;
    guarded('auditing an operation that ended', () => this.#observer.ended(operation, outcome, milliseconds));
  }

  sessionEnded(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void {
    guarded('auditing the end of a session', () => this.#observer.sessionEnded(connection, outcome, milliseconds));
  }

  stop(): void {
    guarded('stopping the audit trail', () => this.#observer.stop());
  }
}
