/** Maps audit records to `LogRequest`s of the lokryn compliance log schema 0.2. */
import type { AuditKey, AuditRecord } from '../semconv/audit-record.js';
import { type Conversion, integer, lookUp, oneOf, severity, texts, time } from './convert.js';
import { type Fields, fieldsOf, type JsonObject, textOf } from './fields.js';
import { meaningOf } from './meaning.js';
import { OCSF_CLASSES } from './ocsf-classes.js';
import { type MappingOptions, PRODUCT } from './options.js';
import { fill, leftOver, type MappingRow, own, place } from './rows.js';

/** The version of the lokryn schema. */
export const LOKRYN_VERSION = '0.2.0';

const size: Conversion = {
  ...integer,
  of: (value, fields) => (Number(value) >= 0 ? integer.of(value, fields) : undefined),
};

/** The table of fields for lokryn. A test compares `README.md` of this folder with it. */
export const LOKRYN_ROWS: readonly MappingRow[] = [
  { from: 'severity_number', to: 'severity', as: severity({ INFO: 2, WARN: 4, ERROR: 5, FATAL: 6 }) },
  {
    from: 'mcp_audit.data.sensitivity',
    to: 'sensitivity',
    as: oneOf({ public: 1, internal: 10, confidential: 2, restricted: 3, highly_restricted: 4 }),
  },
  { from: 'gen_ai.operation.name', to: 'otel_operation_name' },
  { from: 'time', to: 'time', as: time },
  { from: 'mcp_audit.duration_ms', to: 'duration_ms', as: size },
  { from: 'audit.actor.id', to: 'actor_id' },
  { from: 'audit.actor.type', to: 'actor_type' },
  { from: 'service.name', to: 'component' },
  { from: 'deployment.environment.name', to: 'environment' },
  { from: 'audit.target.id', to: 'resource' },
  { from: 'mcp_audit.message', to: 'message' },
  { from: 'trace_id', to: 'trace_id' },
  { from: 'span_id', to: 'span_id' },
  { from: 'parent_span_id', to: 'parent_span_id' },
  { from: 'mcp.session.id', to: 'session_id' },
  { from: 'mcp_audit.policy_tags', to: 'policy_tags', as: texts },
  { from: 'audit.schema.version', to: 'metadata.schema_version' },
  { from: 'mcp.protocol.version', to: 'mcp.protocol_version' },
  { from: 'jsonrpc.request.id', to: 'mcp.request_id' },
  { from: 'gen_ai.tool.name', to: 'mcp.tool_name' },
  { from: 'mcp.resource.uri', to: 'mcp.resource_uri' },
  { from: 'mcp_audit.client.capabilities', to: 'mcp.client_capabilities', as: texts },
  { from: 'mcp_audit.server.capabilities', to: 'mcp.server_capabilities', as: texts },
  { from: 'mcp_audit.oauth.client_id', to: 'client_id' },
  { from: 'mcp_audit.client.name', to: 'client_id' },
  { from: 'mcp_audit.client.version', to: 'client_version' },
  { from: 'mcp_audit.server.name', to: 'server_id' },
  { from: 'mcp_audit.server.id', to: 'server_id' },
  { from: 'mcp_audit.server.version', to: 'server_version' },
  { from: 'mcp_audit.request.size', to: 'request_size_bytes', as: size },
  { from: 'mcp_audit.response.size', to: 'response_size_bytes', as: size },
];

/** Fields that never leave: what was said to a tool. */
const NEVER: ReadonlySet<string> = new Set(['gen_ai.tool.call.arguments'] satisfies AuditKey[]);

/** What tells most about a record, for its message. */
const TELLING = [
  'mcp_audit.guardrail.verdict',
  'mcp_audit.authentication.event',
  'mcp_audit.config.change',
  'mcp_audit.inventory.change',
  'mcp_audit.tool.change',
  'mcp_audit.session.state',
  'mcp_audit.verified.result',
] as const satisfies readonly AuditKey[];

/** `Outcome` by the fields of the record, from the most to the least exact. */
export const LOKRYN_OUTCOMES = [
  ['mcp_audit.status', { unauthenticated: 2, denied: 3, input_required: 99 }],
  ['mcp_audit.authentication.event', { token_rejected: 2 }],
  ['mcp_audit.access.decision', { deny: 3 }],
  ['mcp_audit.guardrail.verdict', { block: 3, quarantine: 3 }],
  ['audit.outcome', { success: 1, failure: 4, unknown: 0 }],
] as const;

/**
 * Maps a record to a `LogRequest` of the lokryn compliance log schema 0.2.0 in its JSON form: member names of the `.proto`,
 * enums by number, `time` as RFC 3339. Arguments and results are never set. Without `mcp_audit.message`, the message is a sentence
 * of actor, action, target and outcome. A record about no MCP message has its fields without a place in `data`; of others they
 * are lost. OCSF class and activity are those of {@link toOcsf}: in lokryn's own table, some numbers
 * have other meanings than in OCSF.
 *
 * @returns a new object of JSON values; the record is not changed. The same record gives the same request. Never throws.
 * @see https://github.com/lokryn-llc/compliance-log-schema
 */
export function toLokryn(record: AuditRecord, options: MappingOptions = {}): JsonObject {
  const fields = fieldsOf(record);
  const meaning = meaningOf(fields);
  const request: JsonObject = {
    event_type: meaning.lokryn,
    outcome: outcomeOf(fields),
    ocsf_class_uid: OCSF_CLASSES[meaning.kind].uid,
    ocsf_activity_id: meaning.activity[0],
    metadata: { product_name: PRODUCT, vendor_name: PRODUCT },
  };
  if (options.productVersion !== undefined) place(request, 'metadata.product_version', options.productVersion);
  const used = fill(request, LOKRYN_ROWS, fields);
  // `mcp` and `data` exclude each other.
  const data =
    request['mcp'] === undefined ? leftOver(fields, new Set([...used, ...NEVER]), (key) => key, own) : undefined;
  if (data !== undefined) request['data'] = data;
  place(request, 'message', sentenceOf(fields));
  place(request, 'severity', 0);
  place(request, 'sensitivity', 0);
  return request;
}

/** Actor, action and target, and how it ended; in front of it the event, unless it is about a message. */
function sentenceOf(fields: Fields): string {
  const event = textOf(fields, 'event_name')?.replace(/^mcp_audit\./, '');
  const target = textOf(fields, 'audit.target.id') ?? textOf(fields, 'mcp.method.name');
  const said = [textOf(fields, 'audit.actor.id') ?? 'anonymous', textOf(fields, 'audit.action'), target];
  const sentence = said.filter((part) => part !== undefined).join(' ');
  const about = event === undefined || /^(?:request|response)$/.test(event) ? sentence : `${event}: ${sentence}`;
  const ended = endOf(fields, event);
  return ended === undefined ? about : `${about}: ${ended}`;
}

function endOf(fields: Fields, event: string | undefined): string | undefined {
  const told = TELLING.map((key) => textOf(fields, key)).find((text) => text !== undefined);
  if (told !== undefined) return told;
  const decided = event === 'authorization' ? textOf(fields, 'mcp_audit.access.decision') : undefined;
  const outcome = textOf(fields, 'audit.outcome');
  return decided ?? textOf(fields, 'mcp_audit.status') ?? (outcome === 'unknown' ? undefined : outcome);
}

function outcomeOf(fields: Fields): number {
  for (const [key, numbers] of LOKRYN_OUTCOMES) {
    const found = lookUp<number>(numbers, fields.get(key));
    if (found !== undefined) return found;
  }
  return 0;
}
