/*
 * Attribute keys of the OpenTelemetry conventions for MCP, and the keys of this package.
 *
 * Upstream state: open-telemetry/semantic-conventions v1.41.1 (commit ead83b9b), the last release that holds the MCP
 * conventions in full, plus open-telemetry/semantic-conventions-genai model/mcp/common.yaml at commit 0e5e6a8d (merged
 * pull requests #136, #179, #220 and #404). The keys are declared here because `@opentelemetry/semantic-conventions`
 * marks its own as deprecated and no released package replaces them.
 *
 * In the lists below "operation metrics" are the two `mcp.*.operation.duration` histograms and "session metrics" the
 * two `mcp.*.session.duration` histograms; what is not named does not carry the attribute.
 */

/**
 * The method of the request or notification, as sent. The set is open: a method without a value of its
 * own in the convention is recorded verbatim.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics: required.
 *
 * @example `tools/call`
 * @example `notifications/progress`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_MCP_METHOD_NAME = 'mcp.method.name' as const;

/**
 * The version of the Model Context Protocol that the operation uses.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics, session metrics: recommended.
 *
 * @example `2025-06-18`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_MCP_PROTOCOL_VERSION = 'mcp.protocol.version' as const;

/**
 * The URI in `resources/read`, `resources/subscribe`, `resources/unsubscribe` or `notifications/resources/updated`.
 *
 * - Type: string, development.
 * - Client span, server span: conditionally required, when the message has a resource URI parameter.
 * - Operation metrics: opt-in; unbounded, so it makes a poor label.
 * - Sensitive: possibly; a URI can name people, hosts and paths, or hold a credential.
 *
 * @example `file:///home/user/documents/report.pdf`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_MCP_RESOURCE_URI = 'mcp.resource.uri' as const;

/**
 * The MCP session the message belongs to. Protocol versions from 2026-07-28 on have no sessions.
 *
 * - Type: string, development.
 * - Client span, server span: recommended, when the message is part of a session.
 * - Metrics: never.
 * - Sensitive: yes, where a server accepts the session id as proof of identity.
 *
 * @example `191c4850af6c49e08843a3f6c80e5046`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_MCP_SESSION_ID = 'mcp.session.id' as const;

/**
 * The kind of GenAI operation. Only a tool call has one here: `execute_tool`.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics: recommended for `tools/call`, not to be set on anything else.
 *
 * @example `execute_tool`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
 */
export const ATTR_GEN_AI_OPERATION_NAME = 'gen_ai.operation.name' as const;

/**
 * The tool the operation is about. On the receiver this is text chosen by the peer.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics: conditionally required, when the operation relates to a specific tool.
 *
 * @example `get_weather`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
 */
export const ATTR_GEN_AI_TOOL_NAME = 'gen_ai.tool.name' as const;

/**
 * The prompt the operation is about. On the receiver this is text chosen by the peer.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics: conditionally required, when the operation relates to a specific
 *   prompt.
 *
 * @example `analyze-code`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_GEN_AI_PROMPT_NAME = 'gen_ai.prompt.name' as const;

/**
 * The arguments of a tool call. A JSON string where the tracer takes no structured attribute values.
 *
 * - Type: any (an object), development.
 * - Client span, server span: opt-in.
 * - Metrics: never.
 * - Sensitive: yes; likely to hold personal data or secrets.
 *
 * @example `{"location":"San Francisco","date":"2025-10-01"}`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
 */
export const ATTR_GEN_AI_TOOL_CALL_ARGUMENTS = 'gen_ai.tool.call.arguments' as const;

/**
 * The result of a tool call that succeeded. A JSON string where the tracer takes no structured attribute values.
 *
 * - Type: any (an object), development.
 * - Client span, server span: opt-in.
 * - Metrics: never.
 * - Sensitive: yes; likely to hold personal data or secrets.
 *
 * @example `{"temperature_range":{"high":75,"low":60}}`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md
 */
export const ATTR_GEN_AI_TOOL_CALL_RESULT = 'gen_ai.tool.call.result' as const;

/**
 * One argument of `prompts/get`: the key of the attribute for the variable named `key`. The value is the argument as a
 * string.
 *
 * - Type: template of string, development.
 * - Client span, server span: opt-in.
 * - Operation metrics: opt-in by inheritance of the model; this package never records it there.
 * - Sensitive: yes; likely to hold personal data or secrets.
 *
 * @example `ATTR_GEN_AI_PROMPT_VARIABLE('language')` is `gen_ai.prompt.variable.language`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_GEN_AI_PROMPT_VARIABLE = (key: string) => `gen_ai.prompt.variable.${key}`;

/**
 * The `id` of the JSON-RPC request, as a string even where the wire has a number. Unset for notifications and for a
 * null id.
 *
 * - Type: string, development.
 * - Client span, server span: conditionally required, when the message is a request.
 * - Metrics: never.
 *
 * @example `'10'`
 * @example `request-7`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/jsonrpc.md
 */
