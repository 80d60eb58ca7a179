/** Maps audit records to Datadog logs with standard attributes. */
import type { AuditRecord } from '../semconv/audit-record.js';
import { type Conversion, first, integer, ip, nanoseconds, port, severity, timeToMilliseconds } from './convert.js';
import { fieldsOf, type JsonObject } from './fields.js';
import { meaningOf } from './meaning.js';
import { fill, leftOver, type MappingRow, own, place } from './rows.js';

/** The lower half of an OpenTelemetry id as an unsigned decimal, which is Datadog's older form. */
const decimalId: Conversion = {
  says: 'the last 64 bits, as an unsigned decimal in a text',
  of: (value) =>
    typeof value === 'string' && /^(?:[0-9a-f]{16}){1,2}$/.test(value)
      ? BigInt(`0x${value.slice(-16)}`).toString()
      : undefined,
};

/** Fields that appear only under another name: their own would repeat it, or clash with it. */
const RENAMED: readonly MappingRow[] = [
  { from: 'time', to: 'timestamp', as: timeToMilliseconds },
  { from: 'mcp_audit.message', to: 'message' },
  {
    from: 'severity_number',
    to: 'status',
    as: severity({ INFO: 'info', WARN: 'warn', ERROR: 'error', FATAL: 'critical' }),
  },
  { from: 'service.name', to: 'service' },
  { from: 'service.version', to: 'version' },
  { from: 'deployment.environment.name', to: 'env' },
  { from: 'trace_id', to: 'trace_id' },
  { from: 'span_id', to: 'span_id' },
];

/** Fields that also appear under their own names. */
const REPEATED: readonly MappingRow[] = [
  { from: 'trace_id', to: 'dd.trace_id', as: decimalId },
  { from: 'span_id', to: 'dd.span_id', as: decimalId },
  { from: 'mcp.method.name', to: 'evt.name' },
  { from: 'event_name', to: 'evt.name' },
  { from: 'audit.outcome', to: 'evt.outcome' },
  { from: 'audit.actor.id', to: 'usr.id' },
  { from: 'user.name', to: 'usr.name' },
  { from: 'client.address', to: 'network.client.ip', as: ip },
  { from: 'network.peer.address', to: 'network.client.ip', as: ip },
  { from: 'client.port', to: 'network.client.port', as: port },
  { from: 'server.address', to: 'network.destination.ip', as: ip, side: 'client' },
  { from: 'server.port', to: 'network.destination.port', as: port, side: 'client' },
  { from: 'http.request.method', to: 'http.method' },
  { from: 'url.path', to: 'http.url_details.path' },
  { from: 'http.response.status_code', to: 'http.status_code', as: integer },
  { from: 'http.request.header.x-request-id', to: 'http.request_id', as: first },
  { from: 'user_agent.original', to: 'http.useragent' },
  { from: 'mcp_audit.duration_ms', to: 'duration', as: nanoseconds },
  { from: 'error.type', to: 'error.kind' },
];

/** The table of fields for Datadog. A test compares `README.md` of this folder with it. */
export const DATADOG_ROWS: readonly MappingRow[] = [...RENAMED, ...REPEATED];

/** The source of the logs, which selects their pipeline. */
const SOURCE = 'mcp-trail';

/**
 * Maps a record to a log for Datadog's intake, with reserved and standard attributes. All other fields, and fields that a
 * standard attribute repeats, keep their own names.
 *
 * @returns a new object of JSON values; the record is not changed. The same record gives the same log. Values that cannot be
 * converted keep only their own names. Never throws.
 * @see https://docs.datadoghq.com/standard-attributes/
 */
export function toDatadog(record: AuditRecord): JsonObject {
  const fields = fieldsOf(record);
  const log: JsonObject = { ddsource: SOURCE };
  const used = fill(log, RENAMED, fields);
  fill(log, REPEATED, fields);
  place(log, 'evt.category', meaningOf(fields).category[0] ?? 'api');
  place(log, 'status', 'info');
  const rest = leftOver(fields, used, (key) => key, own) ?? {};
  // Of two members with the same name, the standard one stays.
  return { ...rest, ...log };
}
