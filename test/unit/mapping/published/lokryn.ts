/**
 * The message `LogRequest` of the lokryn compliance log schema 0.2.0 (PyPI `lokryn-compliance-log` 0.2.0, its descriptor
 * read with protobuf; repository lokryn-llc/compliance-log-schema): fields by name and type, enums by their numbers.
 */
export const MESSAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LogRequest: {
    event_type: 'EventType',
    outcome: 'Outcome',
    severity: 'Severity',
    sensitivity: 'Sensitivity',
    ocsf_class_uid: 'int32',
    ocsf_activity_id: 'int32',
    otel_operation_name: 'string',
    time: 'Timestamp',
    duration_ms: 'int64',
    actor_id: 'string',
    actor_type: 'string',
    component: 'string',
    environment: 'string',
    resource: 'string',
    message: 'string',
    trace_id: 'string',
    span_id: 'string',
    parent_span_id: 'string',
    session_id: 'string',
    policy_tags: 'string[]',
    metadata: 'Metadata',
    mcp: 'MCPPayload',
    // A `google.protobuf.Struct`: any JSON object.
    data: 'Struct',
    client_id: 'string',
    client_version: 'string',
    server_id: 'string',
    server_version: 'string',
    request_size_bytes: 'int64',
    response_size_bytes: 'int64',
    geo_region: 'string',
  },
  Metadata: { schema_version: 'string', product_name: 'string', product_version: 'string', vendor_name: 'string' },
  MCPPayload: {
    protocol_version: 'string',
    request_id: 'string',
    tool_name: 'string',
    resource_uri: 'string',
    resource_mime_type: 'string',
    client_capabilities: 'string[]',
    server_capabilities: 'string[]',
  },
};

const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, number) => number);

export const ENUMS: Readonly<Record<string, readonly number[]>> = {
  EventType: [...upTo(12), ...upTo(6).map((n) => n + 20), ...upTo(12).map((n) => n + 30)],
  Outcome: [...upTo(4), 99],
  Severity: upTo(8),
  Sensitivity: [...upTo(4), 10],
};
