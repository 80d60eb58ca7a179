/** The audit fields behind the checklists' fields, with their values in the runs. */
import { expect } from 'vitest';
import { both, type Expectation, https, NO_HTTP, NO_TLS, NO_TOKEN } from './expectation.js';
import { CORRELATION_ID } from './run.js';
import {
  ANSWER,
  ASKED,
  ATTEMPT,
  BROKEN,
  DENIED,
  LIMITED,
  NO_PROMPT,
  PROMPT,
  REFUSED,
  RESOURCE,
  SLOW,
  STARTED,
  server,
  TOO_MANY,
} from './selectors.js';

export const TIME = both(ANSWER, { time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/ });
export const EVENT = [
  both(ANSWER, { event_name: 'mcp_audit.response' }),
  both(ATTEMPT, { event_name: 'mcp_audit.request', 'audit.outcome': 'unknown' }),
  both({ event: 'mcp_audit.authorization', side: 'server' }, { 'audit.action': 'AUTHORIZE' }),
];
export const SEVERITY = [
  both(ANSWER, { severity_number: 9, severity_text: 'INFO' }),
  both(DENIED, { severity_number: 13, severity_text: 'WARN' }),
  both(SLOW, { severity_number: 17, severity_text: 'ERROR' }),
];
export const METHOD = [
  both(ANSWER, { 'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool' }),
  both(RESOURCE, { 'mcp.method.name': 'resources/read' }),
  both(server('mcp_audit.response', { 'audit.action': 'CONNECT' }), {
    'mcp.method.name': /^(?:initialize|server\/discover)$/,
  }),
  both(server('mcp_audit.response', { 'mcp.method.name': 'tools/list' }), { 'audit.action': 'LIST' }),
];
export const TOOL = both(ANSWER, { 'gen_ai.tool.name': 'query_customer' });
export const TARGET = [
  both(ANSWER, { 'audit.target.type': 'mcp.tool', 'audit.target.id': 'tools/query_customer' }),
  both(PROMPT, { 'audit.target.type': 'mcp.prompt', 'audit.target.id': 'prompts/summarize' }),
  both(RESOURCE, { 'audit.target.type': 'mcp.resource', 'audit.target.id': 'customers://eu/42' }),
];
export const RESOURCE_URI = both(RESOURCE, { 'mcp.resource.uri': 'customers://eu/42' });
export const PROMPT_NAME = both(PROMPT, { 'gen_ai.prompt.name': 'summarize' });
export const ACTION = [
  both(ANSWER, { 'audit.action': 'EXECUTE' }),
  both(RESOURCE, { 'audit.action': 'READ' }),
  https(REFUSED, { 'audit.action': 'AUTHENTICATE' }, NO_HTTP),
];
export const OUTCOME = [
  both(ANSWER, { 'audit.outcome': 'success' }),
  both(BROKEN, { 'audit.outcome': 'failure' }),
  both(DENIED, { 'audit.outcome': 'failure' }),
];
const RATE_LIMITED = [
  both(LIMITED, { 'mcp_audit.status': 'rate_limited' }),
  https(TOO_MANY, { 'mcp_audit.status': 'rate_limited', 'http.response.header.retry-after': ['120'] }, NO_HTTP),
];
export const STATUS = [
  both(ANSWER, { 'mcp_audit.status': 'ok' }),
  both(BROKEN, { 'mcp_audit.status': 'tool_error' }),
  both(NO_PROMPT, { 'mcp_audit.status': 'error' }),
  both(SLOW, { 'mcp_audit.status': 'timeout' }),
  ...RATE_LIMITED,
  both(DENIED, { 'mcp_audit.status': 'denied' }),
  https(REFUSED, { 'mcp_audit.status': 'unauthenticated' }, NO_TOKEN),
];
export const ERROR = [
  both(BROKEN, { 'error.type': 'tool_error' }),
  both(NO_PROMPT, { 'error.type': '-32602', 'rpc.response.status_code': '-32602' }),
  both(SLOW, { 'error.type': 'timeout' }),
  https(REFUSED, { 'error.type': '401' }, NO_HTTP),
];
export const HTTP_STATUS = [
  https(ANSWER, { 'http.response.status_code': 200 }, NO_HTTP, { 'mcp_audit.status': 'ok' }),
  https(PROMPT, { 'http.response.status_code': 200 }, NO_HTTP),
  https(REFUSED, { 'http.response.status_code': 401 }, NO_HTTP),
  https(TOO_MANY, { 'http.response.status_code': 429 }, NO_HTTP),
];
export const RESPONSE_TYPE = [
  both(ANSWER, { 'mcp_audit.response.content_types': ['structured', 'text'] }),
  https(
    ANSWER,
    { 'http.response.header.content-type': [expect.stringMatching(/^(?:text\/event-stream|application\/json)$/)] },
    NO_HTTP,
  ),
];
export const HEADERS = https(
  ANSWER,
  {
    'http.response.header.x-request-id': ['edge-0001-request'],
    'mcp_audit.http.header_names': expect.arrayContaining(['date', 'x-powered-by']),
  },
  NO_HTTP,
);
export const SIZE = both(ANSWER, {
  'mcp_audit.request.size': expect.any(Number),
  'mcp_audit.response.size': expect.any(Number),
});
export const DURATION = [
  both(ANSWER, { 'mcp_audit.duration_ms': expect.any(Number) }),
  // Its client gives up after 200 ms.
  // The SDK starts its timer before it sends the message; on a busy machine, some milliseconds before.
  both(SLOW, { 'mcp_audit.duration_ms': { asymmetricMatch: (took: number) => took >= 150 && took < 20_000 } }),
];
export const ARGUMENT_NAMES = both(ANSWER, {
  'mcp_audit.tool.argument.keys': ['customer_id', 'limit'],
  'mcp_audit.tool.argument.unknown_count': 1,
});
/** Only what the policy allows, whatever the schema. */
export const ARGUMENTS = both(ANSWER, {
  'gen_ai.tool.call.arguments': '{"limit":10}',
  'mcp_audit.tool.argument.digest': /^hmac-sha256:test:[0-9a-f]{64}$/,
});
export const CORRELATION = [
  both(ANSWER, { 'mcp_audit.correlation.id': CORRELATION_ID }),
  both(ASKED, { 'mcp_audit.correlation.id': CORRELATION_ID }),
];
export const TRACE = [
  both(ANSWER, { trace_id: /^[0-9a-f]{32}$/, span_id: /^[0-9a-f]{16}$/ }),
  both(ASKED, { trace_id: /^[0-9a-f]{32}$/, span_id: /^[0-9a-f]{16}$/ }),
];
export const REQUEST_ID = [
  both(ANSWER, { 'jsonrpc.request.id': /^\d+$/ }),
  https(ANSWER, { 'http.request.header.x-request-id': ['edge-0001-request'] }, NO_HTTP),
];
export const SESSION: Expectation[] = [
  {
    selector: ANSWER,
    stdio: { lacks: { keys: ['mcp.session.id'], because: 'over stdio the connection is the session' } },
    https: ({ protocolVersion }) =>
      protocolVersion === '2026-07-28'
        ? { lacks: { keys: ['mcp.session.id'], because: 'MCP has no sessions from 2026-07-28 on' } }
        : { has: { 'mcp.session.id': /^hmac-sha256:test:[0-9a-f]{64}$/ } },
  },
];
export const SERVER: Expectation[] = [
  both(ANSWER, { 'mcp_audit.server.name': 'customers', 'mcp_audit.server.version': '3.1.4' }),
  {
    selector: ASKED,
    stdio: {
      has: { 'mcp_audit.server.name': 'customers', 'mcp_audit.server.id': /^[0-9a-f]{32}$/ },
      lacks: { keys: ['server.address'], because: 'a pipe has no address' },
    },
    https: {
      has: {
        'mcp_audit.server.name': 'customers',
        'server.address': '127.0.0.1',
        'server.port': expect.any(Number),
        'mcp_audit.server.id': /^[0-9a-f]{32}$/,
      },
    },
  },
  both(
    { event: 'mcp_audit.response', side: 'client', where: { 'audit.action': 'CONNECT' } },
    { 'audit.target.id': 'customers', 'mcp_audit.server.version': '3.1.4' },
  ),
];
export const COMPONENT = [
  both(ANSWER, {
    'service.name': 'customers-server',
    'service.version': '2.7.1',
    'service.instance.id': 'i-1',
    'mcp_audit.side': 'server',
  }),
  both(ASKED, { 'service.name': 'agent-platform', 'mcp_audit.side': 'client' }),
];
export const ENVIRONMENT = both(ANSWER, { 'deployment.environment.name': 'staging' });
export const PROTOCOL_VERSION = [
  both(ANSWER, ({ setting }) => ({ 'mcp.protocol.version': setting.protocolVersion })),
  both(server('mcp_audit.response', { 'audit.action': 'CONNECT' }), ({ setting }) => ({
    'mcp.protocol.version': setting.protocolVersion,
  })),
];
export const DECISION = [
  both(ANSWER, { 'mcp_audit.access.decision': 'allow' }),
  both(server('mcp_audit.authorization', { 'gen_ai.tool.name': 'delete_customer' }), {
    'mcp_audit.access.decision': 'deny',
    'mcp_audit.access.reason': 'missing_role',
  }),
  both(DENIED, { 'mcp_audit.access.decision': 'deny' }),
  both(RESOURCE, { 'mcp_audit.access.decision': 'not_evaluated' }),
  https(REFUSED, { 'mcp_audit.access.decision': 'deny', 'mcp_audit.access.reason': 'invalid_token' }, NO_HTTP),
];
export const POLICY = both(ANSWER, {
  'mcp_audit.policy.id': 'customer-data-access',
  'security_rule.name': 'support-may-read',
  'security_rule.version': 'v1.4.2',
});
export const POLICY_TAGS = both(ANSWER, { 'mcp_audit.policy_tags': ['HIPAA', 'SOC2'] });
export const SENSITIVITY = [
  both(ANSWER, { 'mcp_audit.data.sensitivity': 'confidential' }),
  both(DENIED, { 'mcp_audit.data.sensitivity': 'restricted', 'mcp_audit.sensitive': true }),
];
export const SCRUBBED = both(ANSWER, { 'mcp_audit.redaction.parameters_scrubbed': true });
export const PAYLOAD = both(ANSWER, { 'mcp_audit.redaction.payload_redacted': true });
export const MESSAGE = both(ANSWER, { 'mcp_audit.message': 'u-8472 EXECUTE tools/query_customer: ok' });
export const SCHEMA_VERSION = both(ANSWER, { 'audit.schema.version': '1.3.0' });

