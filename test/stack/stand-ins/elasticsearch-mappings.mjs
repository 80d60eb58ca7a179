/** Index templates of the Elasticsearch stand-in: built-in ones, composition of mappings, and rejected documents. */
import { Refused } from './server.mjs';

const SETTINGS = ['index.lifecycle.name', 'index.mapping.ignore_malformed', 'index.mapping.total_fields.limit'];
const FIELD_TYPES = [
  'keyword',
  'constant_keyword',
  'match_only_text',
  'long',
  'double',
  'byte',
  'boolean',
  'date',
  'date_nanos',
  'flattened',
  'passthrough',
  'object',
  'histogram',
  'version',
  'alias',
];
const FIELD_KEYS = ['type', 'properties', 'dynamic', 'priority', 'ignore_above', 'value', 'path'];
/** Field types that are merged if two components define them; of other types, the later one wins. */
const JOINED = ['object', 'nested'];

/** @typedef {{ type: string, properties?: Record<string, Field>, dynamic?: boolean, ignore_above?: number, path?: string }} Field */
/** @typedef {{ properties: Record<string, Field>, settings: Record<string, unknown> }} Mapping */

const keyword = { type: 'keyword' };
/** @param {string} path */
const alias = (path) => ({ type: 'alias', path });
/** Elasticsearch's built-in templates for OpenTelemetry, for the parts of documents used here. @type {Record<string, Partial<Mapping>>} */
const BUILT_IN_COMPONENTS = {
  'logs@mappings': {},
  'logs@settings': {},
  'ecs@mappings': {},
  'semconv-resource-to-ecs@mappings': {},
  'otel@mappings': {
    properties: {
      '@timestamp': { type: 'date' },
      'data_stream.type': { type: 'constant_keyword' },
      'data_stream.dataset': { type: 'constant_keyword' },
      'data_stream.namespace': { type: 'constant_keyword' },
      attributes: { type: 'passthrough', dynamic: true, properties: {} },
      dropped_attributes_count: { type: 'long' },
      'scope.name': keyword,
      'scope.version': { type: 'version' },
      'scope.attributes': { type: 'passthrough', dynamic: true, properties: {} },
      'resource.attributes': { type: 'passthrough', dynamic: true, properties: {} },
    },
  },
  'logs-otel@mappings': {
    properties: {
      observed_timestamp: { type: 'date_nanos' },
      severity_number: { type: 'byte' },
      severity_text: keyword,
      event_name: keyword,
      'body.text': { type: 'match_only_text' },
      'body.structured': { type: 'passthrough', dynamic: true, properties: {} },
      trace_id: keyword,
      span_id: keyword,
      attributes: {
        type: 'passthrough',
        dynamic: true,
        properties: { 'exception.type': keyword, 'exception.message': keyword, 'exception.stacktrace': keyword },
      },
      message: alias('body.text'),
      'error.exception.type': alias('attributes.exception.type'),
      'error.exception.message': alias('attributes.exception.message'),
      'error.stack_trace': alias('attributes.exception.stacktrace'),
    },
  },
  'traces-otel@mappings': {
    properties: {
      trace_id: keyword,
      span_id: keyword,
      parent_span_id: keyword,
      name: keyword,
      kind: keyword,
      duration: { type: 'long' },
      links: { type: 'object' },
      'status.code': keyword,
      'status.message': keyword,
      trace_state: keyword,
      dropped_events_count: { type: 'long' },
      dropped_links_count: { type: 'long' },
    },
  },
  'metrics-otel@mappings': {
    properties: {
      start_timestamp: { type: 'date_nanos' },
      unit: keyword,
      metrics: { type: 'passthrough', dynamic: true, properties: {} },
      _metric_names_hash: keyword,
    },
  },
};

/** @param {string} kind */
const builtInTemplate = (kind) => ({
  name: `${kind}-otel@template`,
  index_patterns: [`${kind}-*.otel-*`],
  priority: 120,
  composed_of: ['otel@mappings', `${kind}-otel@mappings`],
});

