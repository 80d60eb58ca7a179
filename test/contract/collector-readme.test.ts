import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { choices } from '../../collector-config/stack/collector.mjs';

const root = new URL('../../collector-config/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const filesOf = (folder: string) => readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.yaml'));
const readme = read('README.md');
const settingsPage = read('SETTINGS.md');

/** The rows of the tables of variables: name and default. */
const settings = new Map(
  [...settingsPage.matchAll(/^\| `(MCP_\w+)` \| (.*?) \|/gm)].map(([, name, value]) => [
    name as string,
    value as string,
  ]),
);

/** A default as shown in the table. */
function cell(value: string | undefined): string {
  if (value === undefined || /is[- ]not[- ]set/.test(value)) return 'fails';
  return value === '' ? 'none' : `\`${value}\``;
}

/** Without components that only check a variable. */
const withoutChecks = (text: string) => text.replace(/^ {2}\w+\/MCP_\w+: .*$/gm, '');
const configuration = ['base.yaml', ...['backends', 'sources', 'overlays', 'tiers'].flatMap(pathsOf)];
const compose = ['.', 'compose'].flatMap(pathsOf).filter((file) => file.includes('compose'));
const ofCollector = new Map(
  configuration.flatMap((file) =>
    [...withoutChecks(read(file)).matchAll(/\$\{env:(MCP_\w+)(?::-([^}]*))?\}/g)].map(([, name, value]) => [
      name as string,
      cell(value),
    ]),
  ),
);
const ofCompose = new Map(
  compose.flatMap((file) =>
    [...read(file).matchAll(/\$\{(MCP_\w+):-([^}]*)\}/g)].map(([, name, value]) => [name as string, cell(value)]),
  ),
);
/** Variables of the application, and of Loki and Jaeger, whose own files document them. */
const OTHERS = ['MCP_TRAIL_AUDIT', 'MCP_LOKI_RETENTION_FILE', 'MCP_ALERTMANAGER_URL', 'MCP_JAEGER_MAX_TRACES'];

describe('the settings in collector-config/SETTINGS.md', () => {
  it('include every variable of the Collector, with its default', () => {
    for (const [name, value] of ofCollector) expect(`${name} ${settings.get(name)}`).toBe(`${name} ${value}`);
  });

  it('include every variable of the compose files, with its default', () => {
    for (const [name, value] of ofCompose) {
      // Compose files override Collector defaults with container addresses.
      if (!ofCollector.has(name)) expect(`${name} ${settings.get(name)}`).toBe(`${name} ${value}`);
    }
    expect(ofCompose.size).toBeGreaterThan(5);
  });

  it('are all in use', () => {
    const known = new Set([...ofCollector.keys(), ...ofCompose.keys()]);
    expect([...settings.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it('include every variable in the text', () => {
    const named = [...(readme + settingsPage).matchAll(/\bMCP_[A-Z0-9_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !settings.has(name) && !OTHERS.includes(name))).toEqual([]);
  });
});

describe('collector-config/README.md', () => {
  it.each([...choices('backends'), ...choices('sources'), 'tls', 'auth-bearer', 'auth-oidc', 'kubernetes'])(
    'says when to use %s',
    (name) => {
      expect(readme.slice(0, readme.indexOf('## Start'))).toMatch(new RegExp(`\\b${name}\\b`));
    },
  );

  const tested = new Map(
    [...(readme.split('## What is tested')[1] ?? '').matchAll(/^\|(.*)\|$/gm)].flatMap(([, row = '']) => {
      const [names = '', ...cells] = row.split('|').map((cell) => cell.trim());
      return names.split(', ').map((name) => [name.replaceAll('`', ''), cells] as const);
    }),
  );

  it.each((['backends', 'sources', 'overlays', 'tiers'] as const).flatMap((folder) => choices(folder)))(
    'says how %s was tested',
    (name) => {
      expect(tested.get(name)?.some((cell) => cell !== '')).toBe(true);
    },
  );

  it.each(['datadog', 'datadog-durable', 'datadog-apm', 'archive-s3', 'auth-oidc', 'kubernetes'])(
    'does not say that %s was run on the real program',
    (name) => {
      expect(tested.get(name)?.[0]).toBe('');
    },
  );

  it.each(['Grafana', 'Tempo', 'Kibana', 'Datadog', 'AWS S3', 'Kafka', 'images'])(
    'lists %s as only checked',
    (name) => {
      expect([...tested.values()].map(([, , checked]) => checked).join('\n')).toContain(name);
    },
  );

  it('has no broken links', () => {
    const links = [...readme.matchAll(/\]\((?!http|#)([^)]+)\)/g)].map(([, path]) => path as string);
    expect(links.length).toBeGreaterThan(20);
    // Anchors must be headings of the linked page.
    for (const [, path, anchor] of links.map((link) => /^([^#]+)#(.+)$/.exec(link) ?? [])) {
      if (path) expect(read(path).toLowerCase().replaceAll(' ', '-')).toMatch(new RegExp(`^#+-${anchor}$`, 'm'));
    }
    expect(links.filter((path) => !existsSync(new URL(path.replace(/#.*/, ''), root)))).toEqual([]);
  });

  it('names only existing alerts', () => {
    const rules = ['prometheus/rules', 'loki/rules/mcp-audit']
      .flatMap(pathsOf)
      .flatMap((file) => parse(read(file)).groups);
    const alerts = rules.flatMap(({ rules }) => rules.map(({ alert }: { alert: string }) => alert));
    const named = [...readme.matchAll(/`(Mcp[A-Z]\w+)`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !alerts.includes(name))).toEqual([]);
  });

  it.each(['prometheus', 'loki'])('%s/README.md has a row for each alert', (backend) => {
    const folder = { prometheus: 'prometheus/rules', loki: 'loki/rules/mcp-audit' }[backend] as string;
    const alerts = pathsOf(folder).flatMap((file) =>
      [...read(file).matchAll(/- alert: (\w+)/g)].map(([, name]) => name),
    );
    const rows = [...read(`${backend}/README.md`).matchAll(/^\| `(Mcp\w+)`/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(alerts.sort());
  });

  it('is short', () => {
    expect(readme.split('\n').length).toBeLessThan(300);
  });
});

function pathsOf(folder: string) {
  return filesOf(`${folder}/`).map((name) => (folder === '.' ? name : `${folder}/${name}`));
}
