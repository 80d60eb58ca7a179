/*
 * Metrics of the OpenTelemetry conventions for MCP, and those of this package.
 *
 * Upstream state: open-telemetry/semantic-conventions v1.41.1 (commit ead83b9b) plus
 * open-telemetry/semantic-conventions-genai model/mcp/common.yaml at commit 0e5e6a8d (merged pull requests #136, #179,
 * #220 and #404). All four histograms of durations are in development.
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
 * Bucket boundaries that the convention asks of all four histograms of durations, in seconds. Pass a copy as
 * `advice.explicitBucketBoundaries`.
 *
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const MCP_DURATION_BUCKETS: readonly number[] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Size of a JSON-RPC request as JSON without spaces, in
 * UTF-8. Recorded when its operation ends. A client measures it without the trace context that is added.
 *
 * - Instrument: histogram, boundaries {@link MCP_TRAIL_SIZE_BUCKETS}; opt-in (`metricsSizes`), or with an audit trail.
 * - Unit: `By`.
 * - Attributes: `mcp_trail.side`; otherwise those of {@link METRIC_MCP_CLIENT_OPERATION_DURATION} or
 *   {@link METRIC_MCP_SERVER_OPERATION_DURATION}.
 */
export const METRIC_MCP_TRAIL_REQUEST_SIZE = 'mcp_trail.request.size' as const;

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Size of the response to a JSON-RPC request: all else as in
 * {@link METRIC_MCP_TRAIL_REQUEST_SIZE}.
 *
 * - Instrument: histogram, boundaries {@link MCP_TRAIL_SIZE_BUCKETS}; opt-in (`metricsSizes`), or with an audit trail.
 * - Unit: `By`.
 * - Attributes: as above.
 */
export const METRIC_MCP_TRAIL_RESPONSE_SIZE = 'mcp_trail.response.size' as const;

/** Bucket boundaries of the sizes, in bytes: powers of 4 from 64 B to 16 MiB. */
export const MCP_TRAIL_SIZE_BUCKETS: readonly number[] = Array.from({ length: 10 }, (_, index) => 4 ** (index + 3));

/**
 * **Extension of mcp-trail, not an OpenTelemetry convention.** Requests that are being handled or waited for, including
 * listen streams.
 *
 * - Instrument: up-down counter.
 * - Unit: `{operation}`.
 * - Attributes: as of the sizes, but for `error.type` and the status code; with the names that are known when it starts.
 */
export const METRIC_MCP_TRAIL_OPERATIONS_ACTIVE = 'mcp_trail.operations.active' as const;

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
