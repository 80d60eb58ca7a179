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
    brief: 'The audit trail began to record in a process. What happened before it in that process is not recorded.',
    source: 'The start of the audit trail, before the first other record.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.stopped': {
    brief: 'The audit trail ended in an orderly way. A process that is killed leaves none.',
    source: 'The shutdown of the audit trail, after the last other record.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.request': {
    brief:
      'Somebody attempts an operation. It is written before the handler runs, so that it survives a crash in the handler.',
    source: 'A request of an audited method, as it arrives at a server or leaves a client.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.response': {
    brief:
      'An operation ended, and how: with a result, an error, a refusal, a timeout, a cancellation, or with its connection. A server writes it before the answer leaves, a client before its caller has the answer.',
    source:
      'The end of an operation, with the `mcp_audit.operation.id` of its `mcp_audit.request`; a task that is over, told by a notification or a poll.',
    severity: {
      INFO: 'status ok, input_required or cancelled',
      WARN: 'status tool_error, denied, unauthenticated, rate_limited or aborted',
      ERROR: 'status error or timeout',
    },
  },
  'mcp_audit.response.undelivered': {
    brief:
      'The answer of an operation did not leave. Its `mcp_audit.response` was written before, and says how the operation itself ended.',
    source:
      'A transport that could not send an answer, or an HTTP response that closed first; with the `mcp_audit.operation.id` of its `mcp_audit.response`. Of a notification that could not be sent: with that of its record.',
    severity: { WARN: 'always' },
  },
  'mcp_audit.authorization': {
    brief: 'It was decided whether somebody may do something.',
    source:
      'An HTTP request that was refused (401, 403, 429) before there was a message, or a decision that the application reports.',
    severity: { INFO: 'the decision is allow', WARN: 'the decision is deny' },
  },
  'mcp_audit.authentication': {
    brief: 'Somebody proved who they are, failed to, or ceased to be known.',
    source: 'An event that the application reports: a login, a logout, what has become of a token.',
    severity: { INFO: 'the outcome is success', WARN: 'the outcome is failure' },
  },
  'mcp_audit.session': {
    brief: 'An MCP session started or ended. Protocol versions from 2026-07-28 on have no sessions.',
    source: 'The handshake of a connection, and its end.',
    severity: { INFO: 'it started, or ended in order', WARN: 'it ended with operations open' },
  },
  'mcp_audit.guardrail': {
    brief: 'A guardrail examined content and gave its verdict. The content is not in the record.',
    source: 'A verdict that the application reports.',
    severity: { INFO: 'the verdict is allow', WARN: 'the verdict is block, quarantine or sanitize' },
  },
  'mcp_audit.config.changed': {
    brief:
      'A configuration that matters to security was created, changed or deleted. Its values are not in the record.',
    source: 'A change that the application reports.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.server.observed': {
    brief: 'How a server describes itself and its tools: an entry of the inventory, with hashes to compare it by.',
    source: 'The first contact with a server, a change of its description, and from time to time while it is in use.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.tool.changed': {
    brief: 'The definition of a tool is not what it was when it was last seen. Nobody may have agreed to the new one.',
    source: 'A list of tools that differs from the one that the inventory holds for the server.',
    severity: { WARN: 'always' },
  },
  'mcp_audit.inventory.changed': {
    brief: 'The inventory of servers changed, or somebody annotated an entry.',
    source: 'The inventory of the process, or an annotation that the application makes.',
    severity: { INFO: 'always' },
  },
  'mcp_audit.gap': {
    brief: 'Records were lost because they could not be written: how many, between which times, and why.',
    source: 'The first record that is written again after a failure, or the end of the audit trail.',
    severity: { ERROR: 'always' },
  },
};

/** The two records of an operation, and that its answer did not leave. */
export const OPERATION_EVENTS = ['mcp_audit.request', 'mcp_audit.response', 'mcp_audit.response.undelivered'] as const;

/** Events in the course of an operation, if they belong to one. */
export const JUDGING_EVENTS = ['mcp_audit.authorization', 'mcp_audit.authentication', 'mcp_audit.guardrail'] as const;

/** Events about an entry of the inventory. */
export const INVENTORY_EVENTS = [
  'mcp_audit.server.observed',
  'mcp_audit.tool.changed',
  'mcp_audit.inventory.changed',
] as const;

/** Events that have a peer on the other side of a connection. */
export const PEER_EVENTS = [...OPERATION_EVENTS, ...JUDGING_EVENTS, 'mcp_audit.session'] as const;
