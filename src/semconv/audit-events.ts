/** What an audit record can be about: its events, what makes each of them, and how severe it is. */

/** Events that an audit record can be, as its `event_name` and as the EventName of the log record. */
export const AUDIT_EVENTS = [
  'mcp_audit.started',
  'mcp_audit.stopped',
  'mcp_audit.request',
  'mcp_audit.response',
  'mcp_audit.response.undelivered',
  'mcp_audit.authorization',
  'mcp_audit.authentication',
  'mcp_audit.session',
  'mcp_audit.guardrail',
  'mcp_audit.config.changed',
  'mcp_audit.server.observed',
  'mcp_audit.tool.changed',
  'mcp_audit.inventory.changed',
  'mcp_audit.gap',
  'mcp_audit.retention',
  'mcp_audit.erasure',
  'mcp_audit.unobserved',
  'mcp_audit.checkpoint',
  'mcp_audit.key.rotated',
  'mcp_audit.verified',
] as const;

/** The name of an event that an audit record can be. */
export type AuditEventName = (typeof AUDIT_EVENTS)[number];

/** Names of the severities that records have. */
export const AUDIT_SEVERITIES = ['INFO', 'WARN', 'ERROR', 'FATAL'] as const;

/** The definition of an event. */
export interface AuditEvent {
  /** The meaning of the record, in one or two sentences. */
  readonly brief: string;
  /** What happens in the process that makes one. */
  readonly source: string;
  /** Every severity it can have, and when. */
  readonly severity: Readonly<Partial<Record<(typeof AUDIT_SEVERITIES)[number], string>>>;
}

