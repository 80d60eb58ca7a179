/** What the trail keeps with an open operation, from its first record to its last. */
import type { Operation } from '../session/operation.js';
import type { HttpFacts } from '../session/peer.js';
import type { Held } from './hand-over.js';
import type { FieldValues, RecordFields } from './record-fields.js';
import type { AuditAccess } from './registry.js';
import type { RedactionContext } from './sanitise.js';

/** What the application decided about an operation; strings are redacted. */
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
  /** The recorder that audits the operation. */
  readonly recorder: AuditAccess;
  readonly id: string;
  /** Everything that all records of the operation say, redacted. */
  readonly fields: RecordFields;
  readonly redaction: RedactionContext;
  readonly http: HttpFacts | undefined;
  /** The server that does it, in the inventory. */
  readonly server: string | undefined;
  /** Which page of a list was asked for. */
  readonly cursor: string | undefined;
  /** What a notification says of its task. */
  readonly taskStatus: string | undefined;
  /** What the answer adds. */
  answer: FieldValues = {};
  /** The record of its end, once that is made or about to be. */
  conclusion: Held | undefined;
  /** It is on record that what it had to tell did not leave. */
  undelivered = false;
  /** A guardrail has put something of it aside. */
  quarantined = false;
  /** What the application decided about it. */
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

  /** The decision, or that there was none: on every record of the operation. */
  decided(): FieldValues {
    return this.decision?.fields ?? { 'mcp_audit.access.decision': 'not_evaluated' };
  }

  /** What was hidden so far. */
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

/** What an operation of an auditing pipeline has; nothing where its method is not audited. */
export function entryOf(operation: Operation | undefined): AuditEntry | undefined {
  return operation?.auditEntry as AuditEntry | undefined;
}
