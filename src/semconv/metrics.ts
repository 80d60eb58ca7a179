/*
 * Metrics of the OpenTelemetry conventions for MCP, and the two metrics of this package.
 *
 * Upstream state: open-telemetry/semantic-conventions v1.41.1 (commit ead83b9b) plus
 * open-telemetry/semantic-conventions-genai model/mcp/common.yaml at commit 0e5e6a8d (merged pull requests #136, #179,
 * #220 and #404). All four histograms are in development.
 */

/**
 * How long a request or notification took as seen by its sender: from sending it until the answer or acknowledgement
 * came.
 *
 * - Instrument: histogram, boundaries {@link MCP_DURATION_BUCKETS}; recommended.
 * - Unit: `s`.
 * - Attributes: `mcp.method.name` (required); `error.type`, `gen_ai.tool.name`, `gen_ai.prompt.name`,
 *   `rpc.response.status_code` (when they apply); `gen_ai.operation.name`, `mcp.protocol.version`, `network.transport`,
 *   `network.protocol.name`, `network.protocol.version`, `jsonrpc.protocol.version` (recommended); `server.address`,
 *   `server.port` (recommended); `mcp.resource.uri`, `gen_ai.prompt.variable.*` (opt-in; this package never records the
 *   latter); ours: `mcp_trail.server.name` or `mcp_trail.client.name`, whichever the peer is.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#metric-mcpclientoperationduration
 */
export const METRIC_MCP_CLIENT_OPERATION_DURATION = 'mcp.client.operation.duration' as const;

/**
 * How long a request or notification took as seen by its receiver: from receiving it until the answer or
 * acknowledgement was sent.
 *
 * - Instrument: histogram, boundaries {@link MCP_DURATION_BUCKETS}; recommended.
 * - Unit: `s`.
 * - Attributes: `mcp.method.name` (required); `error.type`, `gen_ai.tool.name`, `gen_ai.prompt.name`,
 *   `rpc.response.status_code` (when they apply); `gen_ai.operation.name`, `mcp.protocol.version`, `network.transport`,
 *   `network.protocol.name`, `network.protocol.version`, `jsonrpc.protocol.version` (recommended); `mcp.resource.uri`,
 *   `gen_ai.prompt.variable.*` (opt-in; this package never records the latter); ours: `mcp_trail.client.name` or
 *   `mcp_trail.server.name`, whichever the peer is.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#metric-mcpserveroperationduration
 */
export const METRIC_MCP_SERVER_OPERATION_DURATION = 'mcp.server.operation.duration' as const;

/**
 * How long an MCP session lasted as seen by the client.
 *
 * - Instrument: histogram, boundaries {@link MCP_DURATION_BUCKETS}; recommended.
 * - Unit: `s`.
 * - Attributes: `error.type` (when the session ends with an error); `mcp.protocol.version`, `network.transport`,
 *   `network.protocol.name`, `network.protocol.version`, `jsonrpc.protocol.version` (recommended); `server.address`,
 *   `server.port` (recommended); ours: `mcp_trail.server.name`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#metric-mcpclientsessionduration
 */
export const METRIC_MCP_CLIENT_SESSION_DURATION = 'mcp.client.session.duration' as const;

/**
 * How long an MCP session lasted as seen by the server.
 *
 * - Instrument: histogram, boundaries {@link MCP_DURATION_BUCKETS}; recommended.
 * - Unit: `s`.
 * - Attributes: `error.type` (when the session ends with an error); `mcp.protocol.version`, `network.transport`,
 *   `network.protocol.name`, `network.protocol.version`, `jsonrpc.protocol.version` (recommended); ours:
 *   `mcp_trail.client.name`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#metric-mcpserversessionduration
 */
export const METRIC_MCP_SERVER_SESSION_DURATION = 'mcp.server.session.duration' as const;

/**
 * Bucket boundaries that the convention asks of all four histograms, in seconds. Pass a copy as
 * `advice.explicitBucketBoundaries`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const MCP_DURATION_BUCKETS: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Operations that were ended early because the bound on
 * open operations was reached or their id was repeated. Above zero, some spans ended early and some durations are missing.
 *
 * - Instrument: counter.
 * - Unit: `{operation}`.
 */
export const METRIC_MCP_TRAIL_OPERATIONS_EVICTED = 'mcp_trail.operations.evicted' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Audit records that could not be delivered. Above zero, the
 * trail has a gap; unless `otel` lost them, or a sink of the application that had taken them with a promise, a record `mcp_audit.gap` reports it once writing works again.
 *
 * - Instrument: counter.
 * - Unit: `{record}`.
 * - Attributes: `mcp_trail.audit.sink` (`file`, `stderr`, `otel`, or the name of a sink of the application); `error.type`: the
 *   error code of the operating system such as `ENOSPC`, `reserve` where too little space was left, `not_accepted` by the OpenTelemetry logger or a sink, else `_OTHER`.
 */
export const METRIC_MCP_TRAIL_AUDIT_RECORDS_LOST = 'mcp_trail.audit.records.lost' as const;
