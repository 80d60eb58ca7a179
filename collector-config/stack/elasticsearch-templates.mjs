/**
 * Elasticsearch's templates for OpenTelemetry, which install as a plugin without a jar in Maven Central: described from Elastic's
 * documentation, for the fields that the Collector's exporter writes. With the built-in templates that they are composed of.
 */

const long = { type: 'long' };
const keyword = { type: 'keyword' };
const bounded = { type: 'keyword', ignore_above: 1024 };
const off = { type: 'object', enabled: false };
const constant = (/** @type {string | undefined} */ value = undefined) => ({ type: 'constant_keyword', value });
const alias = (/** @type {string} */ path) => ({ type: 'alias', path });
/** Attributes of a sender: also found without their prefix, by priority. */
const passthrough = (/** @type {number} */ priority, /** @type {Record<string, object>} */ properties = {}) => ({
  type: 'passthrough',
  dynamic: true,
  priority,
  time_series_dimension: true,
  properties,
});

/** Fields of spans and of records written within one. */
const trace = { trace_id: keyword, 'trace.id': alias('trace_id'), span_id: keyword, 'span.id': alias('span_id') };

/** Component templates by name. */
export const COMPONENTS = {
  'otel@mappings': {
    mappings: {
      date_detection: false,
      dynamic: false,
      properties: {
        '@timestamp': { type: 'date' },
        'data_stream.type': constant(),
        'data_stream.dataset': constant(),
        'data_stream.namespace': constant(),
        'event.dataset': alias('data_stream.dataset'),
        attributes: passthrough(20),
        dropped_attributes_count: long,
        scope: {
          properties: {
            name: bounded,
            version: { type: 'version' },
            schema_url: bounded,
            dropped_attributes_count: long,
            attributes: passthrough(30),
          },
        },
        resource: {
          properties: { schema_url: bounded, dropped_attributes_count: long, attributes: passthrough(40) },
        },
      },
      dynamic_templates: [
        {
          complex_attributes: {
            path_match: ['resource.attributes.*', 'scope.attributes.*', 'attributes.*'],
            match_mapping_type: 'object',
            mapping: { type: 'flattened' },
          },
        },
      ],
    },
  },
  'semconv-resource-to-ecs@mappings': {
    mappings: {
      properties: {
        resource: {
          properties: {
            attributes: passthrough(40, { 'host.name': bounded, 'host.arch': bounded, 'service.instance.id': bounded }),
          },
        },
        'host.architecture': alias('resource.attributes.host.arch'),
        'service.node.name': alias('resource.attributes.service.instance.id'),
      },
    },
  },
  'logs-otel@mappings': {
    settings: {
      index: {
        mode: 'logsdb',
        sort: { field: ['resource.attributes.host.name', '@timestamp'], order: ['asc', 'desc'] },
      },
    },
    mappings: {
      properties: {
        'data_stream.type': constant('logs'),
        ...trace,
        observed_timestamp: { type: 'date_nanos' },
        severity_number: { type: 'byte' },
        severity_text: keyword,
        'log.level': alias('severity_text'),
        event_name: keyword,
        body: {
          properties: {
            text: { type: 'match_only_text' },
            structured: { type: 'passthrough', dynamic: true, priority: 10 },
          },
        },
        message: alias('body.text'),
        attributes: passthrough(20, {
          'exception.type': bounded,
          'exception.message': bounded,
          'exception.stacktrace': { type: 'wildcard' },
        }),
        'error.exception.type': alias('attributes.exception.type'),
        'error.exception.message': alias('attributes.exception.message'),
        'error.stack_trace': alias('attributes.exception.stacktrace'),
      },
    },
  },
  'traces-otel@mappings': {
    settings: { index: { mode: 'logsdb' } },
    mappings: {
      properties: {
        'data_stream.type': constant('traces'),
        ...trace,
        trace_state: keyword,
        parent_span_id: keyword,
        'parent.id': alias('parent_span_id'),
        name: keyword,
        'span.name': alias('name'),
        kind: keyword,
        duration: long,
        dropped_events_count: long,
        dropped_links_count: long,
        links: off,
        status: { properties: { message: keyword, code: keyword } },
      },
    },
  },
  'metrics-otel@mappings': {
    settings: {
      index: {
        mode: 'time_series',
        // Elasticsearch itself sets this, in a module without a jar.
        routing_path: ['attributes.*', 'resource.attributes.*', 'scope.attributes.*', 'unit', '_metric_names_hash'],
        mapping: { ignore_malformed: true, total_fields: { limit: 10_000 } },
      },
    },
    mappings: {
      properties: {
        'data_stream.type': constant('metrics'),
        start_timestamp: { type: 'date_nanos' },
        metrics: { type: 'passthrough', dynamic: true, priority: 10 },
        _metric_names_hash: { ...keyword, time_series_dimension: true },
        unit: { ...bounded, time_series_dimension: true },
      },
      dynamic_templates: [
        { histogram: { mapping: { type: 'object' } } }, // the type `histogram` has no jar
        ...['long', 'double'].flatMap((type) =>
          ['counter', 'gauge'].map((kind) => ({
            [`${kind}_${type}`]: { mapping: { type, time_series_metric: kind } },
          })),
        ),
      ],
    },
  },
};

/** Templates out of Elasticsearch's own jar, before and after those for OpenTelemetry. */
export const BUILT_IN = ['ecs@mappings', 'logs@mappings', 'logs@settings'];

/** Index templates by name. */
export const TEMPLATES = Object.fromEntries(
  Object.entries({
    logs: [
      'logs@mappings',
      'logs@settings',
      'otel@mappings',
      'logs-otel@mappings',
      'semconv-resource-to-ecs@mappings',
      'ecs@mappings',
    ],
    traces: ['otel@mappings', 'traces-otel@mappings', 'semconv-resource-to-ecs@mappings', 'ecs@mappings'],
    metrics: ['otel@mappings', 'metrics-otel@mappings', 'semconv-resource-to-ecs@mappings'],
  }).map(([kind, parts]) => [
    `${kind}-otel@template`,
    { index_patterns: [`${kind}-*.otel-*`], priority: 120, data_stream: {}, composed_of: parts },
  ]),
);
