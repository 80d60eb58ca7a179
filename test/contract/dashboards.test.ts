/** The form of dashboards and provisioning files. `test/stack/` checks that their queries return data. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { files } from '../../collector-config/grafana/source/build.mjs';
import { DATA_SOURCES } from '../../collector-config/grafana/source/queries.mjs';
import { DASHBOARDS, GRAFANA, type Panel } from '../support/dashboards.js';

const COLUMNS = 24;
const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Grafana's built-in variables. */
const BUILT_IN = /^__(rate_interval|range|auto|url_time_range|data|value|from|to)$/;
const namesIn = (text: string) =>
  [...text.matchAll(/\$(?:(\w+)|\{(\w+))/g)].map(([, bare, braced]) => (bare ?? braced) as string);

it('the generated files are up to date', () => {
  expect(readdirSync(join(GRAFANA, 'dashboards')).sort()).toEqual(files.map(({ path }) => basename(path)).sort());
  for (const { path, text } of files) {
    expect(readFileSync(path, 'utf8'), `${path}: run node collector-config/grafana/source/build.mjs`).toBe(text);
  }
});

describe.each(DASHBOARDS.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_, dashboard) => {
  const { panels, templating, annotations } = dashboard;
  const variables = templating.list;
  const shown = panels.filter(({ type }) => type !== 'row');

  it('is a classic dashboard for Grafana 11 to 13, with the tag that links dashboards', () => {
    expect(dashboard).toMatchObject({ schemaVersion: 39, tags: ['mcp'], editable: true });
    expect(dashboard.description).not.toBe('');
    expect(dashboard.links).toMatchObject([{ type: 'dashboards', tags: ['mcp'], keepTime: true, includeVars: true }]);
  });

  it('has panels with unique ids and titles', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
  });

  it('has panels inside the grid, without overlaps or gaps', () => {
    for (const panel of panels) {
      const { x, w } = panel.gridPos;
      expect(x + w, panel.title).toBeLessThanOrEqual(COLUMNS);
      const inTheWay = panels.filter((other) => other.id !== panel.id && overlap(panel, other));
      expect(
        inTheWay.map(({ title }) => title),
        panel.title,
      ).toEqual([]);
    }
    const widths = new Map<number, number>();
    for (const { gridPos } of panels) widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w);
    expect([...widths.values()].filter((width) => width !== COLUMNS)).toEqual([]);
  });

  it.each(shown.map((panel) => [panel.title, panel] as const))(
    '"%s" has a description and a text for no data',
    (_title, panel) => {
      expect(panel.description?.length).toBeGreaterThan(40);
      expect(panel.description).toMatch(/[.]$/);
      expect(panel.fieldConfig.defaults.noValue).toBeTruthy();
    },
  );

  it.each(shown.map((panel) => [panel.title, panel] as const))(
    '"%s" queries a selectable data source',
    (_title, panel) => {
      const sources = Object.entries(DATA_SOURCES).map(([name, { type }]) => ({ type, uid: `\${${name}}` }));
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const { datasource, refId } of panel.targets ?? []) {
        expect(sources, refId).toContainEqual(datasource);
        expect(variables.map(({ name }) => `\${${name}}`)).toContain(datasource.uid);
      }
      // Grafana's Jaeger data source answers only the first query.
      if (panel.targets?.[0]?.datasource.type === 'jaeger') expect(panel.targets).toHaveLength(1);
    },
  );

  it('uses all of its variables and no others', () => {
    const known = variables.map(({ name }) => name);
    const used = namesIn(
      JSON.stringify([panels, annotations, variables.map(({ query, datasource }) => [query, datasource])]),
    );
    expect([...new Set(used)].filter((name) => !known.includes(name) && !BUILT_IN.test(name))).toEqual([]);
    const sources = Object.keys(DATA_SOURCES);
    expect(
      known.filter((name) => !used.includes(name)),
      'unused variables',
    ).toEqual([]);
    expect(variables.filter(({ name }) => !sources.includes(name)).every(({ description }) => description)).toBe(true);
  });

  it('defaults to the provisioned data sources', () => {
    const provisioned = variables
      .filter(({ type }) => type === 'datasource')
      .map(({ name, current }) => [name, current.value]);
    expect(provisioned.length).toBeGreaterThan(0);
    for (const [name, uid] of provisioned) expect(uid).toBe(DATA_SOURCES[name as keyof typeof DATA_SOURCES].uid);
  });

  it('links only to existing dashboards and variables', () => {
    const urls = [...JSON.stringify(panels).matchAll(/"url":"(\/d\/[^"\\]*(?:\\.[^"\\]*)*)"/g)].map(
      ([, url]) => url as string,
    );
    for (const url of urls) {
      const target = DASHBOARDS.find(({ uid }) => url.startsWith(`/d/${uid}/`));
      expect(target, url).toBeDefined();
      const given = [...url.matchAll(/var-(\w+)=/g)].map(([, name]) => name as string);
      expect(
        target?.templating.list.map(({ name }) => name),
        url,
      ).toEqual(expect.arrayContaining(given));
    }
  });

  it('links to Explore with valid queries', () => {
    const links = [...JSON.stringify(panels).matchAll(/"url":"(\/explore\?(?:[^"\\]|\\.)*)"/g)].map(
      ([, url]) => url as string,
    );
    for (const link of links) {
      const url = new URL((JSON.parse(`"${link}"`) as string).replace(/\$\{[^}]*\}/g, 'replaced'), 'http://grafana');
      const { mcp } = JSON.parse(url.searchParams.get('panes') ?? '');
      expect(mcp).toEqual({
        datasource: 'replaced',
        queries: [{ refId: 'A', query: 'replaced' }],
        range: { from: 'replaced', to: 'replaced' },
      });
    }
  });

  it('has links and overrides only for columns of its tables', () => {
    for (const { title, type, transformations, fieldConfig } of shown) {
      if (type !== 'table' || !transformations) continue;
      const renameByName = transformations.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
      const columns: unknown[] = Object.values(renameByName);
      const named = fieldConfig.overrides.filter(({ matcher }) => matcher.id === 'byName');
      const overridden = named.map(({ matcher }) => matcher.options);
      expect(columns, title).toEqual(expect.arrayContaining(overridden));
      const linked = [...JSON.stringify(fieldConfig.overrides).matchAll(/__data\.fields\[\\+"([^"\\]+)/g)].map(
        ([, name]) => name,
      );
      expect(columns, title).toEqual(expect.arrayContaining(linked));
    }
  });
});

