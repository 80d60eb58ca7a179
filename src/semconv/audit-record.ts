/**
 * The audit record: the one definition of its fields, group by group in `audit-fields-….ts`. The TypeScript type follows
 * from it; the attribute registry, the JSON Schema and the tables of README.md are generated from it (`npm run generate`),
 * and a test compares them.
 */
import type { AuditField } from './audit-field.js';
import { ACTOR } from './audit-fields-actor.js';
import { CHAIN, CHECKPOINT, VERIFIED } from './audit-fields-chain.js';
import { ENVELOPE, RESOURCE } from './audit-fields-envelope.js';
import { INVENTORY } from './audit-fields-inventory.js';
import { CLASSIFICATION, DECISION, REDACTION } from './audit-fields-judgement.js';
import { ARGUMENTS, HTTP, MESSAGE } from './audit-fields-message.js';
import { OPERATION } from './audit-fields-operation.js';
import { ERASURE, GAP, RECORD, RETENTION, UNOBSERVED } from './audit-fields-record.js';
import { SERVER } from './audit-fields-server.js';

export {
  AUDIT_EVENT_DETAILS,
  AUDIT_EVENTS,
  AUDIT_SEVERITIES,
  type AuditEvent,
  type AuditEventName,
} from './audit-events.js';
export type { AuditField, AuditFieldGroup, AuditRequirement, AuditStability, Redaction } from './audit-field.js';

/** All fields by their keys. */
export const AUDIT_FIELDS = {
  ...ENVELOPE.fields,
  ...RESOURCE.fields,
  ...RECORD.fields,
  ...CHAIN.fields,
  ...OPERATION.fields,
  ...MESSAGE.fields,
  ...HTTP.fields,
  ...ARGUMENTS.fields,
  ...ACTOR.fields,
  ...SERVER.fields,
  ...INVENTORY.fields,
  ...DECISION.fields,
  ...CLASSIFICATION.fields,
  ...REDACTION.fields,
  ...GAP.fields,
  ...RETENTION.fields,
  ...ERASURE.fields,
  ...UNOBSERVED.fields,
  ...CHECKPOINT.fields,
  ...VERIFIED.fields,
} as const satisfies Readonly<Record<string, AuditField>>;

/** The key of a field. */
export type AuditKey = keyof typeof AUDIT_FIELDS;

type ValueOf<F extends AuditField> = F extends { readonly values: readonly (infer V)[] }
  ? V
  : F['type'] extends 'string'
    ? string
    : F['type'] extends 'int'
      ? number
      : F['type'] extends 'boolean'
        ? boolean
        : readonly string[];

/** Every field of a record by its key; the documentation lists those of each event. */
export type AuditFields = { -readonly [K in AuditKey]?: ValueOf<(typeof AUDIT_FIELDS)[K]> };

/** Fields that every record has. */
export const REQUIRED_AUDIT_FIELDS = [
  'time',
  'observed_time',
  'event_name',
  'severity_number',
  'severity_text',
  'audit.record.id',
  'audit.schema.version',
  'mcp_audit.chain.id',
  'audit.sequence.number',
  'audit.prev.hash',
  'audit.action',
  'audit.outcome',
  'audit.actor.id',
  'audit.actor.type',
  'mcp_audit.actor.source',
  'mcp_audit.correlation.id',
] as const satisfies readonly AuditKey[];

/** A finished audit record: flat, and of JSON values that every backend keeps. */
export type AuditRecord = AuditFields & Required<Pick<AuditFields, (typeof REQUIRED_AUDIT_FIELDS)[number]>>;

/** Version of the record's schema, in `audit.schema.version`. */
export const AUDIT_SCHEMA_VERSION = '1.3.0';
