/**
 * Audit records as the backends give them back, made from lines of audit files: what the Collector's exporters of
 * collector-config/ send, and how Loki, Elasticsearch, Datadog and Splunk answer. Values that nothing depends on are made up.
 */
import { AUDIT_FIELDS, type AuditField } from '../../src/semconv/audit-record.js';

/** The members of a record, or the attributes beside it. */
export type Values = Record<string, unknown>;

/**
 * The text of an export of the records in these lines. `edit` returns the attributes to use instead of a record's own, as
 * someone would change them who can write to the backend. A line that is not JSON has no attributes.
 */
export type Export = (lines: readonly string[], edit?: (attributes: Values, index: number) => Values) => string;

interface Delivered {
  readonly text: string;
  /** All members of the record; none for a line that is not JSON. */
  readonly fields: Values;
  /** Those that travel beside the body. */
  readonly attributes: Values;
  /** Nanoseconds since 1970, as text. */
  readonly nanoseconds: string;
}

const RESOURCE = ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'];

const SHAPES = {
  'audit file': (lines) => jsonl(lines),
  'OTLP JSON': otlpJson((record) => ({ stringValue: record.text })),
  'OTLP JSON, bodies parsed by a Collector': otlpJson(({ fields, text }) =>
    text.startsWith('{') && Object.keys(fields).length > 0 ? anyValue(fields) : { stringValue: text },
  ),
  'Loki, logcli --output=jsonl': (lines, edit) =>
    documents(lines, edit, (record) => ({
      labels: labelsOf(record),
      line: record.text,
      timestamp: record.fields['time'] ?? '2026-11-21T09:20:07Z',
    })),
  'Loki, query_range': (lines, edit) =>
    document(
      lokiAnswer(
        delivered(lines, edit).map((record) => ({
          stream: labelsOf(record),
          values: [[record.nanoseconds, record.text]],
        })),
      ),
    ),
  'Loki, query_range with categorized labels': (lines, edit) =>
    document(
      lokiAnswer([
        {
          stream: { service_name: 'weather' },
          values: delivered(lines, edit).map((record) => [
            record.nanoseconds,
            record.text,
            { structuredMetadata: labelsOf(record), parsed: { audit_actor_id_extracted: 'someone' } },
          ]),
        },
      ]),
    ),
  'Grafana, downloaded logs': (lines, edit) =>
    document(
      delivered(lines, edit).map((record) => ({
        line: record.text,
        timestamp: record.nanoseconds,
        fields: labelsOf(record),
      })),
    ),
  'Elasticsearch, elasticdump': (lines, edit) => documents(lines, edit, (record, index) => hit(index, source(record))),
  'Elasticsearch, _search': (lines, edit) =>
    document({
      took: 3,
      timed_out: false,
      _shards: { total: 1, successful: 1, skipped: 0, failed: 0 },
      hits: {
        total: { value: lines.length, relation: 'eq' },
        max_score: null,
        hits: delivered(lines, edit).map((record, index) => hit(index, source(record))),
      },
    }),
  'Elasticsearch, synthetic _source': (lines, edit) =>
    documents(lines, edit, (record, index) => {
      const attributes = Object.entries(record.attributes).map(([key, value]) => [key, synthetic(value)]);
      return hit(index, { ...source(record), attributes: nested(Object.fromEntries(attributes)) });
    }),
  'Elasticsearch, fields of _search': (lines, edit) =>
    documents(lines, edit, (record, index) => {
      const attributes = Object.entries(record.attributes).map(([key, value]) => [`attributes.${key}`, listed(value)]);
      const fields = { 'body.text': [record.text], 'resource.attributes.service.name': ['weather'] };
      return {
        _index: INDEX,
        _id: `id-${index}`,
        _score: null,
        fields: { ...Object.fromEntries(attributes), ...fields },
      };
    }),
  'Elasticsearch, parsed by a shipper': (lines, edit) =>
    documents(lines, edit, (record, index) => hit(index, { ...shipped(record), ...parsedOr(record, nested) })),
  'Datadog, list of logs': (lines, edit) =>
    document({
      meta: { status: 'done' },
      data: delivered(lines, edit).map((record, index) => ({
        id: `AQAAAY${index}`,
        type: 'log',
        attributes: {
          ...datadogEvent(record),
          message: record.text,
          attributes: nested({ ...datadogAttributes(record), ...resourceOf(record) }),
        },
      })),
    }),
  'Datadog, archive': (lines, edit) =>
    documents(lines, edit, (record, index) => ({
      _id: `AQAAAY${index}`,
      date: '2026-11-21T09:20:07.123Z',
      ...datadogEvent(record),
      message: record.text,
      attributes: nested({ ...datadogAttributes(record), ...resourceOf(record) }),
    })),
  'Datadog, messages parsed': (lines, edit) =>
    documents(lines, edit, (record, index) => ({
      id: `AQAAAY${index}`,
      type: 'log',
      attributes: {
        ...datadogEvent(record),
        ...parsedOr(record, (fields) => ({
          attributes: scrambled(nested({ ...datadogAttributes(record), ...fields })),
        })),
      },
    })),
  'Splunk, the column _raw as JSON': (lines, edit) =>
    documents(lines, edit, ({ text }, offset) => ({ preview: false, offset, result: { _raw: text } })),
  'Docker, json-file': (lines, edit) =>
    documents(lines, edit, ({ text }) => ({
      log: `${text}\n`,
      stream: 'stderr',
      time: '2026-11-21T09:20:07.123456789Z',
    })),
} as const satisfies Readonly<Record<string, Export>>;

