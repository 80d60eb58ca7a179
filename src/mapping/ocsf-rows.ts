/** The table of fields for OCSF. A test compares `README.md` of this folder with it. */
import {
  always,
  first,
  hostName,
  integer,
  ip,
  milliseconds,
  notIp,
  oneOf,
  parsedInteger,
  port,
  severity,
  texts,
} from './convert.js';
import type { OcsfKind } from './meaning.js';
import {
  behindProxy,
  environment,
  groups,
  HEADERS,
  httpMethod,
  messageContext,
  model,
  modelWithoutAgent,
  otherThanActor,
  parentProcess,
  protocolId,
  remote,
  responseHeaders,
  span,
} from './ocsf-convert.js';
import { noteSignature, recordFingerprint } from './proof.js';
import type { MappingRow } from './rows.js';

const API = ['api'] as const;
const IDENTITY = ['authentication'] as const;
const CONFIGURATION = ['configuration'] as const;
const INVENTORY = ['inventory'] as const;
const TRAIL = ['trail'] as const;
/** Classes with the members of a request. */
const REQUESTS = ['api', 'authentication', 'configuration'] as const;
/** Classes with a destination endpoint. */
const TARGETS = ['api', 'authentication'] as const;

const APPLICATION = ['actor.application.uid', 'actor.application.name'];
const AGENT = ['ai_agent.uid'];
const RESOURCE = ['resources[0].uid'];
const RESPONSE = ['http_response.code'];
const DECIDED = ['authorizations[0].decision'];
const NAMED_AUTHORIZED = ['authorizations[0].policy.uid', 'authorizations[0].policy.name'];

const ATTESTED = ['attestation_list[0].fingerprint.value'];

