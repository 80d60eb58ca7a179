import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROMETHEUS_FLAGS } from '../../collector-config/stack/backends.mjs';
import { choices } from '../../collector-config/stack/collector.mjs';
import { PROGRAMS } from '../../collector-config/stack/programs.mjs';

const root = new URL('../../collector-config/', import.meta.url);
const read = (file: string) =>
  parse(readFileSync(new URL(file, root), 'utf8'), {
    merge: true,
    // test/stack/compose.test.ts covers how Compose merges lists.
    customTags: ['!reset', '!override'].flatMap((tag) => [
      { tag, resolve: (value: unknown) => value },
      { tag, collection: 'seq' as const, resolve: (value: unknown) => value },
    ]) as never,
  });
const files = [
  ...readdirSync(root)
    .filter((name) => /^compose.*\.yaml$/.test(name))
    .sort(),
  'compose/services.yaml',
];
const services = files.flatMap((file) =>
  Object.entries<any>(read(file).services ?? {}).map(([name, service]) => ({ file, name, service })),
);
const images = services.flatMap(({ service }) => service.image ?? []);
const main = read('compose.yaml');

describe('images in compose files', () => {
  it.each([...new Set(images)])('%s has an exact version', (image) => {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  it('have one version each', () => {
    const names = [...new Set(images)].map((image) => image.split(':')[0]);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each([
    ['otel/opentelemetry-collector-contrib', 'otelcol'],
    ['jaegertracing/jaeger', 'jaeger'],
    ['prom/prometheus', 'prometheus'],
    ['grafana/loki', 'loki'],
  ] as const)('%s has the tested version', (name, program) => {
    const version = images.find((image) => image.startsWith(`${name}:`))?.replace(/^.*:v?/, '');
    const tested = /[\d.]+$/.exec(PROGRAMS[program].title)?.[0];
    expect(`${version}.`.startsWith(`${tested}.`), `${version}, tested: ${tested}`).toBe(true);
  });
});

describe('compose.yaml', () => {
  const { otelcol } = main.services;
  const mounts: { source: string; target: string }[] = otelcol.configs;

  it.each(choices('backends'))('mounts the backend %s', (name) => {
    expect(mounts).toContainEqual({ source: `backend-${name}`, target: `/etc/mcp/${name}.yaml` });
  });

  it('reads the mounted files, in order', () => {
    const files = mounts.map(({ target }) => `--config=${target}`);
    expect(otelcol.command).toEqual([...files, '--feature-gates=stanza.synchronousLogEmitter']);
  });

  it('reads overlays last, after published.yaml', () => {
    const sources = mounts.map(({ source }) => source);
    expect(sources.slice(0, 2)).toEqual(['base', 'published']);
    expect(sources.findIndex((source) => source.startsWith('overlay-'))).toBeGreaterThan(
      sources.findLastIndex((source) => source.startsWith('backend-')),
    );
  });
});

it.each(choices('backends'))('a compose file chooses the backend %s', (name) => {
  const choosing = files.filter((file) => read(file).configs?.[`backend-${name}`]?.file === `backends/${name}.yaml`);
  expect(choosing).toEqual([
    { 'datadog-apm': 'compose.datadog.yaml', 'discard-rest': 'compose.yaml' }[name] ?? `compose.${name}.yaml`,
  ]);
});

it.each(choices('sources'))('a compose file chooses the source %s', (name) => {
  const choosing = files.filter((file) => read(file).configs?.[`source-${name}`]?.file === `sources/${name}.yaml`);
  expect(choosing).toEqual([`compose.${name}.yaml`]);
});

it('Prometheus has the same flags as in the stack', () => {
  const { command } = services.find(({ name }) => name === 'prometheus')?.service ?? {};
  expect(command).toEqual(expect.arrayContaining(PROMETHEUS_FLAGS));
});

it('ports are published on loopback, except behind authentication', () => {
  const open = services.flatMap(({ file, service }) =>
    (service.ports ?? []).filter((port: string) => !port.startsWith('127.0.0.1:')).map(() => file),
  );
  expect([...new Set(open)]).toEqual(['compose.auth-bearer.yaml', 'compose.tls.yaml']);
});

it('every secret comes from a file', () => {
  const secrets = services.flatMap(({ service }) =>
    Object.entries<string>(service.environment ?? {}).filter(([name]) =>
      /PASSWORD|SECRET|TOKEN|KEY|CERT|_CA_/.test(name),
    ),
  );
  expect(secrets.length).toBeGreaterThan(5);
  for (const [name, value] of secrets) expect(`${name}=${value}`).toMatch(/_FILE=\/run\//);
});

describe('mounted files', () => {
  const mounted = services.flatMap(({ service }) =>
    (service.volumes ?? []).filter((volume: string) => volume.startsWith('./')),
  );
  it.each([...new Set<string>(mounted)])('%s exists and is read-only', (volume) => {
    const [source, , mode] = volume.split(':');
    expect(existsSync(new URL(source as string, root))).toBe(true);
    expect(mode).toBe('ro');
  });

  it.each(services)('$file: $name refers only to mounted files', ({ file, service }) => {
    const targets = [
      ...(service.volumes ?? []).map((volume: string) => volume.split(':').slice(0, 2)),
      ...(service.configs ?? []).map(({ source, target }: any) => [read(file).configs?.[source]?.file, target]),
    ].filter(([source]) => source);
    const told = [service.entrypoint, service.command, Object.values(service.environment ?? {})]
      .flat()
      .flatMap((text) => /\/etc\/(?:mcp|loki|prometheus)\/\S+$/.exec(String(text ?? ''))?.[0] ?? []);
    for (const path of told) {
      const [source, target] = targets.find(([, at]) => path === at || path.startsWith(`${at}/`)) ?? [];
      expect(existsSync(new URL(`${source}${path.slice(target?.length)}`, root)), path).toBe(true);
    }
  });
});
