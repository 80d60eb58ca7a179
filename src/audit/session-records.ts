/** Records of sessions, in protocol versions with `initialize`. */
import type { LogsTarget } from '../emit/logger-provider.js';
import type { ConnectionInfo } from '../session/connection-info.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import type { AuditEntry } from './entry.js';
import { RecordFields } from './record-fields.js';
import { outcomeFields } from './response-fields.js';
import { STATUSES, statusOf } from './status.js';
import { type Trail, traceOf } from './trail.js';

/** Fields of `initialize` that session records leave out. */
const OF_ITS_REQUEST =
  /^(?:jsonrpc\.|mcp\.method|mcp_audit\.request\.|http\.|url\.|mcp_audit\.(?:operation|redaction|ai_invocation))/;

export class SessionRecords {
  readonly #trail: Trail;
  readonly #target: LogsTarget | undefined;
  /** Fields of open sessions. */
  readonly #open = new WeakMap<ConnectionInfo, RecordFields>();

  constructor(trail: Trail, target: LogsTarget | undefined) {
    this.#trail = trail;
    this.#target = target;
  }

  /** The `initialize` of a session was answered. */
  started(operation: Operation, entry: AuditEntry): void {
    const { connection } = operation;
    if (this.#open.has(connection)) return;
    // A stateless HTTP connection is one request, not a session.
    if (connection.kind.name === 'http' && connection.sessionId === undefined) return;
    const session = entry.fields.without(OF_ITS_REQUEST);
    this.#open.set(connection, session);
    const fields = new RecordFields(session).add({
      'mcp_audit.session.state': 'started',
      'audit.action': 'CONNECT',
      'audit.outcome': 'success',
      'mcp_audit.status': 'ok',
    });
    const trace = traceOf(operation.context, operation.span, operation.parentSpanId);
    this.#trail.record({ name: 'mcp_audit.session', severity: 'INFO', fields, trace, target: this.#target });
  }

  /** The severity is INFO: requests that are cut off have their own records. */
  ended(connection: ConnectionInfo, outcome: Outcome, milliseconds: number): void {
    const session = this.#open.get(connection);
    if (session === undefined) return;
    this.#open.delete(connection);
    const status = statusOf({ outcome });
    const fields = new RecordFields(session).add(outcomeFields(outcome)).add({
      'mcp_audit.session.state': 'ended',
      'audit.action': 'DISCONNECT',
      'audit.outcome': STATUSES[status].outcome,
      'mcp_audit.status': status,
      'mcp_audit.duration_ms': Math.round(milliseconds),
    });
    this.#trail.record({ name: 'mcp_audit.session', severity: 'INFO', fields, target: this.#target });
  }
}