const ACTOR_TYPES = { user: 1, service: 4, system: 3 };
const ACTIONS = { allow: 1, deny: 2 };
const DISPOSITIONS = { allow: 1, deny: 2 };
const VERDICT_ACTIONS = { allow: 1, block: 2, quarantine: 2, sanitize: 1 };
const VERDICT_DISPOSITIONS = { allow: 1, block: 2, quarantine: 3, sanitize: 11 };
const CONFIDENTIALITY = { public: 1, internal: 5, confidential: 2, restricted: 6, highly_restricted: 3 };
export const OCSF_ROWS: readonly MappingRow<OcsfKind>[] = [
  // The event.
  { from: 'time', to: 'time', as: milliseconds },
  { from: 'time', to: 'metadata.original_time' },
  { from: 'observed_time', to: 'metadata.logged_time', as: milliseconds },
  { from: 'event_name', to: 'metadata.event_code' },
  { from: 'audit.record.id', to: 'metadata.uid' },
  { from: 'audit.sequence.number', to: 'metadata.sequence', as: integer },
  { from: 'mcp_audit.correlation.id', to: 'metadata.correlation_uid' },
  { from: 'audit.schema.version', to: 'metadata.log_version' },
  { from: 'severity_text', to: 'metadata.log_level' },
  { from: 'severity_number', to: 'severity_id', as: severity({ INFO: 1, WARN: 3, ERROR: 4, FATAL: 6 }) },
  { from: 'mcp_audit.organization.id', to: 'metadata.tenant_uid' },
  { from: 'mcp_audit.policy_tags', to: 'metadata.labels', as: texts },
  { from: 'deployment.environment.name', to: 'metadata.tags', as: environment },
  { from: 'mcp_audit.message', to: 'message' },
  { from: 'audit.outcome', to: 'status_id', as: oneOf({ success: 1, failure: 2, unknown: 0 }) },
  { from: 'mcp_audit.status', to: 'status_code' },
  { from: 'mcp_audit.access.reason', to: 'status_detail' },
  // Who.
  { from: 'audit.actor.id', to: 'actor.user.uid' },
  { from: 'audit.actor.type', to: 'actor.user.type_id', as: oneOf(ACTOR_TYPES) },
  {
    from: 'audit.actor.type',
    to: 'actor.user.type',
    as: oneOf({ user: 'User', service: 'Service', system: 'System' }),
  },
  { from: 'user.id', to: 'actor.user.uid' },
  { from: 'user.id', to: 'actor.user.uid_alt', as: otherThanActor },
  { from: 'user.name', to: 'actor.user.name' },
  { from: 'mcp_audit.team.id', to: 'actor.user.groups', as: groups },
  { from: 'user.roles', to: 'actor.user.groups', as: groups },
  { from: 'mcp_audit.oauth.client_id', to: 'actor.application.uid' },
  { from: 'mcp_audit.client.name', to: 'actor.application.name' },
  { from: 'mcp_audit.client.version', to: 'actor.application.version', beside: APPLICATION },
  { from: 'mcp.session.id', to: 'actor.session.uid' },
  { from: 'process.parent_pid', to: 'actor.process.pid', as: integer },
  // The agent that calls, for the actor: by its own credential, never by a name that it gives itself.
  { from: 'mcp_audit.delegation.actors', to: 'ai_agent.uid', as: first, in: REQUESTS, keeps: true },
  { from: 'mcp_audit.oauth.client_id', to: 'ai_agent.uid', in: REQUESTS },
  { from: 'mcp_audit.client.name', to: 'ai_agent.name', in: REQUESTS, beside: AGENT },
  { from: 'mcp_audit.client.version', to: 'ai_agent.version', in: REQUESTS, beside: AGENT },
  { from: 'mcp.session.id', to: 'ai_agent.instance_uid', in: REQUESTS, beside: AGENT },
  { from: 'mcp_audit.ai_invocation.model', to: 'ai_agent.ai_model', as: model, in: REQUESTS, beside: AGENT },
  { from: 'mcp_audit.ai_invocation.model', to: 'ai_model', as: modelWithoutAgent, in: REQUESTS },
  { from: 'mcp_audit.ai_invocation.turn_id', to: 'message_context', as: messageContext, in: REQUESTS },
  { from: 'mcp_audit.delegation.id', to: 'delegation.uid', in: REQUESTS },
  // From where, to where.
  { from: 'client.address', to: 'src_endpoint.ip', as: ip, in: REQUESTS },
  { from: 'client.address', to: 'src_endpoint.name', as: notIp, in: REQUESTS },
  {
    from: 'client.port',
    to: 'src_endpoint.port',
    as: port,
    in: REQUESTS,
    beside: ['src_endpoint.ip', 'src_endpoint.name'],
  },
  { from: 'network.peer.address', to: 'src_endpoint.ip', as: ip, in: REQUESTS },
  { from: 'network.peer.address', to: 'src_endpoint.intermediate_ips[0]', as: behindProxy, in: REQUESTS },
  { from: 'client.service.name', to: 'src_endpoint.svc_name', in: REQUESTS },
  { from: 'process.parent_pid', to: 'src_endpoint.uid', as: parentProcess, in: REQUESTS, side: 'server' },
  { from: 'service.instance.id', to: 'src_endpoint.uid', in: REQUESTS, side: 'client' },
  { from: 'service.name', to: 'src_endpoint.svc_name', in: REQUESTS, side: 'client' },
  { from: 'service.name', to: 'dst_endpoint.svc_name', in: TARGETS, side: 'server' },
  { from: 'service.instance.id', to: 'dst_endpoint.instance_uid', in: TARGETS, side: 'server' },
  { from: 'server.address', to: 'dst_endpoint.ip', as: ip, in: TARGETS },
  { from: 'server.address', to: 'dst_endpoint.hostname', as: hostName, in: TARGETS },
  {
    from: 'server.port',
    to: 'dst_endpoint.port',
    as: port,
    in: TARGETS,
    beside: ['dst_endpoint.ip', 'dst_endpoint.hostname'],
  },
  { from: 'network.transport', to: 'is_remote', as: remote, in: IDENTITY },
  // What was called.
  { from: 'mcp.method.name', to: 'api.operation', in: API },
  { from: 'event_name', to: 'api.operation', in: API },
  { from: 'jsonrpc.request.id', to: 'api.request.uid', in: API },
  { from: 'mcp.protocol.version', to: 'api.version', in: API },
  { from: 'rpc.response.status_code', to: 'api.response.code', as: parsedInteger, in: API },
  { from: 'error.type', to: 'api.response.error', in: API },
  { from: 'error.type', to: 'status_detail' },
  { from: 'mcp_audit.server.name', to: 'api.service.name', in: API },
  { from: 'mcp_audit.server.id', to: 'api.service.uid', in: API },
  {
    from: 'mcp_audit.server.version',
    to: 'api.service.version',
    in: API,
    beside: ['api.service.name', 'api.service.uid'],
  },
  { from: 'audit.target.id', to: 'resources[0].uid', in: API },
  { from: 'gen_ai.tool.name', to: 'resources[0].name', in: API },
  { from: 'gen_ai.prompt.name', to: 'resources[0].name', in: API },
  { from: 'mcp.resource.uri', to: 'resources[0].name', in: API },
  { from: 'audit.target.type', to: 'resources[0].type', in: API, beside: RESOURCE },
  { from: 'audit.target.type', to: 'resources[0].role_id', as: always(1), in: API, beside: RESOURCE },
  {
    from: 'mcp_audit.data.sensitivity',
    to: 'resources[0].data_classifications[0].confidentiality_id',
    as: oneOf(CONFIDENTIALITY),
    in: API,
    beside: RESOURCE,
  },
  // HTTP.
  { from: 'http.request.method', to: 'http_request.http_method', as: httpMethod, in: REQUESTS },
  { from: 'url.path', to: 'http_request.url.path', in: REQUESTS },
  { from: 'user_agent.original', to: 'http_request.user_agent', in: REQUESTS },
  { from: 'http.request.header.x-request-id', to: 'http_request.uid', as: first, in: REQUESTS },
  { from: 'http.response.status_code', to: 'http_response.code', as: integer, in: REQUESTS },
  {
    from: 'http.response.header.content-type',
    to: 'http_response.content_type',
    as: first,
    in: REQUESTS,
    beside: RESPONSE,
  },
  ...HEADERS.map(
    (from) =>
      ({ from, to: 'http_response.http_headers', as: responseHeaders, in: REQUESTS, beside: RESPONSE }) as const,
  ),
  { from: 'mcp_audit.duration_ms', to: 'http_response.latency', as: integer, in: REQUESTS, beside: RESPONSE },
  // The trace.
  { from: 'trace_id', to: 'trace.uid', in: API },
  { from: 'span_id', to: 'trace.span', as: span, in: API, beside: ['trace.uid'] },
  { from: 'parent_span_id', to: 'trace.span.parent_uid', in: API, beside: ['trace.span.uid'] },
  { from: 'mcp_audit.duration_ms', to: 'trace.span.duration', as: integer, in: API, beside: ['trace.span.uid'] },
  // The decision.
  { from: 'mcp_audit.guardrail.verdict', to: 'action_id', as: oneOf(VERDICT_ACTIONS) },
  { from: 'mcp_audit.guardrail.verdict', to: 'disposition_id', as: oneOf(VERDICT_DISPOSITIONS) },
  { from: 'mcp_audit.access.decision', to: 'action_id', as: oneOf(ACTIONS) },
  { from: 'mcp_audit.access.decision', to: 'disposition_id', as: oneOf(DISPOSITIONS) },
  { from: 'mcp_audit.access.decision', to: 'authorizations[0].decision' },
  { from: 'mcp_audit.policy.id', to: 'authorizations[0].policy.uid', beside: DECIDED },
  { from: 'security_rule.name', to: 'authorizations[0].policy.name', beside: DECIDED },
  { from: 'security_rule.version', to: 'authorizations[0].policy.version', beside: NAMED_AUTHORIZED },
  { from: 'mcp_audit.policy.id', to: 'policy.uid' },
  { from: 'security_rule.name', to: 'policy.name' },
  { from: 'security_rule.version', to: 'policy.version', beside: ['policy.uid', 'policy.name'] },
  // The proof.
  { from: 'audit.record.id', to: 'attestation_list[0].fingerprint', as: recordFingerprint },
  { from: 'mcp_audit.chain.id', to: 'attestation_list[0].chain_uid', beside: ATTESTED },
  {
    from: 'mcp_audit.checkpoint.note',
    to: 'attestation_list[0].signatures',
    as: noteSignature,
    beside: ATTESTED,
    keeps: true,
  },
  // Authentication.
  { from: 'mcp_audit.authentication.method', to: 'auth_protocol_id', as: protocolId, in: IDENTITY },
  { from: 'mcp_audit.authentication.method', to: 'auth_protocol', in: IDENTITY },
  { from: 'mcp_audit.server.name', to: 'service.name', in: IDENTITY },
  { from: 'mcp_audit.server.id', to: 'service.uid', in: IDENTITY },
  { from: 'mcp_audit.server.version', to: 'service.version', in: IDENTITY, beside: ['service.name', 'service.uid'] },
  { from: 'service.name', to: 'service.name', in: IDENTITY },
  // What was changed.
  { from: 'audit.target.id', to: 'entity.name', in: CONFIGURATION },
  { from: 'audit.target.type', to: 'entity.type', in: CONFIGURATION },
  { from: 'audit.target.type', to: 'entity.type_id', as: always(99), in: CONFIGURATION },
  { from: 'mcp_audit.server.name', to: 'application.name', in: INVENTORY },
  { from: 'mcp_audit.server.id', to: 'application.uid', in: INVENTORY },
  { from: 'mcp_audit.server.version', to: 'application.version', in: INVENTORY },
  { from: 'service.name', to: 'application.name', in: TRAIL },
  { from: 'service.instance.id', to: 'application.uid', in: TRAIL },
  { from: 'service.version', to: 'application.version', in: TRAIL },
];