/** Every event, described. */
export const AUDIT_EVENT_DETAILS: Readonly<Record<AuditEventName, AuditEvent>> = {
  'mcp_audit.started': {
    brief: 'The audit trail of a process started. Nothing that happened earlier in that process is recorded.',
    source: 'The start of the audit trail, ahead of any other record.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.stopped': {
    brief: 'The audit trail of a process was shut down cleanly. A process that is killed writes no such record.',
    source: 'The shutdown of the audit trail, after all other records.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.request': {
    brief:
      'An operation was requested. The record is written before the handler runs, so it survives a crash of the handler.',
    source: 'A request for an audited method, when a server receives it or a client sends it.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.response': {
    brief:
      'How an operation ended: with a result, an error, a refusal, a timeout, a cancellation, or because its connection closed. A server writes the record before it sends the response, a client before it passes the response to its caller.',
    source:
      'The end of an operation, with the `mcp_audit.operation.id` of its `mcp_audit.request`. For a task: the notification or poll that shows that it has finished.',
    severity: {
      INFO: 'status ok, input_required or cancelled',
      WARN: 'status tool_error, denied, unauthenticated, rate_limited or aborted',
      ERROR: 'status error or timeout',
    },
  },
  'mcp_audit.response.undelivered': {
    brief:
      'The response of an operation could not be sent. Its `mcp_audit.response` was already written, and says how the operation itself ended.',
    source:
      'A transport that failed to send a response, or an HTTP response that was closed first; with the `mcp_audit.operation.id` of the `mcp_audit.response`. Also a notification that could not be sent, with the id of its own record.',
    severity: { WARN: 'always' },
  },
  'mcp_audit.authorization': {
    brief: 'A decision whether an actor may do something.',
    source:
      'An HTTP request that was refused (401, 403, 429) before any MCP message was read, or a decision that the application reports.',
    severity: { INFO: 'the decision is allow', WARN: 'the decision is deny' },
  },
  'mcp_audit.authentication': {
    brief: 'A login or logout, or a token that was issued, refreshed, revoked or rejected, and whether that succeeded.',
    source: 'An authentication event that the application reports.',
    severity: { INFO: 'the outcome is success', WARN: 'the outcome is failure' },
  },
  'mcp_audit.session': {
    brief: 'An MCP session started or ended. Protocol versions from 2026-07-28 on have no sessions.',
    source: 'The handshake of a connection, and the end of the connection.',
    severity: { INFO: 'it started, or ended cleanly', WARN: 'it ended while operations were open' },
  },
  'mcp_audit.guardrail': {
    brief: 'A guardrail checked content and reached a verdict. The record does not contain the content.',
    source: 'A verdict that the application reports.',
    severity: { INFO: 'the verdict is allow', WARN: 'the verdict is block, quarantine or sanitize' },
  },
  'mcp_audit.config.changed': {
    brief: 'A security-relevant configuration was created, changed or deleted. The record does not contain its values.',
    source: 'A change that the application reports.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.server.observed': {
    brief: 'A snapshot of a server in the inventory: its own description, and hashes of its tools for comparison.',
    source: 'The first contact with a server, a change of its description, and at intervals while it is in use.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.tool.changed': {
    brief:
      'The definition of a tool changed since it was last seen, or is not as locked. The new definition may not have been reviewed.',
    source: 'A list of tools that differs from the one in the inventory, or from the tool lock.',
    severity: { WARN: 'always' },
  },
  'mcp_audit.inventory.changed': {
    brief: 'The inventory of servers changed, or an entry was annotated, or the tool lock does not have a server.',
    source:
      'A change in the inventory of the process, or an annotation by the application or the command `mcp-trail annotate`.',
    severity: { INFO: 'any other change', WARN: 'the change is server_not_locked' },
  },
  'mcp_audit.gap': {
    brief: 'Records were lost because they could not be written. The record says how many, in which period, and why.',
    source: 'The first successful write after a failure, or the end of the audit trail.',
    severity: { ERROR: 'always' },
  },
  'mcp_audit.retention': {
    brief: 'Files of the audit trail were deleted, with the records in them.',
    source:
      'A rotation of the file that left more rotated files than `audit.fileMaxFiles`, after the deletion; the command `mcp-trail retain`, before it.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.erasure': {
    brief: 'An identity was erased: nothing leads from the pseudonyms in the records to it any more.',
    source: 'The command `mcp-trail erase`.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.unobserved': {
    brief:
      'A process speaks MCP that mcp-trail does not observe: its operations are not in the audit trail. One record per place and thread.',
    source: 'The first MCP request of a thread at a place, if no hook of mcp-trail has seen it.',
    severity: { WARN: 'always' },
  },
  'mcp_audit.checkpoint': {
    brief: 'The signing key vouches for all records of the chain so far. Without a key, the record is not signed.',
    source:
      'The start of a chain, every 100 records, 60 seconds after a record, and the end of the audit trail, if there is a key or a second place.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.key.rotated': {
    brief: 'Another key signs from here on. The old key vouches for it, and for all records of the chain so far.',
    source: 'A key file that has another key before a checkpoint.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.verified': {
    brief: 'An audit trail was verified. The record is in a chain of its own.',
    source: 'The command `mcp-trail verify --record`.',
    severity: {
      INFO: 'the result is intact',
      WARN: 'the result is unproven or incomplete',
      FATAL: 'the result is tampered',
    },
  },
};

/** The two records of an operation, and the one of a response that could not be sent. */
export const OPERATION_EVENTS = ['mcp_audit.request', 'mcp_audit.response', 'mcp_audit.response.undelivered'] as const;

/** Events that may belong to an operation. */
export const JUDGING_EVENTS = ['mcp_audit.authorization', 'mcp_audit.authentication', 'mcp_audit.guardrail'] as const;

/** Events about an entry of the inventory. */
export const INVENTORY_EVENTS = [
  'mcp_audit.server.observed',
  'mcp_audit.tool.changed',
  'mcp_audit.inventory.changed',
] as const;

/** Events that have a peer on the other side of a connection. */
export const PEER_EVENTS = [...OPERATION_EVENTS, ...JUDGING_EVENTS, 'mcp_audit.session'] as const;