export const ACTOR = [
  both(ANSWER, { 'audit.actor.id': 'u-8472', 'user.id': 'u-8472', 'mcp_audit.actor.source': 'hook' }),
  both(ASKED, { 'audit.actor.id': 'claude-code', 'mcp_audit.actor.source': 'self_asserted' }),
];
export const ACTOR_TYPE = [
  both(ANSWER, { 'audit.actor.type': 'user' }),
  both(ASKED, { 'audit.actor.type': 'service' }),
  both(STARTED, { 'audit.actor.type': 'system' }),
];
export const USER_NAME = both(ANSWER, { 'user.name': 'Ada L.', 'user.roles': ['auditor', 'support'] });
export const TENANCY = both(ANSWER, {
  'mcp_audit.team.id': 'team-billing',
  'mcp_audit.organization.id': 'org-17',
});
export const CLIENT = [
  both(ANSWER, {
    'mcp_audit.client.name': 'claude-code',
    'mcp_audit.client.version': '3.2.1',
    'client.service.name': 'claude-code',
  }),
  both(ASKED, { 'mcp_audit.client.name': 'claude-code', 'mcp_audit.client.version': '3.2.1' }),
];
export const WORKLOAD = https(
  ANSWER,
  {
    'mcp_audit.oauth.client_id': 'client-app-frontend-prod',
    'mcp_audit.oauth.scopes': ['tools:read', 'tools:call'],
  },
  NO_TOKEN,
);
const SUBJECT = 'CN=agent-gateway.internal,O=Example';
export const CERTIFICATE: Expectation[] = [
  https(ANSWER, { 'tls.client.subject': SUBJECT }, NO_TLS),
  {
    selector: ANSWER,
    stdio: { lacks: { keys: ['tls.client.hash.sha256'], because: NO_TLS } },
    https: { has: ({ certificate }) => ({ 'tls.client.hash.sha256': certificate }) },
  },
  https(REFUSED, { 'audit.actor.id': SUBJECT, 'mcp_audit.actor.source': 'mtls' }, NO_TLS),
];
export const ADDRESS: Expectation[] = [
  {
    selector: ANSWER,
    stdio: {
      has: ({ clientPid }) => ({ 'process.parent_pid': clientPid, 'network.transport': 'pipe' }),
      lacks: { keys: ['client.address', 'network.peer.address'], because: 'a pipe has no address' },
    },
    https: {
      has: { 'client.address': '127.0.0.1', 'network.peer.address': '127.0.0.1', 'network.transport': 'tcp' },
      lacks: { keys: ['process.parent_pid'], because: 'the caller is not the parent of an HTTP server' },
    },
  },
  https(REFUSED, { 'client.address': '127.0.0.1' }, NO_HTTP),
];
export const USER_AGENT = https(ANSWER, { 'user_agent.original': 'agent-platform/7.1' }, NO_HTTP, {
  'mcp_audit.client.name': 'claude-code',
});