/** The name of a shape. */
export type ExportName = keyof typeof SHAPES;

/** A file for each shape in which a backend or the Collector exports records. */
export const EXPORTS: Readonly<Record<ExportName, Export>> = SHAPES;

/** Shapes that have attributes beside the text of the record. */
export const EXPORTS_WITH_ATTRIBUTES = (Object.keys(EXPORTS) as ExportName[]).filter(
  (name) =>
    !['audit file', 'Splunk, the column _raw as JSON', 'Docker, json-file'].includes(name) &&
    !name.includes('parsed by a shipper') &&
    name !== 'Datadog, messages parsed',
);

const INDEX = '.ds-logs-mcp.audit.otel-default-2026.11.21-000001';

function delivered(lines: readonly string[], edit: Parameters<Export>[1] = (attributes) => attributes): Delivered[] {
  return lines.map((text, index) => {
    const fields = parsed(text);
    const own = Object.entries(fields).filter(([key]) => (AUDIT_FIELDS as Fields)[key]?.bodyOnly !== true);
    const uid = fields['audit.record.id'] === undefined ? {} : { 'log.record.uid': fields['audit.record.id'] };
    const milliseconds = Date.parse(String(fields['time'])) || 1_763_716_807_123;
    return {
      text,
      fields,
      attributes: edit({ ...uid, ...Object.fromEntries(own) }, index),
      nanoseconds: `${milliseconds}456789`,
    };
  });
}

type Fields = Readonly<Record<string, AuditField>>;

function parsed(text: string): Values {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function jsonl(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function document(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function documents(
  lines: readonly string[],
  edit: Parameters<Export>[1],
  make: (record: Delivered, index: number) => unknown,
): string {
  return delivered(lines, edit)
    .map((record, index) => document(make(record, index)))
    .join('');
}

/** As the Collector's file exporter writes requests: here two records each. */
function otlpJson(body: (record: Delivered) => unknown): Export {
  return (lines, edit) => {
    const logRecords = delivered(lines, edit).map((record) => ({
      timeUnixNano: record.nanoseconds,
      observedTimeUnixNano: record.nanoseconds,
      ...defined({
        severityNumber: record.fields['severity_number'],
        severityText: record.fields['severity_text'],
        eventName: record.fields['event_name'],
        traceId: record.fields['trace_id'],
        spanId: record.fields['span_id'],
      }),
      body: body(record),
      attributes: keyValues(record.attributes),
    }));
    const pairs = logRecords.flatMap((_, index) => (index % 2 === 0 ? [logRecords.slice(index, index + 2)] : []));
    return pairs
      .map((pair) => {
        const resource = { attributes: keyValues({ 'service.name': 'weather', 'process.parent_pid': 1 }) };
        return document({
          resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'mcp-trail' }, logRecords: pair }] }],
        });
      })
      .join('');
  };
}

function keyValues(values: Values): unknown[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  // The Collector writes integers as text, as protobuf's JSON does.
  if (typeof value === 'number') return { intValue: String(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: keyValues(value as Values) } };
}

/** Attributes, envelope and resource in one, as Loki has them: all text, `_` for whatever is no letter or digit. */
function labelsOf({ attributes, fields, nanoseconds }: Delivered): Record<string, string> {
  const envelope = defined({
    observed_timestamp: nanoseconds,
    severity_number: fields['severity_number'],
    severity_text: fields['severity_text'],
    event_name: fields['event_name'],
    trace_id: fields['trace_id'],
    span_id: fields['span_id'],
    detected_level: 'info',
  });
  const resource = { 'service.name': 'weather', 'process.parent_pid': 1, 'telemetry.sdk.language': 'nodejs' };
  const all = Object.entries({ ...attributes, ...envelope, ...resource, scope_name: 'mcp-trail' });
  return Object.fromEntries(all.map(([key, value]) => [key.replace(/[^a-zA-Z0-9]+/g, '_'), labelText(value)]));
}

