/** The fields of the audit record in groups, for what is generated from them. No entry exports them. */
import type { AuditFieldGroup } from './audit-field.js';
import { ACTOR } from './audit-fields-actor.js';
import { CHAIN, CHECKPOINT, VERIFIED } from './audit-fields-chain.js';
import { ENVELOPE, RESOURCE } from './audit-fields-envelope.js';
import { INVENTORY } from './audit-fields-inventory.js';
import { CLASSIFICATION, DECISION, REDACTION } from './audit-fields-judgement.js';
import { ARGUMENTS, HTTP, MESSAGE } from './audit-fields-message.js';
import { OPERATION } from './audit-fields-operation.js';
import { ERASURE, GAP, RECORD, RETENTION, UNOBSERVED } from './audit-fields-record.js';
import { SERVER } from './audit-fields-server.js';

/** All fields, in groups, in the order of the documentation. */
export const AUDIT_FIELD_GROUPS = {
  envelope: ENVELOPE,
  resource: RESOURCE,
  record: RECORD,
  chain: CHAIN,
  operation: OPERATION,
  message: MESSAGE,
  http: HTTP,
  arguments: ARGUMENTS,
  actor: ACTOR,
  server: SERVER,
  inventory: INVENTORY,
  decision: DECISION,
  classification: CLASSIFICATION,
  redaction: REDACTION,
  gap: GAP,
  retention: RETENTION,
  erasure: ERASURE,
  unobserved: UNOBSERVED,
  checkpoint: CHECKPOINT,
  verified: VERIFIED,
} as const satisfies Readonly<Record<string, AuditFieldGroup>>;