export function createTemplates() {
  const components = new Map(Object.entries(BUILT_IN_COMPONENTS));
  const templates = new Map(
    ['logs', 'traces', 'metrics'].map((kind) => [`${kind}-otel@template`, builtInTemplate(kind)]),
  );

  /** Composes one mapping; later components override earlier ones. @param {any} template */
  function compose(template) {
    /** @type {Mapping} */
    const mapping = { properties: {}, settings: {} };
    for (const part of template.composed_of) {
      const component = structuredClone(components.get(part) ?? {});
      Object.assign(mapping.settings, component.settings);
      for (const [name, field] of Object.entries(component.properties ?? {})) {
        const before = mapping.properties[name];
        mapping.properties[name] =
          before && JOINED.includes(before.type) && JOINED.includes(field.type)
            ? { ...before, ...field, properties: { ...before.properties, ...field.properties } }
            : field;
      }
    }
    Object.assign(mapping.settings, template.template?.settings);
    return mapping;
  }

  return {
    /** @param {string} name @param {Record<string, any>} body */
    putComponent(name, body) {
      const { mappings = {}, settings = {} } = body.template;
      for (const setting of Object.keys(settings)) {
        if (!SETTINGS.includes(setting))
          throw new Refused(400, `unknown setting [${setting}]`, 'illegal_argument_exception');
      }
      checkFields(mappings.properties ?? {}, name);
      components.set(name, { properties: mappings.properties ?? {}, settings });
    },

    /** @param {string} name @param {Record<string, any>} body @param {(policy: string) => boolean} hasPolicy */
    putTemplate(name, body, hasPolicy) {
      const optional = body.ignore_missing_component_templates ?? [];
      const missing = body.composed_of.filter(
        (/** @type {string} */ part) => !components.has(part) && !optional.includes(part),
      );
      if (missing.length > 0)
        throw new Refused(
          400,
          `index_template [${name}] invalid, cause [component templates ${JSON.stringify(missing)} do not exist]`,
          'invalid_index_template_exception',
        );
      for (const other of templates.values()) {
        const clash = body.index_patterns.some((/** @type {string} */ pattern) =>
          other.index_patterns.includes(pattern),
        );
        if (other.name !== name && clash && other.priority === body.priority) {
          throw new Refused(
            400,
            `index template [${name}] has patterns of [${other.name}] and the same priority`,
            'illegal_argument_exception',
          );
        }
      }
      const policy = body.template?.settings?.['index.lifecycle.name'];
      // Elasticsearch accepts this, but the index then stays in an error step: be stricter.
      if (policy && !hasPolicy(policy))
        throw new Refused(400, `policy [${policy}] does not exist`, 'illegal_argument_exception');
      checkAliases(compose({ ...body, name }).properties, name, body.composed_of);
      templates.set(name, { ...body, name });
    },

    /** The template of a new data stream and its mapping. @param {string} index */
    forIndex(index) {
      const [template] = [...templates.values()]
        .filter(({ index_patterns }) => index_patterns.some((pattern) => matches(pattern, index)))
        .sort((one, other) => other.priority - one.priority);
      if (!template) return undefined;
      return { name: template.name, mapping: compose(template) };
    },
  };
}

/** @param {Record<string, Field>} properties @param {string} name @param {string[]} parts */
function checkAliases(properties, name, parts) {
  const known = Object.entries(properties).flatMap(([field, { properties: inner = {} }]) => [
    field,
    ...Object.keys(inner).map((key) => `${field}.${key}`),
  ]);
  for (const [field, { type, path }] of Object.entries(properties)) {
    if (type !== 'alias' || known.includes(String(path))) continue;
    throw new Refused(
      400,
      `composable template [${name}] template after composition with component templates [${parts.join(', ')}] is invalid: ` +
        `Invalid [path] value [${path}] for field alias [${field}]: an alias must refer to an existing field in the mappings.`,
      'illegal_argument_exception',
    );
  }
}

/** @param {Record<string, any>} properties @param {string} where */
function checkFields(properties, where) {
  for (const [name, field] of Object.entries(properties)) {
    if (!FIELD_TYPES.includes(field.type))
      throw new Refused(
        400,
        `No handler for type [${field.type}] declared on field [${name}] of ${where}`,
        'mapper_parsing_exception',
      );
    const unknown = Object.keys(field).filter((key) => !FIELD_KEYS.includes(key));
    if (unknown.length > 0)
      throw new Refused(400, `unknown parameter [${unknown}] on mapper [${name}]`, 'mapper_parsing_exception');
    if (field.type === 'passthrough' && field.priority === undefined)
      throw new Refused(400, `passthrough [${name}] has no priority`, 'mapper_parsing_exception');
    if (field.properties) checkFields(field.properties, `${where} ${name}`);
  }
}

