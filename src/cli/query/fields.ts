/** THE TABLE of the fields of records that a query names: its options, its columns, its help and its documentation. */
import { nearestOf } from '../../lib/nearest.js';
import { AUDIT_EVENTS, AUDIT_FIELDS, type AuditField, type AuditKey } from '../../semconv/audit-record.js';
import { type ReadRecord, textOf } from '../read-records.js';
import { visible } from '../text.js';

export interface QueryField {
  readonly name: string;
  /** A filter looks at all of them; what is printed is the first that a record has. */
  readonly keys: readonly AuditKey[];
  /** What it is, for the help. */
  readonly says: string;
  /** In front of every value, and neither typed nor printed. */
  readonly prefix?: string;
  /** `flag`: an option without a value. `column`: not an option. */
  readonly only?: 'flag' | 'column';
}

type Row = readonly [says: string, keys: AuditKey | readonly AuditKey[], more?: Pick<QueryField, 'prefix' | 'only'>];

const ROWS = {
  time: ['when it was recorded', 'time', { only: 'column' }],
  event: ['what the record is about: request, response, session, …', 'event_name', { prefix: 'mcp_audit.' }],
  service: ['the service that recorded it', 'service.name'],
  side: ['client: it sent the request; server: it received it', 'mcp_audit.side'],
  actor: ['who, also for somebody else', ['audit.actor.id', 'user.id', 'user.name', 'mcp_audit.delegation.actors']],
  delegate: ['who acted for the actor', 'mcp_audit.delegation.actors'],
  approver: ['who confirmed it', ['mcp_audit.approver.id', 'mcp_audit.approver.name']],
  client: ['the name of the MCP client', 'mcp_audit.client.name'],
  model: ['the model that asked for it, as the client claims', 'mcp_audit.ai_invocation.model'],
  turn: ['the user turn that caused it, as the client claims', 'mcp_audit.ai_invocation.turn_id'],
  organization: ['the organization that the actor acts for', 'mcp_audit.organization.id'],
  team: ['the team that the actor acts for', 'mcp_audit.team.id'],
  address: ['the address of the caller', 'client.address'],
  method: ['the MCP method', 'mcp.method.name'],
  tool: ['the tool', 'gen_ai.tool.name'],
  prompt: ['the prompt', 'gen_ai.prompt.name'],
  resource: ['the resource', 'mcp.resource.uri'],
  target: ['the tool, prompt, resource or other target', 'audit.target.id'],
  server: ['the MCP server, by name or id', ['mcp_audit.server.name', 'mcp_audit.server.id']],
  status: ['how it ended: ok, denied, tool_error, …', 'mcp_audit.status'],
  outcome: ['success, failure, or unknown', 'audit.outcome'],
  error: ['the kind of the error', 'error.type'],
  duration: ['how long it took, in milliseconds', 'mcp_audit.duration_ms', { only: 'column' }],
  decision: ['allow, deny, or not_evaluated', 'mcp_audit.access.decision'],
  rule: ['the rule that decided', 'security_rule.name'],
  policy: ['the policy that decided', 'mcp_audit.policy.id'],
  reason: ['the reason for the decision', 'mcp_audit.access.reason'],
  sensitive: ['only sensitive operations', 'mcp_audit.sensitive', { only: 'flag' }],
  sensitivity: ['how sensitive: public to highly_restricted', 'mcp_audit.data.sensitivity'],
  verb: ['what the tool does to data: read, write, or delete', 'mcp_audit.tool.verb'],
  tag: ['a framework or policy that applies', 'mcp_audit.policy_tags'],
  severity: ['INFO, WARN, ERROR, or FATAL', 'severity_text'],
  session: ['the MCP session', 'mcp.session.id'],
  correlation: ['the correlation or trace id', ['mcp_audit.correlation.id', 'trace_id']],
  operation: ['the operation in one process', 'mcp_audit.operation.id'],
  record: ['the record', 'audit.record.id'],
} as const satisfies Readonly<Record<string, Row>>;

export const FIELDS: readonly QueryField[] = Object.entries<Row>(ROWS).map(([name, [says, keys, more]]) => ({
  name,
  says,
  keys: typeof keys === 'string' ? [keys] : (keys as readonly AuditKey[]),
  ...more,
}));

const BY_NAME: ReadonlyMap<string, QueryField> = new Map(FIELDS.map((field) => [field.name, field]));

/** The field that somebody named, also by its key in records; or the problem with the name. */
export function fieldNamed(name: string): QueryField | string {
  const short = BY_NAME.get(name);
  if (short !== undefined) return short;
  if (Object.hasOwn(AUDIT_FIELDS, name)) return { name, says: name, keys: [name as AuditKey] };
  const nearest = nearestOf(name.slice(0, 100), [...BY_NAME.keys(), ...Object.keys(AUDIT_FIELDS)]);
  const hint =
    nearest === undefined
      ? `One of ${[...BY_NAME.keys()].join(', ')}, or the key of a field`
      : `Did you mean ${nearest}?`;
  return `unknown field ${visible(name, 80)}. ${hint}`;
}

/** The values that a field can have; undefined if they are not a short list. */
export function valuesOf({ keys: [key, ...more], prefix = '' }: QueryField): readonly string[] | undefined {
  if (key === undefined || more.length > 0) return undefined;
  if (key === 'event_name') return AUDIT_EVENTS.map((name) => name.slice(prefix.length));
  const definition: AuditField = AUDIT_FIELDS[key];
  return definition.values;
}

/** What is printed of a field; undefined if the record does not have it. */
export function shownText(record: ReadRecord, { keys, prefix }: QueryField): string | undefined {
  for (const key of keys) {
    const text = textOf(record, key);
    if (text !== undefined) return prefix === undefined ? text : withoutPrefix(text, prefix);
  }
  return undefined;
}

export function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
