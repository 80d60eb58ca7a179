/** Fields about the messages of an operation: rounds, tasks, sizes, and HTTP. Never their content. */
import { OPERATION_EVENTS, PEER_EVENTS } from './audit-events.js';
import { type AuditFieldGroup, registryPage } from './audit-field.js';

const HTTP_PAGE = registryPage('http');

export const MESSAGE = {
  title: 'Messages',
  brief: 'The shape of the messages: rounds of input, tasks, sizes and kinds of content. Never the content.',
  events: ['mcp_audit.response'],
  requirement: 'recommended',
  fields: {
    'mcp_trail.result.type': {
      type: 'string',
      redaction: 'ours',
      values: ['input_required', 'task'],
      brief: 'The kind of the result, if it is not the final one.',
      requirement: { conditionally_required: 'the result is not the final one' },
      stability: 'own',
    },
    'mcp_trail.round': {
      type: 'int',
      redaction: 'ours',
      brief: 'Which round of an operation that asks for more input, counted from 1.',
      examples: [2],
      events: OPERATION_EVENTS,
      requirement: { conditionally_required: 'the operation asks for more input' },
      stability: 'own',
    },
    'mcp_trail.task.status': {
      type: 'string',
      redaction: 'ours',
      values: ['working', 'input_required', 'completed', 'failed', 'cancelled'],
      brief: 'The state of the task that the message is about.',
      requirement: { conditionally_required: 'it is about a task' },
      stability: 'own',
    },
    'mcp_audit.task.id': {
      type: 'string',
      redaction: 'name',
      brief: 'The task that the message is about.',
      examples: ['786512e2-9e0d-44bd-8f29-789f320fe840'],
      events: OPERATION_EVENTS,
      requirement: { conditionally_required: 'it is about a task' },
      stability: 'own',
    },
    'mcp_audit.request.size': {
      type: 'int',
      redaction: 'ours',
      brief: 'The size of the request, in bytes.',
      examples: [312],
      events: OPERATION_EVENTS,
      stability: 'own',
    },
    'mcp_audit.response.size': {
      type: 'int',
      redaction: 'ours',
      brief: 'The size of the response, in bytes.',
      examples: [2113],
      stability: 'own',
    },
    'mcp_audit.response.content_types': {
      type: 'string[]',
      redaction: 'name',
      brief: 'The distinct kinds of content in the result.',
      examples: [['text', 'image']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const HTTP = {
  title: 'HTTP',
  brief:
    'The HTTP request and response of the operation, if it uses HTTP. Only headers that are listed here are recorded.',
  events: PEER_EVENTS,
  requirement: 'recommended',
  fields: {
    'http.request.method': {
      type: 'string',
      redaction: 'name',
      brief: 'The method of the HTTP request.',
      examples: ['POST'],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'url.path': {
      type: 'string',
      redaction: 'uri',
      brief: 'The path of the HTTP request, without its query.',
      examples: ['/mcp'],
      stability: 'stable',
      sensitive: 'A path can name people and tenants.',
      see: registryPage('url'),
    },
    'http.response.status_code': {
      type: 'int',
      redaction: 'ours',
      brief:
        'The status of the HTTP response that carries the answer. Unknown on hosts that do not use Node.js responses.',
      examples: [200, 401],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'http.request.header.x-request-id': {
      type: 'string[]',
      redaction: 'name',
      brief: 'The id that a proxy or the caller gave to the HTTP request.',
      examples: [['f058ebd6-02f7-4d3f-942e-904344e8cde5']],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'http.response.header.content-type': {
      type: 'string[]',
      redaction: 'name',
      brief: 'The media type of the HTTP response.',
      examples: [['application/json']],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'http.response.header.mcp-protocol-version': {
      type: 'string[]',
      redaction: 'name',
      brief: 'The version of the protocol, in the header of the HTTP response.',
      examples: [['2025-06-18']],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'http.response.header.retry-after': {
      type: 'string[]',
      redaction: 'name',
      brief: 'How long the server asks the caller to wait, in the header of the HTTP response.',
      examples: [['120']],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'http.response.header.x-request-id': {
      type: 'string[]',
      redaction: 'name',
      brief: 'The id of the HTTP request, in the header of the HTTP response.',
      examples: [['f058ebd6-02f7-4d3f-942e-904344e8cde5']],
      stability: 'stable',
      see: HTTP_PAGE,
    },
    'mcp_audit.http.header_names': {
      type: 'string[]',
      redaction: 'name',
      brief: 'Names of the HTTP headers whose values are not recorded.',
      examples: [['cache-control', 'set-cookie']],
      stability: 'own',
    },
  },
} as const satisfies AuditFieldGroup;

export const ARGUMENTS = {
  title: 'Arguments',
  brief: 'The arguments of a tool call: their names, and their values only by opt-in.',
  events: OPERATION_EVENTS,
  requirement: 'recommended',
  fields: {
    'mcp_audit.tool.argument.keys': {
      type: 'string[]',
      redaction: 'name',
      brief: "Names of the arguments that the tool's schema declares, sorted; dots separate nested names.",
      examples: [['customer_id', 'filter.limit']],
      stability: 'own',
    },
    'mcp_audit.tool.argument.unknown_count': {
      type: 'int',
      redaction: 'ours',
      brief:
        "Number of arguments that the tool's schema does not declare. The caller chose their names, so they are only counted.",
      examples: [1],
      stability: 'own',
    },
    'mcp_audit.tool.argument.digest': {
      type: 'string',
      redaction: 'ours',
      brief:
        'A keyed digest of all arguments: equal arguments have equal digests, and without the key they cannot be guessed.',
      examples: ['hmac-sha256:2026-11:5f8d0c3b'],
      requirement: 'opt_in',
      stability: 'own',
    },
    'gen_ai.tool.call.arguments': {
      type: 'string',
      redaction: 'ours',
      brief: 'The arguments whose values may be recorded, as JSON, after redaction.',
      examples: ['{"lang":"en","limit":10}'],
      requirement: 'opt_in',
      stability: 'development',
      sensitive: 'It can hold personal data and secrets.',
      see: registryPage('gen-ai'),
    },
  },
} as const satisfies AuditFieldGroup;
