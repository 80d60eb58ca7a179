/** Fields that identify a record, and tie it to others. */
import { AUDIT_EVENTS, OPERATION_EVENTS, PEER_EVENTS } from './audit-events.js';
import { AUDIT_DRAFT, type AuditFieldGroup, NANOSECOND_TIME, UUID_V7 } from './audit-field.js';

export const RECORD = {
  title: 'Record',
  brief: 'Which record it is, and which others belong to it.',
  events: AUDIT_EVENTS,
  requirement: 'required',
  fields: {
    'audit.record.id': {
      type: 'string',
      redaction: 'ours',
      brief: 'Identifies the record. Records with the same id are copies of one, delivered more than once.',
      examples: ['019aa5b2-7c31-7e0f-9d4e-2f6b8c1a3d57'],
      pattern: UUID_V7,
      stability: 'draft',
      see: AUDIT_DRAFT,
    },
    'audit.schema.version': {
      type: 'string',
      redaction: 'ours',
      brief: 'The version of this schema. A field that goes or changes its meaning makes a new major version.',
      examples: ['1.0.0'],
      pattern: '\\d+\\.\\d+\\.\\d+',
      stability: 'draft',
      see: AUDIT_DRAFT,
    },
    'mcp_audit.operation.id': {
      type: 'string',
      redaction: 'ours',
      brief:
        'Identifies the operation: its request, its response and every decision on the way have the same. JSON-RPC ids repeat, and traces may be off.',
      examples: ['019aa5b2-7c31-7a42-8e6d-5b0c9f1e2d34'],
      pattern: UUID_V7,
      events: PEER_EVENTS,
      requirement: { conditionally_required: 'the record belongs to an operation' },
      requiredOn: ['mcp_audit.request', 'mcp_audit.response.undelivered'],
      stability: 'own',
    },
    'mcp_audit.correlation.id': {
      type: 'string',
      redaction: 'name',
      brief:
        'Ties what happened in several systems together: the id that the caller sent, else the trace id, else a new UUID.',
      examples: ['req-8f7b2c9a-4d3e', '4bf92f3577b34da6a3ce929d0e0e4736'],
      stability: 'own',
    },
    'mcp_audit.correlation.claimed_id': {
      type: 'string',
      redaction: 'name',
      brief:
        'The correlation id that the sender of the message or of the HTTP request said. Where inbound context is only linked, it proves nothing, and the id above is of the receiver.',
      examples: ['req-2026-11-21-8472'],
      requirement: { conditionally_required: 'there is one, and inbound context is only linked' },
      stability: 'own',
    },
    'mcp_audit.side': {
      type: 'string',
      redaction: 'ours',
      values: ['client', 'server'],
      brief: 'Which end of the MCP connection made the record.',
      requirement: { conditionally_required: 'the record is about a connection' },
      requiredOn: OPERATION_EVENTS,
      stability: 'own',
    },
    'mcp_audit.message': {
      type: 'string',
      redaction: 'ours',
      brief: 'The record as one line for people to read, by a fixed pattern. Never the text of an error.',
      examples: ['u-8472 EXECUTE tools/query_customer_status: success'],
      requirement: 'opt_in',
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const GAP = {
  title: 'Gap',
  brief: 'Which records are missing. A cause is a class of failures: no path, and no text of the operating system.',
  events: ['mcp_audit.gap'],
  requirement: 'required',
  fields: {
    'mcp_audit.gap.sink': {
      type: 'string',
      redaction: 'ours',
      values: ['file', 'stderr'],
      brief: 'The delivery that lost them. Other deliveries may have them.',
      stability: 'own',
    },
    'mcp_audit.gap.records': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records were lost.',
      examples: [17],
      stability: 'own',
    },
    'mcp_audit.gap.since': {
      type: 'string',
      redaction: 'ours',
      brief: 'When the first of them was to be written, in UTC.',
      examples: ['2026-11-21T09:20:07.123000000Z'],
      pattern: NANOSECOND_TIME,
      stability: 'own',
    },
    'mcp_audit.gap.until': {
      type: 'string',
      redaction: 'ours',
      brief: 'When the last of them was to be written, in UTC.',
      examples: ['2026-11-21T09:24:51.002000000Z'],
      pattern: NANOSECOND_TIME,
      stability: 'own',
    },
    'mcp_audit.gap.causes': {
      type: 'string[]',
      redaction: 'ours',
      brief: 'Why, each once and sorted: the error codes of the operating system, and `_OTHER` for what has none.',
      examples: [['ENOSPC']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;
