/** The form of alerts and the names in their queries. `test/stack/rules-*.test.ts` checks that they fire. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alerting, path } from '../../collector-config/grafana/source/alerting.mjs';
import { AUDIT_FIELDS } from '../../src/semconv/audit-record.js';
import * as semconv from '../../src/semconv/index.js';
import { type Group, readGroups } from '../stack/support/rules.js';

const root = new URL('../../collector-config/', import.meta.url);
const FOLDERS = ['prometheus/rules', 'loki/rules/mcp-audit'];
const read = (file: string) => parse(readFileSync(new URL(file, root), 'utf8'));

const groups = Object.fromEntries(
  await Promise.all(FOLDERS.map(async (folder) => [folder, await readGroups(folder)] as const)),
) as Record<string, Group[]>;
const rulesOf = (folder: string) => (groups[folder] as Group[]).flatMap((group) => group.rules);
const all = FOLDERS.flatMap(rulesOf);

const underscored = (name: string) => name.replaceAll('.', '_');
/** Labels that any part of a query groups by. */
const groupedBy = (expr: string) =>
  [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) =>
    (names as string).split(',').map((name) => name.trim()),
  );
/** Names in a query: not strings, numbers or function names. */
const wordsOf = (expr: string) =>
  [...expr.replaceAll(/"[^"]*"|`mcp_audit\\[^`]*`/g, '').matchAll(/(?<!\w)([a-z]\w*_\w+)\b(?! *\()/g)].map(
    ([, word]) => word as string,
  );

describe.each(all.map((rule) => [rule.alert, rule] as const))('%s', (_, rule) => {
  it('has a severity, a meaning, first steps and false positives', () => {
    expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(info|warning|critical)$/), source: 'mcp' });
    expect(Object.keys(rule.annotations)).toEqual(['summary', 'description', 'first_look', 'false_positives']);
    for (const text of Object.values(rule.annotations)) expect(text.trim()).not.toBe('');
  });

  it('uses only labels that its query keeps', () => {
    const used = Object.values(rule.annotations).flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)]);
    for (const [, label] of used) expect(groupedBy(rule.expr)).toContain(label);
  });
});

describe('the queries', () => {
  it('have unique names', () => {
    expect(new Set(all.map(({ alert }) => alert)).size).toBe(all.length);
  });

  it('of Loki read only fields of the audit record', () => {
    const known = new Set([...Object.keys(AUDIT_FIELDS).map(underscored), 'label_format']);
    for (const { alert, expr } of rulesOf('loki/rules/mcp-audit')) {
      expect(
        wordsOf(expr).filter((word) => !known.has(word)),
        alert,
      ).toEqual([]);
    }
  });

  it('of Loki say who or what it is, and by nothing that is new with each record', () => {
    const endless = /record_id|operation_id|sequence|chain_id|_hash|trace_id/;
    for (const { alert, expr } of rulesOf('loki/rules/mcp-audit')) {
      const [, labels = ''] = /^\w+(?:_over_time)?(?: by|[\s\S]+?\) by) \(([^)]*)\)/.exec(expr) ?? [];
      expect(labels, alert).toMatch(/audit_actor_id|service_name/);
      expect(labels, alert).not.toMatch(endless);
    }
  });

  it('of Loki count records of one side only', () => {
    for (const { alert, expr } of rulesOf('loki/rules/mcp-audit')) {
      const responses = expr.match(/event_name="mcp_audit\.response"/g) ?? [];
      expect(expr.match(/mcp_audit_side="server"/g) ?? [], alert).toHaveLength(responses.length);
    }
  });

  it('of Loki name only existing events', () => {
    const events = new Set(Object.values(semconv).flat());
    const named = rulesOf('loki/rules/mcp-audit').flatMap(({ expr }) => [
      ...expr.matchAll(/mcp_audit\\?\.\(?([\w|.]+)\)?/g),
    ]);
    for (const event of named.flatMap(([, names]) => (names as string).split('|'))) {
      expect(events).toContain(`mcp_audit.${event}`);
    }
  });

  it('of Prometheus read only metrics of mcp-trail and the Collector, with their attributes', () => {
    const labels = [
      semconv.ATTR_MCP_METHOD_NAME,
      semconv.ATTR_GEN_AI_TOOL_NAME,
      semconv.ATTR_ERROR_TYPE,
      'service.name',
    ].map(underscored);
    const metrics = [
      underscored(semconv.METRIC_MCP_SERVER_OPERATION_DURATION),
      underscored(semconv.METRIC_MCP_CLIENT_OPERATION_DURATION),
    ].flatMap((name) => [`${name}_seconds_count`, `${name}_seconds_bucket`]);
    const known = new Set([...labels, ...metrics, 'data_type']);
    for (const { alert, expr } of rulesOf('prometheus/rules')) {
      const unknown = wordsOf(expr).filter((word) => !known.has(word) && !word.startsWith('otelcol_'));
      expect(unknown, alert).toEqual([]);
    }
  });
});