/** Matches `*` of index patterns. @param {string} pattern @param {string} index */
export const matches = (pattern, index) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'))
      .join('.*')}$`,
  ).test(index);

/** The type of a new field in a dynamic mapping. @param {unknown} value */
const typeOf = (value) => {
  const one = Array.isArray(value) ? value[0] : value;
  if (typeof one === 'number') return Number.isInteger(one) ? 'long' : 'double';
  if (typeof one === 'object' && one !== null) return 'flattened';
  return typeof one === 'boolean' ? 'boolean' : 'keyword';
};

/**
 * Checks a document against a mapping, and adds new fields to it where it is dynamic.
 *
 * @param {Mapping} mapping
 * @param {Record<string, any>} document
 * @returns {string[]} fields whose values are stored but not searchable
 * @throws {Refused} as Elasticsearch rejects a document
 */
export function ignoredOf(mapping, document) {
  const time = document['@timestamp'];
  if (time === undefined) throw unfit('data stream timestamp field [@timestamp] is missing');
  // Regardless of settings, because a data stream is ordered by it.
  if (!isDate(time)) throw unfit(`failed to parse field [@timestamp] of type [date]: [${time}]`);
  const ignored = [];
  const lenient = mapping.settings['index.mapping.ignore_malformed'] === true;
  for (const [name, value] of flat(document, mapping.properties)) {
    const field = mapping.properties[name];
    if (!field) continue; // `dynamic: false` at the top level
    if (field.type !== 'passthrough') {
      if (!accepts(field, value, name, lenient)) ignored.push(name);
      continue;
    }
    for (const [key, inner] of Object.entries(value)) {
      const fields = field.properties ?? {};
      field.properties = fields;
      // A dynamic template of OpenTelemetry maps an object as a field, even where the mapping is not dynamic.
      if (!fields[key] && !field.dynamic && typeOf(inner) !== 'flattened') continue;
      fields[key] ??= { type: name === 'metrics' && typeof inner === 'object' ? 'histogram' : typeOf(inner) };
      if (!accepts(fields[key], inner, `${name}.${key}`, lenient)) ignored.push(`${name}.${key}`);
    }
  }
  return ignored;
}

/** Members of a document by their dotted names in the mapping. */
function* flat(/** @type {Record<string, any>} */ object, /** @type {Record<string, Field>} */ known, prefix = '') {
  for (const [key, value] of Object.entries(object)) {
    const name = prefix + key;
    const deeper = Object.keys(known).some((field) => field.startsWith(`${name}.`));
    if (deeper && typeof value === 'object' && value !== null && !Array.isArray(value))
      yield* flat(value, known, `${name}.`);
    else yield/** @type {[string, any]} */ ([name, value]);
  }
}

const isScalar = (/** @type {unknown} */ value) => ['string', 'number', 'boolean'].includes(typeof value);
const isNumber = (/** @type {unknown} */ value) =>
  (typeof value === 'number' || typeof value === 'string') && value !== '' && Number.isFinite(Number(value));
const isLong = (/** @type {any} */ value) => isNumber(value) && Math.abs(Number(value)) < 2 ** 63;
/** Milliseconds or ISO 8601; not a date in mail format. */
const isDate = (/** @type {any} */ value) =>
  isNumber(value) ||
  (/^\d{4}(-\d\d(-\d\d(T[\d:.,]+(Z|[+-][\d:]+)?)?)?)?$/.test(value) && !Number.isNaN(Date.parse(value)));
/** @type {Record<string, (value: any) => boolean>} */
const MALFORMED = {
  long: (value) => !isLong(value),
  byte: (value) => !isNumber(value) || Math.abs(value) > 127,
  double: (value) => !isNumber(value),
  boolean: (value) => ![true, false, 'true', 'false', ''].includes(value),
  date: (value) => !isDate(value),
  date_nanos: (value) => !isDate(value),
};

/** @param {Field} field @param {any} value @param {string} name @param {boolean} lenient @returns {boolean} whether it is not ignored */
function accepts({ type, ignore_above = Number.POSITIVE_INFINITY }, value, name, lenient) {
  if (type === 'object' || type === 'flattened' || value === null) return true;
  if (type === 'histogram') {
    const { counts, values } = value ?? {};
    if (!Array.isArray(counts) || counts.length !== values?.length) throw unfit(`[${name}] is no histogram`);
    if (values.some((/** @type {number} */ bound, /** @type {number} */ at) => at > 0 && bound <= values[at - 1]))
      throw unfit(`[${name}]: values are not in order`);
    return true;
  }
  let searchable = true;
  for (const one of Array.isArray(value) ? value : [value]) {
    // Elasticsearch stores an object with its own fields, which are not searchable and not listed as ignored.
    if (!isScalar(one)) continue;
    if (type === 'keyword' && String(one).length > ignore_above) searchable = false;
    if (!MALFORMED[type]?.(one)) continue;
    if (!lenient) throw unfit(`failed to parse field [${name}] of type [${type}]`);
    searchable = false;
  }
  return searchable;
}

/** @param {string} reason */
const unfit = (reason) => new Refused(400, reason, 'document_parsing_exception');
