/** Index templates of the stand-in for Elasticsearch: what is built in, how parts make one mapping, what a mapping refuses. */
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

/** @typedef {{ type: string, properties?: Record<string, Field>, dynamic?: boolean }} Field */
/** @typedef {{ properties: Record<string, Field>, settings: Record<string, unknown>, dynamicTemplates: string[] }} Mapping */

const keyword = { type: 'keyword' };
/** What OpenTelemetry's templates, which Elasticsearch has built in, say of the parts of a document that come here. @type {Record<string, Partial<Mapping>>} */
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
      'body.structured': { type: 'flattened' },
      trace_id: keyword,
      span_id: keyword,
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
    dynamicTemplates: ['histogram', 'counter_long', 'gauge_long', 'counter_double', 'gauge_double', 'summary'],
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
      // The real one takes it, and the index then stays in an error step: worth being stricter about.
      if (policy && !hasPolicy(policy))
        throw new Refused(400, `policy [${policy}] does not exist`, 'illegal_argument_exception');
      templates.set(name, { ...body, name });
    },

    /** The template of a new data stream, and its mapping. @param {string} index */
    forIndex(index) {
      const [template] = [...templates.values()]
        .filter(({ index_patterns }) => index_patterns.some((pattern) => matches(pattern, index)))
        .sort((one, other) => other.priority - one.priority);
      if (!template) return undefined;
      /** @type {Mapping} */
      const mapping = { properties: {}, settings: {}, dynamicTemplates: [] };
      for (const part of template.composed_of) {
        const component = structuredClone(components.get(part) ?? {});
        Object.assign(mapping.settings, component.settings);
        mapping.dynamicTemplates.push(...(component.dynamicTemplates ?? []));
        for (const [name, field] of Object.entries(component.properties ?? {})) {
          const before = mapping.properties[name];
          mapping.properties[name] = {
            ...before,
            ...field,
            ...(before?.properties || field.properties
              ? { properties: { ...before?.properties, ...field.properties } }
              : {}),
          };
        }
      }
      Object.assign(mapping.settings, template.template?.settings);
      return { name: template.name, mapping };
    },
  };
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

/** `*` of index patterns. @param {string} pattern @param {string} index */
export const matches = (pattern, index) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, '\\$&'))
      .join('.*')}$`,
  ).test(index);

/** Types that a value of a new field gets, where the mapping is dynamic. @param {unknown} value */
const typeOf = (value) => {
  const one = Array.isArray(value) ? value[0] : value;
  if (typeof one === 'number') return Number.isInteger(one) ? 'long' : 'double';
  if (typeof one === 'object' && one !== null) return 'flattened';
  return typeof one === 'boolean' ? 'boolean' : 'keyword';
};

/**
 * Whether a document fits a mapping; new fields where it is dynamic become part of it.
 *
 * @param {Mapping} mapping
 * @param {Record<string, any>} document
 * @returns {string[]} fields whose values are kept but cannot be searched
 * @throws {Refused} as Elasticsearch refuses a document
 */
export function ignoredOf(mapping, document) {
  if (document['@timestamp'] === undefined) throw unfit('data stream timestamp field [@timestamp] is missing');
  const ignored = [];
  const lenient = mapping.settings['index.mapping.ignore_malformed'] === true;
  for (const [name, value] of flat(document, mapping.properties)) {
    const field = mapping.properties[name];
    if (!field) continue; // `dynamic: false` at the top.
    if (field.type !== 'passthrough') {
      if (!accepts(field.type, value, name, lenient)) ignored.push(name);
      continue;
    }
    for (const [key, inner] of Object.entries(value)) {
      const fields = field.properties ?? {};
      field.properties = fields;
      if (!fields[key] && !field.dynamic) continue;
      fields[key] ??= { type: name === 'metrics' && typeof inner === 'object' ? 'histogram' : typeOf(inner) };
      if (!accepts(fields[key].type, inner, `${name}.${key}`, lenient)) ignored.push(`${name}.${key}`);
    }
  }
  return ignored;
}

/** Members of a document by the names that the mapping has for them, dots and all. */
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
const isDate = (/** @type {any} */ value) => isNumber(value) || !Number.isNaN(Date.parse(value));
/** @type {Record<string, (value: any) => boolean>} */
const MALFORMED = {
  long: (value) => !isNumber(value),
  byte: (value) => !isNumber(value) || Math.abs(value) > 127,
  double: (value) => !isNumber(value),
  boolean: (value) => ![true, false, 'true', 'false', ''].includes(value),
  date: (value) => !isDate(value),
  date_nanos: (value) => !isDate(value),
};

/** @param {string} type @param {any} value @param {string} name @param {boolean} lenient @returns {boolean} whether it is searchable */
function accepts(type, value, name, lenient) {
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
    if (!isScalar(one)) throw unfit(`failed to parse field [${name}] of type [${type}]: an object`);
    if (!MALFORMED[type]?.(one)) continue;
    if (!lenient) throw unfit(`failed to parse field [${name}] of type [${type}]`);
    searchable = false;
  }
  return searchable;
}

/** @param {string} reason */
const unfit = (reason) => new Refused(400, reason, 'document_parsing_exception');
