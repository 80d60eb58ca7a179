/*
 * Values of the attributes in `attributes.ts`: those of the OpenTelemetry conventions, and where these have none, ours.
 *
 * Upstream state: open-telemetry/semantic-conventions v1.41.1 (commit ead83b9b) plus
 * open-telemetry/semantic-conventions-genai model/mcp/common.yaml at commit 0e5e6a8d (merged pull requests #136, #179,
 * #220 and #404).
 */

// `mcp.method.name`: the 25 values of the convention.

/** Request that opens a session and agrees on version and capabilities. */
export const MCP_METHOD_NAME_VALUE_INITIALIZE = 'initialize' as const;
/** Request that asks whether the peer is still there. */
export const MCP_METHOD_NAME_VALUE_PING = 'ping' as const;
/** Request for the tools of a server. */
export const MCP_METHOD_NAME_VALUE_TOOLS_LIST = 'tools/list' as const;
/** Request that calls a tool. */
export const MCP_METHOD_NAME_VALUE_TOOLS_CALL = 'tools/call' as const;
/** Request for the resources of a server. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_LIST = 'resources/list' as const;
/** Request for the resource templates of a server. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_TEMPLATES_LIST = 'resources/templates/list' as const;
/** Request that reads a resource. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_READ = 'resources/read' as const;
/** Request to be told when a resource changes. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_SUBSCRIBE = 'resources/subscribe' as const;
/** Request that ends a subscription to a resource. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_UNSUBSCRIBE = 'resources/unsubscribe' as const;
/** Request for the prompts of a server. */
export const MCP_METHOD_NAME_VALUE_PROMPTS_LIST = 'prompts/list' as const;
/** Request for one prompt, filled in. */
export const MCP_METHOD_NAME_VALUE_PROMPTS_GET = 'prompts/get' as const;
/** Request for completions of an argument. */
export const MCP_METHOD_NAME_VALUE_COMPLETION_COMPLETE = 'completion/complete' as const;
/** Request that sets the lowest level of log messages to send. */
export const MCP_METHOD_NAME_VALUE_LOGGING_SET_LEVEL = 'logging/setLevel' as const;
/** Request of a server that the client sample from its model. */
export const MCP_METHOD_NAME_VALUE_SAMPLING_CREATE_MESSAGE = 'sampling/createMessage' as const;
/** Request of a server for the roots of the client. */
export const MCP_METHOD_NAME_VALUE_ROOTS_LIST = 'roots/list' as const;
/** Request of a server that the client ask its user for input. */
export const MCP_METHOD_NAME_VALUE_ELICITATION_CREATE = 'elicitation/create' as const;
/** Notification that the client has finished initializing. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_INITIALIZED = 'notifications/initialized' as const;
/** Notification that an earlier request is cancelled. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_CANCELLED = 'notifications/cancelled' as const;
/** Notification of progress in a request that takes long. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_PROGRESS = 'notifications/progress' as const;
/** Notification that carries a log message. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_MESSAGE = 'notifications/message' as const;
/** Notification that a resource has changed. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_RESOURCES_UPDATED = 'notifications/resources/updated' as const;
/** Notification that the list of resources has changed. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_RESOURCES_LIST_CHANGED =
  'notifications/resources/list_changed' as const;
/** Notification that the list of prompts has changed. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_PROMPTS_LIST_CHANGED = 'notifications/prompts/list_changed' as const;
/** Notification that the list of tools has changed. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TOOLS_LIST_CHANGED = 'notifications/tools/list_changed' as const;
/** Notification that the list of roots has changed. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_ROOTS_LIST_CHANGED = 'notifications/roots/list_changed' as const;

// `mcp.method.name`: methods of MCP that the convention does not list yet. It allows other values, so the method on the
// wire is recorded as it is.

/** Request for the versions, capabilities and identity of a server. Not in the convention. Since 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_SERVER_DISCOVER = 'server/discover' as const;
/** Request whose answer is a long-lived stream of notifications. Not in the convention. Since 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_SUBSCRIPTIONS_LISTEN = 'subscriptions/listen' as const;
/** First notification on a stream of `subscriptions/listen`. Not in the convention. Since 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_SUBSCRIPTIONS_ACKNOWLEDGED =
  'notifications/subscriptions/acknowledged' as const;
/** Request for the state of a task. Not in the convention. Since 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_TASKS_GET = 'tasks/get' as const;
/** Request for the result of a task. Not in the convention. Only in 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_TASKS_RESULT = 'tasks/result' as const;
/** Request for the tasks of a peer. Not in the convention. Only in 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_TASKS_LIST = 'tasks/list' as const;
/** Request that cancels a task. Not in the convention. Since 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_TASKS_CANCEL = 'tasks/cancel' as const;
/** Request that updates a task. Not in the convention. Since 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_TASKS_UPDATE = 'tasks/update' as const;
/** Request for the skills of a server. Not in the convention; an extension of 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_SKILLS_LIST = 'skills/list' as const;
/** Request for one skill. Not in the convention; an extension of 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_SKILLS_GET = 'skills/get' as const;
/** Request for the resources below a URI. Not in the convention; an extension of 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_RESOURCES_DIRECTORY_READ = 'resources/directory/read' as const;
/** Notification of the state of a task. Not in the convention. Since 2026-07-28. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TASKS = 'notifications/tasks' as const;
/** Notification of the status of a task. Not in the convention. Only in 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_TASKS_STATUS = 'notifications/tasks/status' as const;
/** Notification that an elicitation has ended. Not in the convention. Only in 2025-11-25. */
export const MCP_METHOD_NAME_VALUE_NOTIFICATIONS_ELICITATION_COMPLETE = 'notifications/elicitation/complete' as const;