it('a variable has the same kind in all dashboards, so that links can pass it on', () => {
  const kinds = new Map<string, Set<string>>();
  for (const { templating } of DASHBOARDS) {
    for (const { name, type, multi = false } of templating.list) {
      kinds.set(name, (kinds.get(name) ?? new Set()).add(`${type === 'textbox' ? 'text' : 'choice'} ${multi}`));
    }
  }
  for (const [name, found] of kinds) expect([...found], name).toHaveLength(1);
});

describe('provisioning', () => {
  const read = (path: string) => parse(readFileSync(join(GRAFANA, 'provisioning', path), 'utf8'));
  const dataSources: any[] = read('datasources/mcp-trail.yaml').datasources;
  const uids = dataSources.map(({ uid }) => uid);

  it('has the default data sources of the dashboards', () => {
    const wanted = Object.values(DATA_SOURCES).map(({ uid, type, name }) => ({ uid, type, name }));
    expect(dataSources.map(({ uid, type, name }) => ({ uid, type, name }))).toEqual(expect.arrayContaining(wanted));
    expect(new Set(uids).size).toBe(uids.length);
  });

  it('links each signal to the others, through existing data sources', () => {
    const links = Object.fromEntries(
      dataSources.map(({ uid, jsonData }) => [
        uid,
        [...JSON.stringify(jsonData).matchAll(/"datasourceUid":"([^"]+)"/g)].map(([, to]) => to),
      ]),
    );
    expect(links).toEqual({
      'mcp-prometheus': ['mcp-jaeger'],
      'mcp-loki-audit': ['mcp-jaeger'],
      'mcp-loki': ['mcp-jaeger'],
      'mcp-jaeger': ['mcp-loki-audit', 'mcp-prometheus'],
    });
  });

  it('escapes Grafana variables from environment expansion', () => {
    // Grafana expands `$name` from the environment; `$$` stays a `$`.
    const raw = JSON.stringify(dataSources);
    const environment = [...raw.matchAll(/(?<!\$)\$\{?(\w+)/g)].map(([, name]) => name as string);
    expect(environment.filter((name) => !name.startsWith('MCP_GRAFANA_'))).toEqual([]);
    expect(raw).toMatch(/\$\$\{__value\.raw\}/);
    expect(raw).toMatch(/\$\$\{__trace\.traceId\}/);
    expect(raw).toContain('{$$__tags}');
  });

  it('contains no password and no fixed address', () => {
    expect(dataSources.filter(({ url }) => !/^\$\{MCP_GRAFANA_\w+_URL\}$/.test(url))).toEqual([]);
    expect(JSON.stringify(dataSources)).not.toMatch(/password|token/i);
  });

  it('reads the dashboards from a folder set in the environment', () => {
    const { providers } = read('dashboards/mcp-trail.yaml');
    expect(providers).toMatchObject([{ type: 'file', options: { path: '$'.concat('{MCP_GRAFANA_DASHBOARDS_DIR}') } }]);
  });
});
