/** Fields that identify a record, and tie it to others. */
import { AUDIT_EVENTS, OPERATION_EVENTS, PEER_EVENTS } from './audit-events.js';
import { AUDIT_DRAFT, type AuditFieldGroup, NANOSECOND_TIME, UUID_V7 } from './audit-field.js';

/** Files that are deleted for their number may be of any content, and nobody reads them first. */
const OF_AGE = { conditionally_required: 'the reason is age' } as const;

export const RECORD = {
  title: 'Record',
  brief: 'Ids of the record, and of what it belongs to.',
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
      brief: 'The version of this schema. Removing a field or changing its meaning raises the major version.',
      examples: ['1.0.0'],
      pattern: '\\d+\\.\\d+\\.\\d+',
      stability: 'draft',
      see: AUDIT_DRAFT,
    },
    'mcp_audit.operation.id': {
      type: 'string',
      redaction: 'ours',
      brief:
        'Identifies the operation: its request, its response and every decision in between share the id. JSON-RPC ids repeat, and tracing may be off.',
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
        'The correlation id that the sender of the message or HTTP request claims. It proves nothing where inbound context is only linked; `mcp_audit.correlation.id` then holds an id of the receiver.',
      examples: ['req-2026-11-21-8472'],
      requirement: { conditionally_required: 'there is one, and inbound context is only linked' },
      stability: 'own',
    },
    'mcp_audit.side': {
      type: 'string',
      redaction: 'ours',
      values: ['client', 'server'],
      brief: 'The side of the MCP connection that made the record.',
      requirement: { conditionally_required: 'the record is about a connection' },
      requiredOn: OPERATION_EVENTS,
      stability: 'own',
    },
    'mcp_audit.message': {
      type: 'string',
      redaction: 'ours',
      brief: 'The record as one readable line, from a fixed template. Never the text of an error.',
      examples: ['u-8472 EXECUTE tools/query_customer_status: success'],
      requirement: 'opt_in',
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const GAP = {
  title: 'Gap',
  brief: 'Which records are missing. A cause is a class of failures, without paths and texts of the operating system.',
  events: ['mcp_audit.gap'],
  requirement: 'required',
  fields: {
    'mcp_audit.gap.sink': {
      type: 'string',
      redaction: 'ours',
      brief:
        'The delivery that lost them: `file`, `stderr`, or a sink of the application by its name. Other deliveries may have them.',
      examples: ['file', 'stderr', 'webhook'],
      pattern: '[a-z][a-z0-9_.-]{0,31}',
      stability: 'own',
    },
    'mcp_audit.gap.records': {
      type: 'int',
      redaction: 'ours',
      brief: 'How many records were lost.',
      examples: [17],
      stability: 'own',
    },
    'mcp_audit.gap.first': {
      type: 'int',
      redaction: 'ours',
      brief: 'The number of the first of them in the chain.',
      examples: [42],
      stability: 'own',
    },
    'mcp_audit.gap.last': {
      type: 'int',
      redaction: 'ours',
      brief: 'The number of the last of them. Records in between may have been written.',
      examples: [58],
      stability: 'own',
    },
    'mcp_audit.gap.prev_hash': {
      type: 'string',
      redaction: 'ours',
      bodyOnly: true,
      requirement: 'recommended',
      brief:
        'SHA-256 of the body of the record before the first of them; of nothing, if that is number 1. It links what is in front of the gap to the record of the gap.',
      examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      pattern: '[0-9a-f]{64}',
      stability: 'own',
    },
    'mcp_audit.gap.since': {
      type: 'string',
      redaction: 'ours',
      brief: 'Time at which the first of them should have been written, in UTC.',
      examples: ['2026-11-21T09:20:07.123000000Z'],
      pattern: NANOSECOND_TIME,
      stability: 'own',
    },
    'mcp_audit.gap.until': {
      type: 'string',
      redaction: 'ours',
      brief: 'Time at which the last of them should have been written, in UTC.',
      examples: ['2026-11-21T09:24:51.002000000Z'],
      pattern: NANOSECOND_TIME,
      stability: 'own',
    },
    'mcp_audit.gap.causes': {
      type: 'string[]',
      redaction: 'ours',
      brief:
        'The distinct causes, sorted: error codes of the operating system, `reserve` where too little space was left, `not_accepted` by a sink, and `_OTHER` for other failures.',
      examples: [['ENOSPC']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const RETENTION = {
  title: 'Retention',
  brief: 'Which part of the audit trail was deleted, and why.',
  events: ['mcp_audit.retention'],
  requirement: 'required',
  fields: {
    'mcp_audit.retention.reason': {
      type: 'string',
      redaction: 'ours',
      values: ['max_files', 'age'],
      brief:
        'Why: there were more rotated files than `audit.fileMaxFiles`, or all records of the file were older than `mcp-trail retain --delete-after`.',
      stability: 'own',
    },
    'mcp_audit.retention.files': {
      type: 'string[]',
      redaction: 'name',
      requirement: 'recommended',
      brief:
        'The files without their folder: at most 100, and the rest in another record. Their names have the time at which each of them was rotated.',
      examples: [['audit-2026-11-21T093000Z-1.jsonl']],
      stability: 'own',
    },
    'mcp_audit.retention.chain.id': {
      type: 'string',
      redaction: 'ours',
      requirement: OF_AGE,
      brief: 'The chain of the deleted records. A file with several chains, or parts of one, has a record for each.',
      examples: ['019aa5d0-5e29-7c3a-b0a8-3f1c9d2e7b64'],
      pattern: UUID_V7,
      stability: 'own',
    },
    'mcp_audit.retention.first': {
      type: 'int',
      redaction: 'ours',
      requirement: OF_AGE,
      brief: 'The number of the first of them in that chain.',
      examples: [1],
      stability: 'own',
    },
    'mcp_audit.retention.last': {
      type: 'int',
      redaction: 'ours',
      requirement: OF_AGE,
      brief: 'The number of the last of them. All in between are deleted, too, and were linked to each other.',
      examples: [4096],
      stability: 'own',
    },
    'mcp_audit.retention.prev_hash': {
      type: 'string',
      redaction: 'ours',
      requirement: OF_AGE,
      brief: 'The hash in the first of them, of the record before it.',
      examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      pattern: '[0-9a-f]{64}',
      stability: 'own',
    },
    'mcp_audit.retention.head_hash': {
      type: 'string',
      redaction: 'ours',
      requirement: OF_AGE,
      brief: 'SHA-256 of the body of the last of them: the record after it has it, too.',
      examples: ['2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'],
      pattern: '[0-9a-f]{64}',
      stability: 'own',
    },
    'mcp_audit.retention.newest': {
      type: 'string',
      redaction: 'ours',
      requirement: OF_AGE,
      brief:
        'The time of the newest record in the file, in UTC: what the second place has of later times was not deleted with it.',
      examples: ['2025-11-21T23:59:59.871000000Z'],
      pattern: NANOSECOND_TIME,
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const ERASURE = {
  title: 'Erasure',
  brief: 'Whose identity can no longer be found from the records.',
  events: ['mcp_audit.erasure'],
  requirement: 'required',
  fields: {
    'mcp_audit.erasure.pseudonyms': {
      type: 'string[]',
      redaction: 'ours',
      brief:
        'The pseudonyms that no longer lead to anybody: at most 100, and the rest in another record. The records that have them stay as they were written.',
      examples: [['actor-5e0f6d1c9b7a48d2a3c4e1f0']],
      stability: 'own',
    },
    'mcp_audit.erasure.maps': {
      type: 'int',
      redaction: 'ours',
      brief: 'In how many state directories they were erased.',
      examples: [1],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const UNOBSERVED = {
  title: 'Unobserved',
  brief: 'Where a process speaks MCP that mcp-trail does not observe, and why.',
  events: ['mcp_audit.unobserved'],
  requirement: 'required',
  fields: {
    'mcp_audit.unobserved.place': {
      type: 'string',
      redaction: 'ours',
      values: ['stdin', 'stdout', 'http.server', 'http.client', 'child'],
      brief:
        'Where: on standard input or, from a server under `mcp-trail wrap`, on standard output, in requests to an HTTP server, in HTTP requests, or to a child process.',
      stability: 'own',
    },
    'mcp_audit.unobserved.reason': {
      type: 'string',
      redaction: 'ours',
      values: ['bundle', 'late', 'sdk_version', 'runtime', 'too_long', 'unknown_implementation'],
      brief:
        'The probable cause: an SDK in a bundle that cannot be hooked, an SDK that was loaded before mcp-trail, an unknown version of an SDK, a runtime without bundles, a line that is too long for `mcp-trail wrap`, or none of these.',
      stability: 'own',
    },
    'mcp_audit.unobserved.file': {
      type: 'string',
      redaction: 'name',
      brief: 'The file with the bundled SDK, without its folder.',
      examples: ['server.mjs'],
      requirement: { conditionally_required: 'a file is the cause' },
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;