describe('rule files', () => {
  it("contain only `groups`: Loki's ruler skips a file with other keys and only logs it", () => {
    for (const folder of FOLDERS) {
      for (const name of readdirSync(new URL(`${folder}/`, root))) {
        expect(Object.keys(read(`${folder}/${name}`)), name).toEqual(['groups']);
      }
    }
  });

  it('for retention set a period for both tenants', () => {
    const presets = readdirSync(new URL('loki/retention/', root));
    expect(presets.sort()).toEqual(['1-year.yaml', '30-days.yaml', '6-years.yaml']);
    for (const name of presets) {
      const { overrides } = read(`loki/retention/${name}`);
      expect(overrides).toMatchObject({
        'mcp-audit': { retention_period: expect.stringMatching(/^\d+h$/) },
        'mcp-logs': { retention_period: expect.stringMatching(/^\d+h$/) },
      });
    }
  });
});

describe("Grafana's alerts", () => {
  const file = read('grafana/provisioning/alerting/mcp-trail.yaml');
  const alerts = file.groups.flatMap((group: any) => group.rules);

  it('are up to date', () => {
    expect(readFileSync(path, 'utf8'), 'run node collector-config/grafana/source/alerting.mjs').toBe(alerting());
  });

  it('run the queries of Prometheus and Loki on the provisioned data sources', () => {
    const sources = read('grafana/provisioning/datasources/mcp-trail.yaml').datasources;
    const asked = alerts.map(({ title, data }: any) => {
      const { type } = sources.find(({ uid }: any) => uid === data[0].datasourceUid);
      return [title, type, data[0].model.expr];
    });
    const wanted = [
      ...rulesOf('prometheus/rules').map(({ alert, expr }) => [alert, 'prometheus', expr]),
      ...rulesOf('loki/rules/mcp-audit').map(({ alert, expr }) => [alert, 'loki', expr]),
    ];
    expect(asked).toEqual(wanted);
  });

  it("match Grafana's format", () => {
    expect(file).toMatchObject({ apiVersion: 1 });
    for (const group of file.groups) {
      expect(group).toEqual({
        orgId: 1,
        name: expect.any(String),
        folder: 'MCP',
        interval: expect.stringMatching(/^[1-9]\d*0s$/),
        rules: expect.any(Array),
      });
    }
    for (const alert of alerts) {
      expect(alert.uid).toMatch(/^[a-z-]{1,40}$/);
      expect(alert).toMatchObject({ condition: 'condition', noDataState: 'OK', execErrState: 'Error' });
      expect(alert.data.map(({ refId }: any) => refId)).toEqual(['query', 'condition']);
      expect(alert.data[1].model.expression).toBe('query');
      for (const { refId, model, relativeTimeRange } of alert.data) {
        expect(model.refId).toBe(refId);
        if (refId === 'query') expect(relativeTimeRange).toEqual({ from: 600, to: 0 });
      }
    }
    expect(new Set(alerts.map(({ uid }: any) => uid)).size).toBe(alerts.length);
  });

  it('use Grafana variables, and none that it would expand from the environment', () => {
    for (const { title, annotations, labels } of alerts) {
      for (const text of Object.values<string>(annotations)) {
        expect(text.match(/\$(?!labels\.|values\.query\.Value)/), title).toBeNull();
      }
      expect(JSON.stringify(labels)).not.toContain('$');
    }
  });
});