export const ATTR_JSONRPC_REQUEST_ID = 'jsonrpc.request.id' as const;

/**
 * The `jsonrpc` property of the message. MCP is always `2.0`, so in practice it is never set.
 *
 * - Type: string, development.
 * - Client span, server span, operation metrics, session metrics: recommended, when it is not `2.0`.
 *
 * @example `1.0`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/jsonrpc.md
 */
export const ATTR_JSONRPC_PROTOCOL_VERSION = 'jsonrpc.protocol.version' as const;

/**
 * The code of a JSON-RPC error response, as a string. The name that the MCP conventions use.
 *
 * - Type: string; development in v1.41.1, since then replaced by {@link ATTR_RPC_STATUS_CODE} in the general
 *   conventions.
 * - Client span, server span, operation metrics: conditionally required, when the response holds an error code.
 *
 * @example `'-32602'`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_RPC_RESPONSE_STATUS_CODE = 'rpc.response.status_code' as const;

/**
 * The code of a JSON-RPC error response, as a string. The name that later general conventions gave to {@link
 * ATTR_RPC_RESPONSE_STATUS_CODE}; the MCP conventions have yet to follow.
 *
 * - Type: string, stable.
 * - Client span, server span, operation metrics: not in the MCP conventions; conditionally required under its older
 *   name.
 *
 * @example `'-32602'`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/main/docs/registry/attributes/rpc.md
 */
export const ATTR_RPC_STATUS_CODE = 'rpc.status_code' as const;

/**
 * How the operation failed: a JSON-RPC error code as a string, `tool_error`, or another word of low cardinality. Unset
 * on success.
 *
 * - Type: string, stable.
 * - Client span, server span, operation metrics: conditionally required, if and only if the operation fails.
 * - Session metrics: conditionally required, if and only if the session ends with an error.
 *
 * @example `tool_error`
 * @example `'-32603'`
 * @example `timeout`
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const ATTR_ERROR_TYPE = 'error.type' as const;

/**
 * What carries the MCP session: `pipe` for stdio, `tcp` or `quic` for HTTP.
 *
 * - Type: string, stable.
 * - Client span, server span, operation metrics, session metrics: recommended.
 *
 * @example `pipe`
 * @example `tcp`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/network.md
 */
export const ATTR_NETWORK_TRANSPORT = 'network.transport' as const;

/**
 * The application protocol below MCP, in lower case. Unset for stdio.
 *
 * - Type: string, stable.
 * - Client span, server span, operation metrics, session metrics: recommended, when applicable.
 *
 * @example `http`
 * @example `websocket`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/network.md
 */
export const ATTR_NETWORK_PROTOCOL_NAME = 'network.protocol.name' as const;

/**
 * The version of the protocol in {@link ATTR_NETWORK_PROTOCOL_NAME} that is really spoken. Unset for stdio.
 *
 * - Type: string, stable.
 * - Client span, server span, operation metrics, session metrics: recommended, when applicable.
 *
 * @example `1.1`
 * @example `2`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/network.md
 */
export const ATTR_NETWORK_PROTOCOL_VERSION = 'network.protocol.version' as const;

/**
 * Host name or address of the peer, as seen by the MCP client.
 *
 * - Type: string, stable.
 * - Client span, `mcp.client.operation.duration`, `mcp.client.session.duration`: recommended, if applicable.
 *
 * @example `mcp.example.com`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/server.md
 */
export const ATTR_SERVER_ADDRESS = 'server.address' as const;

/**
 * Port of the peer, as seen by the MCP client.
 *
 * - Type: int, stable.
 * - Client span, `mcp.client.operation.duration`, `mcp.client.session.duration`: recommended, when `server.address` is
 *   set.
 *
 * @example `443`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/server.md
 */
export const ATTR_SERVER_PORT = 'server.port' as const;

/**
 * Address of the peer that sent the message, as seen by the receiver.
 *
 * - Type: string, stable.
 * - Server span: recommended, if applicable.
 * - Metrics: never.
 * - Sensitive: possibly; an address can be personal data.
 *
 * @example `10.1.2.80`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/client.md
 */
export const ATTR_CLIENT_ADDRESS = 'client.address' as const;

/**
 * Port of the peer that sent the message, as seen by the receiver.
 *
 * - Type: int, stable.
 * - Server span: recommended, when `client.address` is set.
 * - Metrics: never.
 *
 * @example `65123`
 * @see https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/client.md
 */
