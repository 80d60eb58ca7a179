/**
 * Records of how operations end: with a response that is about to be sent, with one that could not be sent, or without
 * one.
 */
import { CONNECTION_CLOSED } from '../describe/error-type.js';
import { replaysAnswers } from '../protocol/transports.js';
import { ERROR_TYPE_VALUE_CANCELLED } from '../semconv/values.js';
import type { Operation } from '../session/operation.js';
import type { Outcome } from '../session/outcome.js';
import { type AuditEntry, entryOf } from './entry.js';
import type { InventoryFeed } from './inventory-feed.js';
import { Held } from './record-before-answer.js';
import { RecordFields } from './record-fields.js';
import { addHeaders, httpResponseFields, outcomeFields } from './response-fields.js';
import { addSafe } from './sanitise.js';
import type { AuditSettings } from './settings.js';
import { STATUSES, statusOf } from './status.js';
import type { Event, Trail } from './trail.js';

/** Writes a record about an operation. Returns whether a durable sink has kept it. */
export type Write = (
  operation: Operation,
  entry: AuditEntry,
  event: Pick<Event, 'name' | 'severity' | 'fields' | 'time'>,
) => boolean;

/** Final states of tasks. */
const OVER: ReadonlySet<string | undefined> = new Set(['completed', 'failed', 'cancelled']);

export class Endings {
  readonly #settings: AuditSettings;
  readonly #trail: Trail;
  readonly #inventory: InventoryFeed;
  readonly #write: Write;

  constructor(settings: AuditSettings, trail: Trail, inventory: InventoryFeed, write: Write) {
    this.#settings = settings;
    this.#trail = trail;
    this.#inventory = inventory;
    this.#write = write;
  }

  /** Records a response before it is sent. */
  concluded(operation: Operation, outcome: Outcome, milliseconds: number): void {
    const entry = entryOf(operation);
    if (entry === undefined) return;
    const make = this.#recordOf(operation, entry, outcome, milliseconds);
    if (make === undefined) return;
    const { kind, transport } = operation.connection;
    const http = kind.answersInResponse === true ? entry.http : undefined;
    const lost = () => {
      if (!replaysAnswers(transport)) this.undelivered(operation, CONNECTION_CLOSED);
    };
    entry.conclusion = new Held(make);
    if (this.#settings.syncs) {
      // Not with the head: that is made when the response is on its way.
      entry.conclusion.release();
      operation.onDisk = this.#trail.onDisk()?.then(() => undefined);
    }
    this.#trail.handOver.before(http, entry.conclusion, lost);
  }

  /** Records that a recorded response could not be sent. */
  undelivered(operation: Operation, outcome: Outcome): void {
    const entry = entryOf(operation);
    if (entry?.conclusion === undefined || entry.undelivered) return;
    entry.undelivered = true;
    entry.conclusion.release();
    const fields = new RecordFields(entry.fields).add({
      'audit.outcome': 'failure',
      'error.type': outcome.cancelled ? ERROR_TYPE_VALUE_CANCELLED : outcomeFields(outcome)['error.type'],
    });
    this.#write(operation, entry, { name: 'mcp_audit.response.undelivered', severity: 'WARN', fields });
  }

  /** Records an end without an answer. */
  ended(operation: Operation, outcome: Outcome, milliseconds: number): void {
    const entry = entryOf(operation);
    if (entry !== undefined) this.#recordOf(operation, entry, outcome, milliseconds)?.();
  }

  /** Prepares the record of an end; undefined if such ends have no record. */
  #recordOf(operation: Operation, entry: AuditEntry, outcome: Outcome, milliseconds: number): (() => void) | undefined {
    const { only } = operation.row.audit ?? {};
    if (only === 'changed') return () => this.#listChanged(operation, entry);
    const { taskStatus = entry.taskStatus } = outcome;
    const end: Outcome = only === 'over' && taskStatus !== undefined ? { ...outcome, taskStatus } : outcome;
    const failed = end.errorType !== undefined || end.statusCode !== undefined;
    if (only === 'over' && !failed && !OVER.has(end.taskStatus)) return undefined;
    return this.#responseOf(operation, entry, end, milliseconds);
  }

  #responseOf(operation: Operation, entry: AuditEntry, outcome: Outcome, milliseconds: number): () => void {
    const { errorCodes, headers } = this.#settings;
    const { answer, http, redaction, decision } = entry;
    const status = statusOf({ outcome, decision: decision?.decision, errorCodes });
    const row = STATUSES[status];
    const fields = new RecordFields(entry.fields);
    addSafe(fields, answer, redaction);
    addSafe(fields, outcomeFields(outcome), redaction);
    fields.add({
      'audit.outcome': row.outcome,
      'mcp_audit.status': status,
      'mcp_audit.duration_ms': Math.round(milliseconds),
      'mcp_audit.redaction.payload_redacted': answer['mcp_audit.response.size'] === undefined ? undefined : true,
    });
    const time = this.#trail.now();
    this.#inventory.ended(operation, entry, { at: time, status, errorType: outcome.errorType ?? outcome.statusCode });
    return () => {
      fields.add(httpResponseFields(http));
      addHeaders(fields, http, headers, redaction);
      this.#write(operation, entry, { name: 'mcp_audit.response', severity: row.severity, fields, time });
    };
  }

  #listChanged(operation: Operation, entry: AuditEntry): void {
    const fields = new RecordFields(entry.fields).add({
      'mcp_audit.inventory.change': 'list_changed',
      'audit.outcome': 'success',
    });
    this.#write(operation, entry, { name: 'mcp_audit.inventory.changed', severity: 'INFO', fields });
  }
}
