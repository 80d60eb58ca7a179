/** Published checklists, field by field, with their own field names. */
import * as carried from './fields.js';
import * as who from './carried-who.js';
import { type Checklist, rowsOf } from './expectation.js';

const LOKRYN: Checklist = {
  name: 'lokryn MCP Log',
  url: 'https://pypi.org/project/lokryn-mcp-log/',
  rows: rowsOf({
    timestamp: carried.TIME,
    event_type: carried.EVENT,
    severity: carried.SEVERITY,
    tool_name: carried.TOOL,
    resource: carried.TARGET,
    resource_uri: carried.RESOURCE_URI,
    prompt: carried.PROMPT_NAME,
    outcome: carried.OUTCOME,
    'error details': carried.ERROR,
    duration_ms: carried.DURATION,
    'input arguments': carried.ARGUMENTS,
    actor_id: who.ACTOR,
    actor_type: who.ACTOR_TYPE,
    client_id: who.CLIENT,
    'correlation id': carried.CORRELATION,
    'trace_id, span_id': carried.TRACE,
    session_id: carried.SESSION,
    server_id: carried.SERVER,
    component: carried.COMPONENT,
    environment: carried.ENVIRONMENT,
    protocol_version: carried.PROTOCOL_VERSION,
    policy_tags: carried.POLICY_TAGS,
    sensitivity: carried.SENSITIVITY,
    message: carried.MESSAGE,
    schema_version: carried.SCHEMA_VERSION,
  }),
};

const MCP_MANAGER: Checklist = {
  name: 'MCP Manager: MCP Logging Checklist',
  url: 'https://github.com/MCP-Manager/MCP-Checklists/blob/main/infrastructure/docs/logging-auditing-observability.md',
  rows: rowsOf({
    Timestamp: carried.TIME,
    'Log Level': carried.SEVERITY,
    'Response Code': carried.HTTP_STATUS,
    'Response Type': carried.RESPONSE_TYPE,
    Headers: carried.HEADERS,
    'Event Type': carried.EVENT,
    'User IDs': who.ACTOR,
    'Team and Organization IDs': who.TENANCY,
    'Tool/Feature ID': [carried.TOOL, carried.PROMPT_NAME, carried.RESOURCE_URI],
    'Correlation ID': carried.CORRELATION,
    'Request ID': carried.REQUEST_ID,
    'Session ID': carried.SESSION,
    'Methods/Commands': carried.METHOD,
    'IP Address': who.ADDRESS,
    Latency: carried.DURATION,
    Username: who.USER_NAME,
    'Approval status': carried.DECISION,
  }),
};

const TYK: Checklist = {
  name: 'Tyk: audit logging for MCP',
  rows: rowsOf({
    timestamp: carried.TIME,
    event_type: carried.EVENT,
    mcp_operation: carried.METHOD,
    'tool name': carried.TOOL,
    'event outcome': [...carried.OUTCOME, ...carried.STATUS],
    error_code: carried.ERROR,
    'HTTP code': carried.HTTP_STATUS,
    duration_ms: carried.DURATION,
    'user identity': who.ACTOR,
    'client application ID': who.CLIENT,
    source_workload_id: who.WORKLOAD,
    mtls_subject_cn: who.CERTIFICATE,
    'source IP': who.ADDRESS,
    'correlation ID': carried.CORRELATION,
    'target identity, server_id': carried.SERVER,
    environment: carried.ENVIRONMENT,
    authorization_decision: carried.DECISION,
    policy_version: carried.POLICY,
    parameters_scrubbed: carried.SCRUBBED,
    payload_redacted: carried.PAYLOAD,
  }),
};

const SKILL_AUDIT: Checklist = {
  name: 'SkillAudit: MCP server audit logging',
  url: 'https://skillaudit.dev/seo/mcp-server-audit-logging',
  rows: rowsOf({
    ts: carried.TIME,
    level: carried.SEVERITY,
    event: carried.EVENT,
    tool: carried.TOOL,
    arg_keys: carried.ARGUMENT_NAMES,
    caller: who.CLIENT,
    'user agent': who.USER_AGENT,
    duration_ms: carried.DURATION,
    status: carried.STATUS,
    error_code: carried.ERROR,
    size: carried.SIZE,
  }),
};

const ZOVO: Checklist = {
  name: 'zovo: MCP server audit logging',
  rows: rowsOf({
    timestamp: carried.TIME,
    user: who.ACTOR,
    action: carried.ACTION,
    resource: carried.TARGET,
    ip_address: who.ADDRESS,
    success: carried.OUTCOME,
    duration_ms: carried.DURATION,
  }),
};

export const CHECKLISTS: readonly Checklist[] = [LOKRYN, MCP_MANAGER, TYK, SKILL_AUDIT, ZOVO];
