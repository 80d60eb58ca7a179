/** Maps audit records to documents of the Elastic Common Schema. */
import type { AuditKey, AuditRecord } from '../semconv/audit-record.js';
import {
  type Conversion,
  distinct,
  first,
  integer,
  ip,
  isIp,
  lookUp,
  lowerCase,
  nanoseconds,
  oneOf,
  parsedInteger,
  port,
  texts,
  time,
  upperCase,
} from './convert.js';
import { type Fields, type FieldValue, fieldsOf, type JsonObject, type JsonValue } from './fields.js';
import { type Meaning, meaningOf } from './meaning.js';
import { recordHash } from './proof.js';
import { fill, leftOver, type MappingRow, own, place } from './rows.js';

/** The version of ECS. */
export const ECS_VERSION = '9.4.0';

const EPOCH = '1970-01-01T00:00:00.000Z';

const PEOPLE = ['user.id', 'audit.actor.id', 'user.name'] as const;
/** They are involved, and ECS does not say how. */
const OTHERS = ['mcp_audit.delegation.actors', 'mcp_audit.approver.id', 'mcp_audit.approver.name'] as const;
const ADDRESSES = ['client.address', 'network.peer.address'] as const;

const relatedUsers = distinct([...PEOPLE, ...OTHERS]);
const relatedAddresses = distinct(ADDRESSES, isIp);

const mediaType: Conversion = {
  says: 'the first one, without parameters',
  of: (value, fields) => {
    const whole = first.of(value, fields);
    return typeof whole === 'string' ? whole.split(';', 1)[0]?.trim() || undefined : undefined;
  },
};

const code: Conversion = {
  says: 'if it is a number',
  of: (value, fields) => (parsedInteger.of(value, fields) === undefined ? undefined : String(value)),
};

/** The table of fields for ECS. A test compares `README.md` of this folder with it. */
export const ECS_ROWS: readonly MappingRow[] = [
  // The event.
  { from: 'time', to: '@timestamp', as: time },
  { from: 'observed_time', to: 'event.created', as: time },
  { from: 'mcp_audit.message', to: 'message' },
  { from: 'event_name', to: 'event.code' },
  { from: 'mcp.method.name', to: 'event.action' },
  { from: 'mcp_audit.authentication.event', to: 'event.action' },
  { from: 'audit.action', to: 'event.action', as: lowerCase },
  { from: 'audit.record.id', to: 'event.id' },
  { from: 'audit.record.id', to: 'event.hash', as: recordHash },
  { from: 'audit.sequence.number', to: 'event.sequence', as: integer },
  {
    from: 'audit.outcome',
    to: 'event.outcome',
    as: oneOf({ success: 'success', failure: 'failure', unknown: 'unknown' }),
  },
  { from: 'mcp_audit.access.reason', to: 'event.reason' },
  { from: 'mcp_audit.duration_ms', to: 'event.duration', as: nanoseconds },
  { from: 'severity_number', to: 'event.severity', as: integer },
  { from: 'severity_text', to: 'log.level', as: lowerCase },
  { from: 'mcp_audit.policy_tags', to: 'tags', as: texts },
  { from: 'trace_id', to: 'trace.id' },
  { from: 'span_id', to: 'span.id' },
  { from: 'service.name', to: 'service.name' },
  { from: 'service.version', to: 'service.version' },
  { from: 'service.instance.id', to: 'service.node.name' },
  { from: 'deployment.environment.name', to: 'service.environment' },
  // Who.
  { from: 'user.id', to: 'user.id' },
  { from: 'audit.actor.id', to: 'user.id' },
  { from: 'user.name', to: 'user.name' },
  { from: 'user.roles', to: 'user.roles', as: texts },
  ...PEOPLE.map((from) => ({ from, to: 'related.user', as: relatedUsers }) as const),
  ...OTHERS.map((from) => ({ from, to: 'related.user', as: relatedUsers, keeps: true }) as const),
  { from: 'mcp_audit.organization.id', to: 'organization.id' },
  { from: 'mcp_audit.team.id', to: 'group.id' },
  { from: 'user_agent.original', to: 'user_agent.original' },
  { from: 'client.service.name', to: 'service.origin.name', side: 'server' },
  { from: 'tls.client.subject', to: 'tls.client.subject' },
  { from: 'tls.client.hash.sha256', to: 'tls.client.hash.sha256', as: upperCase },
  { from: 'process.parent_pid', to: 'process.parent.pid', as: integer },
  // From where, to where.
  { from: 'client.address', to: 'client.address' },
  { from: 'client.address', to: 'client.ip', as: ip },
  { from: 'client.port', to: 'client.port', as: port },
  { from: 'network.peer.address', to: 'source.address' },
  { from: 'network.peer.address', to: 'source.ip', as: ip },
  { from: 'client.address', to: 'source.address' },
  { from: 'client.address', to: 'source.ip', as: ip },
  ...ADDRESSES.map((from) => ({ from, to: 'related.ip', as: relatedAddresses }) as const),
  { from: 'server.address', to: 'server.address' },
  { from: 'server.address', to: 'server.ip', as: ip },
  { from: 'server.port', to: 'server.port', as: port },
  { from: 'network.transport', to: 'network.transport', as: oneOf({ tcp: 'tcp' }) },
  { from: 'mcp_audit.server.name', to: 'service.target.name', side: 'client' },
  // What was called, and how it ended.
  { from: 'gen_ai.tool.name', to: 'gen_ai.tool.name' },
  { from: 'gen_ai.operation.name', to: 'gen_ai.operation.name' },
  { from: 'http.request.method', to: 'http.request.method' },
  { from: 'http.request.header.x-request-id', to: 'http.request.id', as: first },
  { from: 'url.path', to: 'url.path' },
  { from: 'http.response.status_code', to: 'http.response.status_code', as: integer },
  { from: 'http.response.header.content-type', to: 'http.response.mime_type', as: mediaType },
  { from: 'error.type', to: 'error.type' },
  {
    from: 'rpc.response.status_code',
    to: 'error.code',
    as: code,
  },
  // The rule.
  { from: 'mcp_audit.policy.id', to: 'rule.id' },
  { from: 'security_rule.name', to: 'rule.name' },
  { from: 'security_rule.version', to: 'rule.version' },
];

