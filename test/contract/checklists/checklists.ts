/** Published checklists, field by field, with their own field names. */

import { type Checklist, rowsOf } from './expectation.js';
import * as fields from './fields.js';

const LOKRYN: Checklist = {
  name: 'lokryn MCP Log',
  url: 'https://pypi.org/project/lokryn-mcp-log/',
  rows: rowsOf({
    timestamp: fields.TIME,
    event_type: fields.EVENT,
    severity: fields.SEVERITY,
    tool_name: fields.TOOL,
    resource: fields.TARGET,
    resource_uri: fields.RESOURCE_URI,
    prompt: fields.PROMPT_NAME,
    outcome: fields.OUTCOME,
    'error details': fields.ERROR,
    duration_ms: fields.DURATION,
    'input arguments': fields.ARGUMENTS,
    actor_id: fields.ACTOR,
    actor_type: fields.ACTOR_TYPE,
    client_id: fields.CLIENT,
    'correlation id': fields.CORRELATION,
    'trace_id, span_id': fields.TRACE,
    session_id: fields.SESSION,
    server_id: fields.SERVER,
    component: fields.COMPONENT,
    environment: fields.ENVIRONMENT,
    protocol_version: fields.PROTOCOL_VERSION,
    policy_tags: fields.POLICY_TAGS,
    sensitivity: fields.SENSITIVITY,
    message: fields.MESSAGE,
    schema_version: fields.SCHEMA_VERSION,
  }),
};

const MCP_MANAGER: Checklist = {
  name: 'MCP Manager: MCP Logging Checklist',
  url: 'https://github.com/MCP-Manager/MCP-Checklists/blob/main/infrastructure/docs/logging-auditing-observability.md',
  rows: rowsOf({
    Timestamp: fields.TIME,
    'Log Level': fields.SEVERITY,
    'Response Code': fields.HTTP_STATUS,
    'Response Type': fields.RESPONSE_TYPE,
    Headers: fields.HEADERS,
    'Event Type': fields.EVENT,
    'User IDs': fields.ACTOR,
    'Team and Organization IDs': fields.TENANCY,
    'Tool/Feature ID': [fields.TOOL, fields.PROMPT_NAME, fields.RESOURCE_URI],
    'Correlation ID': fields.CORRELATION,
    'Request ID': fields.REQUEST_ID,
    'Session ID': fields.SESSION,
    'Methods/Commands': fields.METHOD,
    'IP Address': fields.ADDRESS,
    Latency: fields.DURATION,
    Username: fields.USER_NAME,
    'Approval status': fields.DECISION,
  }),
};

const TYK: Checklist = {
  name: 'Tyk: audit logging for MCP',
  rows: rowsOf({
    timestamp: fields.TIME,
    event_type: fields.EVENT,
    mcp_operation: fields.METHOD,
    'tool name': fields.TOOL,
    'event outcome': [...fields.OUTCOME, ...fields.STATUS],
    error_code: fields.ERROR,
    'HTTP code': fields.HTTP_STATUS,
    duration_ms: fields.DURATION,
    'user identity': fields.ACTOR,
    'client application ID': fields.CLIENT,
    source_workload_id: fields.WORKLOAD,
    mtls_subject_cn: fields.CERTIFICATE,
    'source IP': fields.ADDRESS,
    'correlation ID': fields.CORRELATION,
    'target identity, server_id': fields.SERVER,
    environment: fields.ENVIRONMENT,
    authorization_decision: fields.DECISION,
    policy_version: fields.POLICY,
    parameters_scrubbed: fields.SCRUBBED,
    payload_redacted: fields.PAYLOAD,
  }),
};

const SKILL_AUDIT: Checklist = {
  name: 'SkillAudit: MCP server audit logging',
  url: 'https://skillaudit.dev/seo/mcp-server-audit-logging',
  rows: rowsOf({
    ts: fields.TIME,
    level: fields.SEVERITY,
    event: fields.EVENT,
    tool: fields.TOOL,
    arg_keys: fields.ARGUMENT_NAMES,
    caller: fields.CLIENT,
    'user agent': fields.USER_AGENT,
    duration_ms: fields.DURATION,
    status: fields.STATUS,
    error_code: fields.ERROR,
    size: fields.SIZE,
  }),
};

const ZOVO: Checklist = {
  name: 'zovo: MCP server audit logging',
  rows: rowsOf({
    timestamp: fields.TIME,
    user: fields.ACTOR,
    action: fields.ACTION,
    resource: fields.TARGET,
    ip_address: fields.ADDRESS,
    success: fields.OUTCOME,
    duration_ms: fields.DURATION,
  }),
};

export const CHECKLISTS: readonly Checklist[] = [LOKRYN, MCP_MANAGER, TYK, SKILL_AUDIT, ZOVO];
