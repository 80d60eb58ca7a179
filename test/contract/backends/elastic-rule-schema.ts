/**
 * The schema of detection rules for Kibana, for the rule types used here, after the OpenAPI document of its detections API.
 * Kibana itself is not available to the tests.
 */
const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const window = { type: 'string', pattern: '^now-\\d+[smhd]$' };
const link = { id: text, name: text, reference: { type: 'string', pattern: '^https://attack\\.mitre\\.org/' } };
const object = (properties: object) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const common = {
  rule_id: { type: 'string', pattern: '^mcp-[a-z-]+$' },
  immutable: { const: false },
  name: { type: 'string', pattern: '^MCP: ' },
  description: text,
  enabled: { const: false },
  severity: { enum: ['low', 'medium', 'high', 'critical'] },
  risk_score: { type: 'integer', minimum: 0, maximum: 100 },
  severity_mapping: { type: 'array', maxItems: 0 },
  risk_score_mapping: { type: 'array', maxItems: 0 },
  interval: { type: 'string', pattern: '^\\d+[smh]$' },
  from: window,
  to: { const: 'now' },
  max_signals: { type: 'integer', minimum: 1, maximum: 1000 },
  tags: texts,
  author: texts,
  license: text,
  version: { type: 'integer', minimum: 1 },
  note: text,
  false_positives: texts,
  references: texts,
  actions: { type: 'array', maxItems: 0 },
  exceptions_list: { type: 'array', maxItems: 0 },
  query: text,
  threat: {
    type: 'array',
    items: object({
      framework: { const: 'MITRE ATT&CK' },
      tactic: object({ ...link, id: { type: 'string', pattern: '^TA\\d{4}$' } }),
      technique: { type: 'array', items: object({ ...link, id: { type: 'string', pattern: '^T\\d{4}$' } }) },
    }),
  },
};
const suppression = object({
  group_by: { type: 'array', items: text, minItems: 1, maxItems: 3 },
  duration: object({ value: { type: 'integer' }, unit: { enum: ['s', 'm', 'h'] } }),
  missing_fields_strategy: { enum: ['suppress', 'doNotSuppress'] },
});

const kind = (type: string, language: string, own: object, optional: object = {}) => ({
  type: 'object',
  properties: { ...common, type: { const: type }, language: { const: language }, ...own, ...optional },
  required: [...Object.keys(common), 'type', 'language', ...Object.keys(own)],
  additionalProperties: false,
});
const index = { ...texts, minItems: 1 };

export const ruleSchema = {
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: [
    kind('query', 'kuery', { index }, { alert_suppression: suppression }),
    kind('threshold', 'kuery', {
      index,
      threshold: object({
        field: { type: 'array', items: text, maxItems: 5 },
        value: { type: 'integer', minimum: 1 },
        cardinality: { type: 'array', maxItems: 1 },
      }),
    }),
    kind('eql', 'eql', { index, timestamp_field: text }),
    kind('new_terms', 'kuery', {
      index,
      new_terms_fields: { ...texts, minItems: 1, maxItems: 3 },
      history_window_start: window,
    }),
    kind('esql', 'esql', {}),
  ],
};