/** Go escapes some characters in JSON, and Loki replaces the replacement character. */
function labelText(value: unknown): string {
  if (!Array.isArray(value)) return String(value).replaceAll('\ufffd', ' ');
  return JSON.stringify(value)
    .replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)
    .replaceAll('\ufffd', ' ');
}

function lokiAnswer(result: unknown): unknown {
  return { status: 'success', data: { resultType: 'streams', result, stats: { summary: { execTime: 0.01 } } } };
}

function hit(index: number, _source: unknown): unknown {
  return { _index: INDEX, _id: `id-${index}`, _score: 1, _source };
}

/** As the Collector's exporter writes documents in its mapping mode `otel`. */
function source({ text, fields, attributes, nanoseconds }: Delivered): Values {
  const timestamp = `${nanoseconds.slice(0, 13)}.${nanoseconds.slice(13)}`;
  return {
    '@timestamp': timestamp,
    observed_timestamp: timestamp,
    data_stream: { type: 'logs', dataset: 'mcp.audit.otel', namespace: 'default' },
    ...defined({
      severity_text: fields['severity_text'],
      severity_number: fields['severity_number'],
      trace_id: fields['trace_id'],
      span_id: fields['span_id'],
      event_name: fields['event_name'],
    }),
    attributes,
    resource: { attributes: { 'service.name': 'weather', 'process.parent_pid': 1 } },
    scope: { name: 'mcp-trail', version: '0.1.0' },
    body: { text },
  };
}

/** What agents that read files add. */
function shipped({ nanoseconds }: Delivered): Values {
  return {
    '@timestamp': new Date(Number(nanoseconds.slice(0, 13))).toISOString(),
    agent: { type: 'filebeat', name: 'host-1' },
    log: { file: { path: '/var/log/weather/audit.jsonl' }, offset: 4711 },
    host: { name: 'host-1' },
    input: { type: 'filestream' },
  };
}

/** The members in a form of their own, or the text as the message where it is not JSON. */
function parsedOr(record: Delivered, form: (fields: Values) => Values): Values {
  return Object.keys(record.fields).length === 0 ? { message: record.text } : form(record.fields);
}

function datadogEvent({ fields }: Delivered): Values {
  return {
    service: 'weather',
    host: 'otelcol',
    status: String(fields['severity_text'] ?? 'info').toLowerCase(),
    timestamp: '2026-11-21T09:20:07.123Z',
    tags: ['env:production', 'source:otlp_log_ingestion'],
  };
}

/** What the exporter and the pipeline of collector-config/datadog add to the attributes. */
function datadogAttributes({ attributes, fields, nanoseconds }: Delivered): Values {
  return {
    ...attributes,
    ...defined({
      'otel.trace_id': fields['trace_id'],
      'otel.span_id': fields['span_id'],
      'otel.severity_number': String(fields['severity_number']),
      'otel.severity_text': fields['severity_text'],
      'otel.event_name': fields['event_name'],
      'otel.timestamp': nanoseconds,
      'evt.name': fields['event_name'],
      'evt.outcome': fields['audit.outcome'],
      'usr.id': fields['audit.actor.id'],
      duration: 142_000_000,
    }),
    'telemetry.sdk.language': 'nodejs',
  };
}

function resourceOf({ fields }: Delivered): Values {
  const pairs = RESOURCE.filter((key) => fields[key] !== undefined).map((key) => [key, fields[key]]);
  return { ...Object.fromEntries(pairs), 'process.parent_pid': 1 };
}

function defined(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Objects in objects for names with dots. */
function nested(flat: Values): Values {
  const root: Values = {};
  for (const [name, value] of Object.entries(flat)) {
    const path = name.split('.');
    const last = path.pop() as string;
    let place = root;
    for (const step of path) {
      place[step] ??= {};
      place = place[step] as Values;
    }
    place[last] = value;
  }
  return root;
}

/** The members in another order, on all levels. */
function scrambled(value: Values): Values {
  const entries = Object.entries(value).reverse();
  const isObject = (each: unknown): each is Values => typeof each === 'object' && each !== null && !Array.isArray(each);
  return Object.fromEntries(entries.map(([key, each]) => [key, isObject(each) ? scrambled(each) : each]));
}

/** Elasticsearch may make a list of one element the element, sort lists, and cut times to milliseconds. */
function synthetic(value: unknown): unknown {
  if (!Array.isArray(value)) return inMilliseconds(value);
  return value.length === 1 ? value[0] : [...value].sort();
}

/** Elasticsearch gives every value of `fields` as a list. */
function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [inMilliseconds(value)];
}

function inMilliseconds(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^([\d-]{10}T[\d:]{8}\.\d{3})\d{6}Z$/, '$1Z') : value;
}