const DECISIONS: readonly (readonly [key: AuditKey, types: Readonly<Record<string, string>>])[] = [
  ['mcp_audit.access.decision', { allow: 'allowed', deny: 'denied' }],
  ['mcp_audit.guardrail.verdict', { allow: 'allowed', sanitize: 'allowed', block: 'denied', quarantine: 'denied' }],
];

/**
 * Maps a record to ECS 9.4.0. Fields without a place in ECS go to `labels` as texts, with `_` for each dot in their names.
 *
 * @returns a new object of JSON values; the record is not changed. The same record gives the same document. Values for which
 * an index would refuse the whole document, such as a malformed address, go to `labels`. Never throws.
 * @see https://www.elastic.co/docs/reference/ecs/ecs-field-reference
 */
export function toEcs(record: AuditRecord): JsonObject {
  const fields = fieldsOf(record);
  const meaning = meaningOf(fields);
  const document: JsonObject = {
    ecs: { version: ECS_VERSION },
    event: {
      kind: 'event',
      category: [...meaning.category],
      type: types(fields, meaning),
      module: 'mcp_trail',
      dataset: 'mcp_trail.audit',
      provider: 'mcp-trail',
    },
  };
  const used = fill(document, ECS_ROWS, fields);
  // A document without a time is refused.
  if (document['@timestamp'] === undefined) document['@timestamp'] = observed(fields) ?? EPOCH;
  place(document, 'event.outcome', 'unknown');
  const labels = leftOver(fields, used, labelName, asLabel);
  return labels === undefined ? document : { ...document, labels };
}

/** The types of the event, with the decision if the category has one. */
function types(fields: Fields, { category, type }: Meaning): JsonValue {
  const found = new Set(type);
  if (category.includes('api')) {
    for (const [key, names] of DECISIONS) {
      const name = lookUp(names, fields.get(key));
      if (name !== undefined) found.add(name);
    }
  }
  return [...found];
}

function observed(fields: Fields): JsonValue | undefined {
  return time.of(fields.get('observed_time') ?? '', fields);
}

function labelName(key: string): string {
  return key.replaceAll('.', '_') || '_';
}

function asLabel(value: FieldValue): JsonValue {
  return typeof value === 'object' ? own(value) : String(value);
}
