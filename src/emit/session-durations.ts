/**
 * Durations of sessions: from a successful `initialize` to the end of the connection. Protocol revisions without
 * `initialize` have none.
 */
import type { Connection } from '../session/connection.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { GuardedAudit } from './audit-port.js';
import type { Measurements } from './measurements.js';

export class SessionDurations {
  readonly #open = new Set<Connection>();
  readonly #max: number;
  readonly #measurements: Measurements;
  readonly #now: () => number;
  readonly #audit: GuardedAudit | undefined;

  constructor(max: number, measurements: Measurements, now: () => number, audit: GuardedAudit | undefined) {
    this.#audit = audit;
    this.#max = max;
    this.#measurements = measurements;
    this.#now = now;
  }

  open(): Connection[] {
    return [...this.#open];
  }

  /** @param operation the `initialize` request */
  start(connection: Connection, { context, template, observed }: Operation): void {
    const isMeasured = observed?.hasSpan !== true;
    connection.session ??= { startedAt: this.#now(), context, peer: template.facts.peer, isMeasured };
    this.#open.add(connection);
    if (this.#open.size <= this.#max) return;
    // Sessions beyond the bound are not measured.
    for (const oldest of this.#open) {
      this.#open.delete(oldest);
      break;
    }
  }

  end(connection: Connection, outcome: Outcome): void {
    const { session, kind, hadSessionId } = connection;
    this.#open.delete(connection);
    if (session === undefined) return;
    connection.session = undefined;
    // A stateless HTTP connection is one request, not a session.
    if (kind.name === 'http' && !hadSessionId) return;
    const milliseconds = this.#now() - session.startedAt;
    if (session.isMeasured) this.#measurements.session(connection, session, outcome, milliseconds);
    this.#audit?.sessionEnded(connection, outcome, milliseconds);
  }
}
