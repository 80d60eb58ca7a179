/** What the trail keeps of an open operation between its first and last record. */
import type { Operation } from '../session/operation.js';
import type { HttpFacts } from '../session/peer.js';
import type { Held } from './record-before-answer.js';
import type { FieldValues, RecordFields } from './record-fields.js';
import type { AuditAccess } from './registry.js';
import type { RedactionContext } from './sanitise.js';

/** A decision of the application about an operation, redacted. */
export interface Decision {
  readonly decision: 'allow' | 'deny';
  readonly fields: FieldValues;
}

interface Init {
  readonly recorder: AuditAccess;
  readonly id: string;
  readonly fields: RecordFields;
  readonly redaction: RedactionContext;
  readonly http: HttpFacts | undefined;
  readonly server: string | undefined;
  readonly cursor: string | undefined;
  readonly taskStatus: string | undefined;
}

export class AuditEntry {
  /** The recorder of the operation. */
  readonly recorder: AuditAccess;
  readonly id: string;
  /** The redacted fields of all records of the operation. */
  readonly fields: RecordFields;
  readonly redaction: RedactionContext;
  readonly http: HttpFacts | undefined;
  /** Inventory id of the server. */
  readonly server: string | undefined;
  /** Cursor of the requested list page. */
  readonly cursor: string | undefined;
  /** Task status in a notification. */
  readonly taskStatus: string | undefined;
  /** Fields that the answer adds. */
  answer: FieldValues = {};
  /** The record of its end, once prepared. */
  conclusion: Held | undefined;
  /** A record says that the response could not be sent. */
  undelivered = false;
  /** A guardrail blocked, quarantined or sanitized part of it. */
  quarantined = false;
  decision: Decision | undefined;

  constructor(init: Init) {
    this.recorder = init.recorder;
    this.id = init.id;
    this.fields = init.fields;
    this.redaction = init.redaction;
    this.http = init.http;
    this.server = init.server;
    this.cursor = init.cursor;
    this.taskStatus = init.taskStatus;
    this.decision = init.http?.notes.decision as Decision | undefined;
  }

  /** The fields of the decision, also if there was none. */
  decided(): FieldValues {
    return this.decision?.fields ?? { 'mcp_audit.access.decision': 'not_evaluated' };
  }

  /** The fields about redactions so far. */
  redactions(): FieldValues {
    const { count, rules, dropped } = this.redaction.counts;
    if (count === 0 && dropped.size === 0) return {};
    return {
      'mcp_audit.redaction.count': count,
      'mcp_audit.redaction.rules': rules.size > 0 ? [...rules].sort() : undefined,
      'mcp_audit.redaction.dropped': dropped.size > 0 ? [...dropped].sort() : undefined,
    };
  }
}

/** The audit entry of an operation; undefined if its method is not audited. */
export function entryOf(operation: Operation | undefined): AuditEntry | undefined {
  return operation?.auditEntry as AuditEntry | undefined;
}