// `network.transport`

/** HTTP over TCP, and anything else over TCP. */
export const NETWORK_TRANSPORT_VALUE_TCP = 'tcp' as const;
/** HTTP/3. */
export const NETWORK_TRANSPORT_VALUE_QUIC = 'quic' as const;
/** Standard input and output. */
export const NETWORK_TRANSPORT_VALUE_PIPE = 'pipe' as const;
/** A Unix domain socket. */
export const NETWORK_TRANSPORT_VALUE_UNIX = 'unix' as const;

// `gen_ai.operation.name`

/** A tool call. */
export const GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL = 'execute_tool' as const;

// `error.type`: the words of the convention.

/** The tool answered with a result that has `isError: true`. */
export const ERROR_TYPE_VALUE_TOOL_ERROR = 'tool_error' as const;
/** The fallback, when no better word is known. */
export const ERROR_TYPE_VALUE_OTHER = '_OTHER' as const;

// `error.type`: our words for failures on which the convention is silent. They are words so that none can be mistaken
// for an error code received from the peer.

/** Extension of mcp-trail. No answer came in time. */
export const ERROR_TYPE_VALUE_TIMEOUT = 'timeout' as const;
/** Extension of mcp-trail. The caller gave up; on the span of the sender. */
export const ERROR_TYPE_VALUE_CANCELLED = 'cancelled' as const;
/** Extension of mcp-trail. The connection or session ended while the request was open. */
export const ERROR_TYPE_VALUE_CONNECTION_CLOSED = 'connection_closed' as const;
/** Extension of mcp-trail. The message could not be written. */
export const ERROR_TYPE_VALUE_SEND_FAILED = 'send_failed' as const;
/** Extension of mcp-trail. The request was made without a connection. */
export const ERROR_TYPE_VALUE_NOT_CONNECTED = 'not_connected' as const;
/** Extension of mcp-trail. Refused: its audit record could not be kept, and the operator asked for that (`audit.onFailure`). */
export const ERROR_TYPE_VALUE_AUDIT_UNAVAILABLE = 'audit_unavailable' as const;
/** Extension of mcp-trail. Refused: the tool is not as locked, and the lock is enforced (`audit.toolLock`). */
export const ERROR_TYPE_VALUE_TOOL_NOT_LOCKED = 'tool_not_locked' as const;
/** Extension of mcp-trail. A result came, but failed the validation of the caller. */
export const ERROR_TYPE_VALUE_INVALID_RESULT = 'invalid_result' as const;

// `mcp_trail.result.type`: ours.

/** Extension of mcp-trail. The server asks for input and expects the call again. */
export const MCP_TRAIL_RESULT_TYPE_VALUE_INPUT_REQUIRED = 'input_required' as const;
/** Extension of mcp-trail. The result is the handle of a task that goes on. */
export const MCP_TRAIL_RESULT_TYPE_VALUE_TASK = 'task' as const;

// `mcp_trail.side`: ours.

/** Extension of mcp-trail. This process sent the request. */
export const MCP_TRAIL_SIDE_VALUE_CLIENT = 'client' as const;
/** Extension of mcp-trail. This process received the request. */
export const MCP_TRAIL_SIDE_VALUE_SERVER = 'server' as const;

// Lists.

/**
 * The released versions of the Model Context Protocol, oldest first: what `mcp.protocol.version` holds when both peers
 * keep to the specification.
 *
 * @see https://modelcontextprotocol.io/specification/versioning
 */
export const MCP_PROTOCOL_VERSIONS: readonly string[] = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
];

/**
 * JSON-RPC error codes that are the fault of the caller, and so no error on the span and metric of the receiver: the
 * code is recorded, `error.type` is not, the status stays unset. For the sender every code is an error.
 *
 * In order: parse error, invalid request, method not found, invalid params (also unknown tool), resource not found.
 *
 * Source: the note on `rpc.response.status_code` in `mcp.server.status.attributes` of semantic-conventions-genai
 * model/mcp/common.yaml at commit 0e5e6a8d (pull request #404).
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/0e5e6a8d59d38c9c19556a5164a83cc11a7d53ff/model/mcp/common.yaml
 */
export const MCP_SERVER_NON_ERROR_CODES: readonly number[] = [-32700, -32600, -32601, -32602, -32002];
