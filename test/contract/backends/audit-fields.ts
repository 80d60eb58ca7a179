import { readFileSync } from 'node:fs';

interface FieldSchema {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly items?: FieldSchema;
}

/** Fields of audit records, from their JSON Schema. */
export const FIELDS: Record<string, FieldSchema> = JSON.parse(
  readFileSync('src/semconv/registry/audit-record.schema.json', 'utf8'),
).properties;

/** Fields that are only in the body. */
export const NO_ATTRIBUTES = [
  ...[
    'time',
    'observed_time',
    'event_name',
    'severity_number',
    'severity_text',
    'trace_id',
    'span_id',
    'parent_span_id',
  ],
  ...['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'],
  ...['audit.prev.hash', 'mcp_audit.checkpoint.note', 'mcp_audit.gap.prev_hash'],
];

/** Attribute names of the log record. */
export const ATTRIBUTES = Object.keys(FIELDS).filter((name) => !NO_ATTRIBUTES.includes(name));

/** What `collector-config/sources/audit-files.yaml` makes of a line that is not a whole record. */
export const DAMAGED_LINE = {
  event: 'mcp_audit.damaged_line',
  attributes: ['log.file.path', 'log.file.record_offset'],
} as const;

/** Metrics of mcp-trail and the Collector that queries can use. `test/stack/` checks that they arrive under these names. */
export const METRICS = [
  'mcp.server.operation.duration',
  'mcp_trail.operations.active',
  'mcp_trail.request.size',
  'mcp_trail.response.size',
  'otelcol_exporter_queue_size',
  'otelcol_exporter_queue_capacity',
  'otelcol_exporter_send_failed_log_records',
  'otelcol_exporter_enqueue_failed_log_records',
  'otelcol_process_uptime',
];
