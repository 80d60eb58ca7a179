/** The names that fields of records have in exports. */
import { RESOURCE } from '../../semconv/audit-fields-envelope.js';
import { AUDIT_FIELDS, type AuditField } from '../../semconv/audit-record.js';

const TYPES: ReadonlyMap<string, AuditField['type']> = new Map(
  Object.entries(AUDIT_FIELDS).map(([key, { type }]) => [key, type]),
);

/** Configured response headers, which the definition does not list. */
const HEADER = 'http.response.header.';
const HEADER_LABEL = 'http_response_header_';

/** Elasticsearch keeps attributes in an object. */
export const CONTAINER = 'attributes.';

/** Names that nobody else uses, of versions to come, too. */
const OURS = ['audit.', 'mcp_audit.', 'mcp_trail.'] as const;
/** Names of conventions for calls of tools and their clients, which nobody else gives to lines of a log. */
const ALSO_OURS = ['gen_ai.', 'mcp.', 'jsonrpc.', 'security_rule.', 'client.', 'tls.client.'] as const;
/** What the Collector's processor for signatures adds. */
const SIGNATURES = 'audit.integrity.';

/**
 * Fields that are not compared with what is beside the record: the resource may say otherwise of the service, and who
 * carries records may stamp them with a time of its own.
 */
const NOT_COMPARED: ReadonlySet<string> = new Set([...Object.keys(RESOURCE.fields), 'time', 'observed_time']);

/** Fields that a resource can have, too, where an export mixes both. */
const ALSO_OF_RESOURCES: ReadonlySet<string> = new Set(['process.parent_pid']);

/** Fields whose names others give their members, too: shippers name who runs them, and what went wrong. */
const ALSO_OF_SHIPPERS = ['user.', 'error.'] as const;

/** Members of log records that the record repeats, by their names in OTLP's JSON, in Elasticsearch and Loki, in Datadog. */
const LOG_RECORD: ReadonlyMap<string, string> = new Map([
  ...(
    [
      ['event_name', 'eventName'],
      ['severity_number', 'severityNumber'],
      ['severity_text', 'severityText'],
      ['trace_id', 'traceId'],
      ['span_id', 'spanId'],
    ] as const
  ).flatMap(([key, camel]) => [key, camel, `otel.${key}`].map((name) => [name, key] as const)),
]);

/** An attribute that repeats a field under another name. */
const UID = ['log.record.uid', 'audit.record.id'] as const;

const LABELS: ReadonlyMap<string, string> = new Map(
  [...[...TYPES.keys()].map((key) => [key, key] as const), UID].map(([name, key]) => [labelOf(name), key]),
);

/** The type of a field; undefined for other names. */
export function typeOf(key: string): AuditField['type'] | undefined {
  return TYPES.get(key) ?? (key.startsWith(HEADER) ? 'string[]' : undefined);
}

/** Whether a name is that of a field, also of one that only a later version has. */
export function isField(name: string): boolean {
  return typeOf(name) !== undefined || isOurs(name);
}

/** Whether nobody but this package gives an attribute this name. */
export function isOurs(name: string): boolean {
  return OURS.some((prefix) => name.startsWith(prefix)) && !name.startsWith(SIGNATURES);
}

/** Whether a field that a record does not have may not be beside it either, where an export mixes in what others know. */
export function isRecordsAlone(key: string): boolean {
  return isOurs(key) || (isField(key) && ALSO_OURS.some((prefix) => key.startsWith(prefix)));
}

/** The key of an attribute's field; undefined if it is not compared. */
export function attributeKey(name: string, mixed: boolean): string | undefined {
  const key = name === UID[0] ? UID[1] : ((mixed ? LOG_RECORD.get(name) : undefined) ?? name);
  return isField(key) && isCompared(key, mixed) ? key : undefined;
}

/** The key of a member beside a record; undefined if it is not compared. */
export function siblingKey(name: string, mixed: boolean): string | undefined {
  const member = LOG_RECORD.get(name);
  if (member !== undefined) return mixed ? undefined : member;
  const isOthers = ALSO_OF_SHIPPERS.some((prefix) => name.startsWith(prefix));
  return isField(name) && isCompared(name, true) && !isOthers ? name : undefined;
}

/** The key of a label in Loki; for configured headers its label, which stands for several keys. */
export function labelKey(name: string): string | undefined {
  const label = labelOf(name.startsWith(CONTAINER) ? name.slice(CONTAINER.length) : name);
  const key = LABELS.get(label) ?? (label.startsWith(HEADER_LABEL) ? label : undefined);
  return key !== undefined && isCompared(key, true) ? key : undefined;
}

/** The keys of a record's headers by their labels. Several can have the same. */
export function headersByLabel(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (const key of keys) {
    if (!key.startsWith(HEADER)) continue;
    const label = labelOf(key);
    const others = headers.get(label);
    if (others === undefined) headers.set(label, [key]);
    else others.push(key);
  }
  return headers;
}

/** The member of a log record that Datadog keeps under another name. */
export function envelopeKey(name: string): string | undefined {
  return name.startsWith('otel.') ? LOG_RECORD.get(name) : undefined;
}

/** @param mixed whether others' attributes are among those that are compared */
export function isCompared(key: string, mixed: boolean): boolean {
  return !NOT_COMPARED.has(key) && !(mixed && ALSO_OF_RESOURCES.has(key));
}

/** Loki allows letters, digits and `_`; some versions write one `_` for several. */
function labelOf(name: string): string {
  return name.replace(/[^a-zA-Z0-9]+/g, '_');
}