export const ATTR_CLIENT_PORT = 'client.port' as const;

// Extensions. The keys below belong to this package and to no OpenTelemetry convention: the standard has no names for
// their meaning. They live in the namespace `mcp_trail.` and hold nothing sensitive.

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The name of the server that this process talks to as a
 * client, as the server says: a claim. Known once the server has answered.
 *
 * - Type: string, at most 256 characters.
 * - Client span: when the peer is a server.
 * - Server span: when the peer is a server, which asks its client for something.
 * - Operation metrics: the same; bounded, `_OTHER` beyond 100 names.
 * - Session metrics: `mcp.client.session.duration`; likewise.
 *
 * @example `weather`
 */
export const ATTR_MCP_TRAIL_SERVER_NAME = 'mcp_trail.server.name' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The version that goes with
 * {@link ATTR_MCP_TRAIL_SERVER_NAME}.
 *
 * - Type: string, at most 256 characters.
 * - Client span, server span: when the peer is a server that has told its version.
 * - Metrics: never.
 *
 * @example `1.4.2`
 */
export const ATTR_MCP_TRAIL_SERVER_VERSION = 'mcp_trail.server.version' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The name of the client that this process serves, as the
 * client says: a claim.
 *
 * - Type: string, at most 256 characters.
 * - Server span: when the peer is a client.
 * - Client span: when the peer is a client, which its server asks for something.
 * - Operation metrics: the same; bounded, `_OTHER` beyond 50 names.
 * - Session metrics: `mcp.server.session.duration`; likewise.
 *
 * @example `claude-ai`
 */
export const ATTR_MCP_TRAIL_CLIENT_NAME = 'mcp_trail.client.name' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The version that goes with
 * {@link ATTR_MCP_TRAIL_CLIENT_NAME}.
 *
 * - Type: string, at most 256 characters.
 * - Client span, server span: when the peer is a client that has told its version.
 * - Metrics: never.
 *
 * @example `0.1.0`
 */
export const ATTR_MCP_TRAIL_CLIENT_VERSION = 'mcp_trail.client.version' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The delivery of the audit trail that lost records.
 *
 * - Type: string; `file`, `stderr` or `otel`.
 * - Metric `mcp_trail.audit.records.lost`: always.
 *
 * @example `file`
 */
export const ATTR_MCP_TRAIL_AUDIT_SINK = 'mcp_trail.audit.sink' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Whether the caller cancelled the operation before it was
 * answered. Set only when true; such a span has no `error.type` and no error status, for the receiver did not fail.
 *
 * - Type: boolean.
 * - Server span: when the caller cancelled.
 *
 * @example `true`
 */
export const ATTR_MCP_TRAIL_CANCELLED = 'mcp_trail.cancelled' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The `resultType` of a result that is an answer but not
 * the final one. Such an operation did not fail.
 *
 * - Type: string; `input_required` or `task`.
 * - Client span, server span: when the result is not complete.
 *
 * @example `input_required`
 */
export const ATTR_MCP_TRAIL_RESULT_TYPE = 'mcp_trail.result.type' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Which round of a multi-round call this request is. Unset
 * in the first: a call that takes three requests has no value, 2 and 3.
 *
 * - Type: int, 2 and up.
 * - Client span, server span: from the second round on.
 *
 * @example `2`
 */
export const ATTR_MCP_TRAIL_ROUND = 'mcp_trail.round' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Which side of an operation measured it: its sender is the
 * client and its receiver the server, as in the kind of its span.
 *
 * - Type: string; `client` or `server`.
 * - Metrics `mcp_trail.request.size`, `mcp_trail.response.size`, `mcp_trail.operations.active`: always.
 *
 * @example `server`
 */
export const ATTR_MCP_TRAIL_SIDE = 'mcp_trail.side' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The task that a message is about. The span links to the
 * call that made the task, where that is known.
 *
 * - Type: string, at most 256 characters.
 * - Client span, server span: on the call that was answered with a task, and on every message that names it: `tasks/…`,
 *   notifications about it, and what is asked in its course.
 * - Metrics: never.
 *
 * @example `786512e2-9e0d-44bd-8f29-789f320fe840`
 */
export const ATTR_MCP_TRAIL_TASK_ID = 'mcp_trail.task.id' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** The status of a task, as reported by the result of
 * `tasks/get` or by a notification of task status. A task can fail inside an operation that succeeds.
 *
 * - Type: string.
 * - Client span, server span: on `tasks/get`, `notifications/tasks` and `notifications/tasks/status`.
 *
 * @example `working`
 * @example `failed`
 */
export const ATTR_MCP_TRAIL_TASK_STATUS = 'mcp_trail.task.status' as const;
