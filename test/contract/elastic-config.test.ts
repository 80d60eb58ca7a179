/** The Elastic files, against the audit record's schema and Elastic's published schemas. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTES, FIELDS } from './backends/audit-fields.js';
import { checkQuery, columnsOf, wordsOf } from './backends/elastic-query.js';
import { ruleSchema } from './backends/elastic-rule-schema.js';

const ROOT = 'collector-config/elastic';
const json = (file: string) => JSON.parse(readFileSync(`${ROOT}/${file}`, 'utf8'));
const ndjson = (file: string): any[] =>
  readFileSync(`${ROOT}/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const rules = ndjson('rules/mcp-audit.ndjson');

describe('index templates', () => {
  const { properties } = json('component-templates/mcp-audit@mappings.json').template.mappings.properties.attributes;

  /** Targets of aliases in Elastic's own templates, whose `attributes` mapping ours replaces. */
  const ALIASED = ['exception.message', 'exception.stacktrace', 'exception.type'];

  it('map exactly the attributes of audit records and the targets of aliases', () => {
    expect(Object.keys(properties).sort()).toEqual([...ATTRIBUTES, ...ALIASED].sort());
  });

  it.each(ATTRIBUTES)('map %s to its type', (name) => {
    const schema = FIELDS[name];
    const type = schema?.items?.type ?? schema?.type;
    const expected = { integer: ['long'], boolean: ['boolean'], string: ['keyword', 'date'] }[String(type)];
    expect(expected).toContain(properties[name].type);
    // A synthetic `_source` would cut times to milliseconds, and no record could be made again from its attributes.
    expect(properties[name].synthetic_source_keep).toBe(properties[name].type === 'date' ? 'all' : undefined);
  });

  it('map no name that is a prefix of another: a field cannot be both a value and an object', () => {
    for (const name of ATTRIBUTES) expect(ATTRIBUTES.filter((other) => other.startsWith(`${name}.`))).toEqual([]);
  });

  it('have priority over built-in ones, and refer only to existing components and policies', () => {
    const parts = readdirSync(`${ROOT}/component-templates`).map((file) => file.replace('.json', ''));
    const policies = readdirSync(`${ROOT}/ilm`).map((file) => file.replace('.json', ''));
    for (const file of readdirSync(`${ROOT}/index-templates`)) {
      const template = json(`index-templates/${file}`);
      expect(template.priority).toBeGreaterThan(200);
      expect(template.composed_of).toEqual(expect.arrayContaining(parts));
      expect(policies).toContain(template.template.settings['index.lifecycle.name']);
    }
  });
});

describe('security', () => {
  it('lets the Collector only create documents', () => {
    const { role_descriptors } = json('security/writer-api-key.json');
    const roles: any[] = Object.values(role_descriptors);
    expect(roles.flatMap(({ cluster }) => cluster)).toEqual([]);
    const privileges = roles.flatMap(({ indices }) => indices).flatMap((index: any) => index.privileges);
    expect([...new Set(privileges)].sort()).toEqual(['auto_configure', 'create_doc']);
  });

  it('lets only the eraser role delete', () => {
    for (const file of readdirSync(`${ROOT}/security`)) {
      expect(/"(delete|delete_index|all|write|manage)"/.test(readFileSync(`${ROOT}/security/${file}`, 'utf8'))).toBe(
        file === 'mcp-audit-eraser.json',
      );
    }
  });
});

describe('detection rules', () => {
  const validate = new Ajv({ allErrors: true, discriminator: true }).compile(ruleSchema);

  it('have unique ids', () => {
    const ids = rules.map(({ rule_id }) => rule_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(rules.map((rule) => [rule.rule_id, rule]))('%s matches the schema of its type', (_, rule) => {
    validate(rule);
    expect(validate.errors ?? []).toEqual([]);
    const scores = { low: 21, medium: 47, high: 73, critical: 99 } as Record<string, number>;
    expect(rule.risk_score).toBe(scores[rule.severity]);
    for (const heading of ['## What it means', '## First steps', '## False positives'])
      expect(rule.note).toContain(heading);
  });

  it.each(rules.map((rule) => [rule.rule_id, rule]))('%s queries only existing fields and values', (_, rule) => {
    checkQuery(rule.query);
    const others = [
      ...(rule.threshold?.field ?? []),
      ...(rule.new_terms_fields ?? []),
      ...(rule.alert_suppression?.group_by ?? []),
    ];
    for (const field of others) checkQuery(field);
    if (rule.type === 'esql') expect(columnsOf(rule.query).length).toBeGreaterThan(0);
    if (rule.type === 'eql')
      expect(rule.query).toMatch(
        /^sequence by [\w., ]+ with maxspan=\d+[smh](\n {2}\[any where .+\]( with runs=\d+)?){2,}$/,
      );
    if (rule.type !== 'esql') expect(wordsOf(rule.query)).toEqual([]);
    if (rule.language === 'kuery') expect(rule.query).not.toMatch(/==|&&|\|\||\bAND\b|\bOR\b/);
  });

  it('count calls on one side only', () => {
    for (const { query } of rules.filter((rule) => rule.query.includes('mcp_audit.response'))) {
      expect(query).toMatch(/mcp_audit\.side(:| ==) "server"/);
    }
  });
});

describe.each(readdirSync(`${ROOT}/dashboards`))('dashboard %s', (file) => {
  const [dashboard, ...others] = ndjson(`dashboards/${file}`);
  const panels: any[] = JSON.parse(dashboard.attributes.panelsJSON);

  it('is a single object without references', () => {
    expect(others).toEqual([]);
    expect(dashboard).toMatchObject({ type: 'dashboard', id: file.replace('.ndjson', ''), references: [] });
  });

  it('has panels without overlaps', () => {
    const cells = panels.flatMap(({ gridData: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridData } of panels) expect(gridData.x + gridData.w).toBeLessThanOrEqual(48);
  });

  it.each(panels.map((panel) => [panel.title, panel]))('%s shows only columns of its query', (_, panel) => {
    const { state } = panel.embeddableConfig.attributes;
    const { layer } = state.datasourceStates.textBased.layers;
    expect(layer.query).toEqual(state.query);
    expect(Object.keys(state.adHocDataViews)).toEqual([layer.index]);
    const columns = columnsOf(state.query.esql);
    expect(columns).toEqual(expect.arrayContaining(layer.columns.map((column: any) => column.fieldName)));
    const { layers, columns: cells } = state.visualization;
    const shown =
      cells ?? layers.flatMap((one: any) => [one.xAccessor, one.splitAccessor, ...one.accessors].filter(Boolean));
    const ids = layer.columns.map((column: any) => column.columnId);
    expect(ids).toEqual(expect.arrayContaining(shown.map((one: any) => one.columnId ?? one)));
  });
});

it('README.md sets every required variable of install.sh, and no unknown one', () => {
  const script = readFileSync(`${ROOT}/install.sh`, 'utf8');
  const needed = [...script.matchAll(/^needed (MCP_\w+)/gm)].map(([, name]) => String(name));
  const [, example = ''] = /```sh\n([\s\S]*?)```/.exec(readFileSync(`${ROOT}/README.md`, 'utf8')) ?? [];
  const set = [...example.matchAll(/\b(MCP_\w+)=/g)].map(([, name]) => String(name));
  expect(needed.length).toBeGreaterThan(2);
  expect(set).toEqual(expect.arrayContaining(needed));
  for (const name of set) expect(script).toContain(name);
});
