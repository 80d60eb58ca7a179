import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoki, startPrometheus } from '../../collector-config/stack/backends.mjs';
import { configArguments } from '../../collector-config/stack/collector.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { freePorts } from '../../collector-config/stack/stack.mjs';
import { authority } from './support/certificates.js';
import { collectorFiles, type Merged, merged } from './support/compose.js';
import { CONFIG } from './support/rules.js';
import { scratch } from './support/scratch.js';

const run = promisify(execFile);
const place = await scratch();
let paths: Record<string, string>;
/** What the secrets hold whose content is read at once, by the last path of `/run/secrets`. */
let contents: Record<string, string>;
beforeAll(async () => {
  paths = await programs(['otelcol', 'loki', 'prometheus']);
  const headers = join(place.folder, 'headers');
  await writeFile(headers, 'x-api-key: x');
  contents = { 'otlp-export-headers': headers, 'syslog-ca': (await authority(place.folder, 'siem')).ca };
});
afterAll(() => place.remove());

/** Choices, with the files that the Collector reads for each, in the order of compose.yaml. */
const BACKENDS = {
  loki: ['backends/loki.yaml'],
  jaeger: ['backends/jaeger.yaml'],
  elastic: ['backends/elastic.yaml'],
  datadog: ['backends/datadog.yaml', 'backends/datadog-apm.yaml'],
  'datadog-durable': ['backends/datadog-durable.yaml'],
  splunk: ['backends/splunk.yaml'],
  'otlp-http': ['backends/otlp-http.yaml'],
  'syslog-cef': ['backends/syslog-cef.yaml'],
  'archive-file': ['backends/archive-file.yaml'],
  'archive-s3': ['backends/archive-s3.yaml'],
  debug: ['backends/debug.yaml'],
};
const SOURCES = { 'audit-files': ['sources/audit-files.yaml'] };
const OVERLAYS = { tls: ['overlays/tls.yaml'], 'auth-bearer': ['overlays/auth-bearer.yaml'] };

const names = Object.keys(BACKENDS);
/** An addition to datadog, without effect on its own. */
const whole = (choice: string[]) => !choice.includes('datadog-durable') || choice.includes('datadog');
const pairs = names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other]));
const backward = [...names].reverse();
const CHOICES = [
  ...names.map((name) => [name]),
  ...pairs,
  names,
  backward,
  ['loki', 'audit-files'],
  ['loki', 'tls'],
  ['auth-bearer', 'loki'],
  [...names, 'tls', 'auth-bearer'],
].filter(whole);
const settings = {
  MCP_S3_BUCKET: 'audit',
  MCP_SPLUNK_ENDPOINT: 'https://splunk:8088',
  MCP_OTLP_EXPORT_ENDPOINT: 'https://otlp.example.com',
  MCP_SYSLOG_HOST: 'siem.example.com',
};

describe.each(CHOICES.map((chosen) => ({ name: chosen.join(' '), chosen })))('$name', ({ chosen }) => {
  let project: Merged;
  beforeAll(async () => {
    project = await merged(['', ...chosen], settings);
  });

  it('gives the Collector exactly the chosen files', () => {
    const wanted = Object.entries({ ...BACKENDS, ...SOURCES, ...OVERLAYS }).flatMap(([name, files]) =>
      chosen.includes(name) ? files : [],
    );
    const read = collectorFiles(project).filter((file) => file !== 'compose/none.yaml');
    const always = ['base.yaml', 'compose/published.yaml', 'backends/discard-rest.yaml'];
    expect([...read].sort()).toEqual([...always, ...wanted].sort());
  });

  it('gives a valid configuration if a backend stores audit records', async () => {
    // Only the official image contains the connector of datadog-apm.yaml.
    const files = collectorFiles(project).filter((file) => file !== 'backends/datadog-apm.yaml');
    const answer = validate(files, await environment(project));
    if (chosen.join() === 'jaeger') await expect(answer).rejects.toThrow('forward/audit');
    else await expect(answer).resolves.toBeDefined();
  });

  it('passes every variable of the chosen files to the Collector', async () => {
    const texts = await Promise.all(collectorFiles(project).map((file) => readFile(join(CONFIG, file), 'utf8')));
    const named = new Set(texts.flatMap((text) => [...text.matchAll(/\$\{env:(MCP_\w+)/g)].map(([, name]) => name)));
    // Fixed in the container: a volume, and ports that compose.yaml publishes.
    for (const name of ['MCP_QUEUE_DIR', 'MCP_ARCHIVE_DIR']) named.delete(name);
    // Optional: set by a compose file that also mounts them.
    for (const name of ['MCP_SYSLOG_CERT_FILE', 'MCP_SYSLOG_KEY_FILE']) named.delete(name);
    for (const name of named) if (/_PORT$|^MCP_OTLP_BIND$/.test(name as string)) named.delete(name);
    expect(Object.keys(project.services.otelcol.environment)).toEqual(expect.arrayContaining([...named]));
  });

  it('runs every container with least privilege', () => {
    for (const [name, service] of Object.entries(project.services)) {
      const own = { elasticsearch: ['read_only'], kibana: ['read_only'] }[name] ?? [];
      const facts = {
        cap_drop: service.cap_drop,
        cap_add: service.cap_add,
        security_opt: service.security_opt,
        privileged: service.privileged,
        read_only: service.read_only || own.includes('read_only'),
        limited: Boolean(service.mem_limit && service.pids_limit),
        root: /^0|^root/.test(service.user ?? 'root'),
      };
      expect({ name, ...facts }).toEqual({
        name,
        cap_drop: ['ALL'],
        cap_add: name === 'prepare' ? ['CHOWN'] : undefined,
        security_opt: ['no-new-privileges:true'],
        privileged: undefined,
        read_only: true,
        limited: true,
        root: name === 'prepare',
      });
    }
  });

  it('keeps the backends on an internal network', () => {
    expect(project.networks.inside?.internal).toBe(true);
    const reachable = Object.entries(project.services).flatMap(([name, { networks }]) =>
      networks && 'outside' in networks ? name : [],
    );
    const withPort = Object.entries(project.services).flatMap(([name, { ports }]) => (ports ? name : []));
    expect(reachable.sort()).toEqual(withPort.sort());
  });

  it('has a health check for every long-running container', () => {
    const silent = Object.entries(project.services).flatMap(([name, { healthcheck, restart }]) =>
      restart === 'no' || healthcheck ? [] : name,
    );
    expect(silent).toEqual(['otelcol']);
    expect(project.services.health.healthcheck.test.at(-1)).toBe('http://otelcol:13133/');
  });

  it('has a dependent for every one-shot container', () => {
    // `up --wait` fails on a container that exits, unless another one depends on its completion.
    const ending = Object.entries(project.services).flatMap(([name, { restart }]) => (restart === 'no' ? name : []));
    const awaited = Object.values(project.services).flatMap(({ depends_on }) =>
      Object.entries<any>(depends_on ?? {}).flatMap(([name, { condition }]) =>
        condition === 'service_completed_successfully' ? name : [],
      ),
    );
    expect(ending.filter((name) => !awaited.includes(name))).toEqual([]);
  });

  it('mounts every secret that a variable refers to', () => {
    for (const { environment = {}, secrets = [] } of Object.values(project.services)) {
      const named = Object.values<string | null>(environment).flatMap((value) =>
        value?.startsWith('/run/secrets/') ? value : [],
      );
      expect(secrets.map(({ target }: any) => target)).toEqual(expect.arrayContaining(named));
    }
  });
});

describe('compose files', () => {
  it.each([
    ['archive-s3', 'MCP_S3_BUCKET'],
    ['splunk', 'MCP_SPLUNK_ENDPOINT'],
    ['otlp-http', 'MCP_OTLP_EXPORT_ENDPOINT'],
    ['syslog-cef', 'MCP_SYSLOG_HOST'],
  ])('name a missing variable: %s', async (name, variable) => {
    await expect(merged(['', name])).rejects.toThrow(variable);
  });

  it('publish on loopback', async () => {
    const { services } = await merged(['', ...names], settings);
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.map(({ host_ip, target }) => [host_ip, target]).sort()).toEqual(
      [16686, 3000, 4317, 4318, 5601].map((port) => ['127.0.0.1', port]).sort(),
    );
  });

  it('publish the Collector on a chosen address only with authentication', async () => {
    const { services } = await merged(['', 'debug', 'tls', 'auth-bearer'], { MCP_OTLP_BIND: '192.0.2.1' });
    expect(services.otelcol.ports.map(({ host_ip }: any) => host_ip)).toEqual(['192.0.2.1', '192.0.2.1']);
  });

  it('take settings from the shell', async () => {
    const env = { MCP_OTLP_HTTP_PORT: '5318', MCP_TRACE_SAMPLE_PERCENT: '10', MCP_SECRETS_DIR: '/etc/mcp-secrets' };
    const { services, secrets } = await merged(['', 'loki'], env);
    expect(services.otelcol.ports[1]).toMatchObject({ host_ip: '127.0.0.1', target: 4318, published: '5318' });
    expect(services.otelcol.environment.MCP_TRACE_SAMPLE_PERCENT).toBe('10');
    expect(Object.values(secrets).map(({ file }) => file.replace(/[^/]+$/, ''))).toEqual([
      '/etc/mcp-secrets/',
      '/etc/mcp-secrets/',
    ]);
  });
});

it('an empty tenant means the default, because Loki permanently rejects records without a tenant', async () => {
  const { services } = await merged(['', 'loki'], { MCP_LOKI_AUDIT_TENANT: '', MCP_LOKI_TENANT: '' });
  const usual = { MCP_LOKI_AUDIT_TENANT: 'mcp-audit', MCP_LOKI_TENANT: 'mcp-logs' };
  expect(services.otelcol.environment).toMatchObject(usual);
});

describe('health probes of programs without a shell', () => {
  it('use Loki’s and Prometheus’s own commands', async () => {
    const ports = await freePorts();
    const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
    const { services } = await merged(['', 'loki']);
    const probes = [
      [paths.loki, services.loki, `-health.url=http://127.0.0.1:${ports.MCP_LOKI_HTTP_PORT}/ready`],
      [paths.promtool, services.prometheus, `--url=http://127.0.0.1:${ports.MCP_PROMETHEUS_PORT}`],
    ] as const;
    const probe = () =>
      Promise.allSettled(
        probes.map(([file, { healthcheck }, url]) => run(file as string, [...healthcheck.test.slice(2), url])),
      );
    expect((await probe()).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

    const started = await Promise.all([
      startLoki({ file: paths.loki as string, folder: place.folder, env }),
      startPrometheus({ file: paths.prometheus as string, folder: place.folder, env }),
    ]);
    try {
      expect((await probe()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    } finally {
      await Promise.all(started.map((program) => program.stop()));
    }
  });
});

/** The result of `otelcol validate`. */
const validate = (files: string[], env: Record<string, string>) =>
  run(paths.otelcol as string, ['validate', ...configArguments(files)], { cwd: CONFIG, env });

/** The Collector's environment in its container, with local files as secrets. */
async function environment({ services }: Merged) {
  const secret = join(place.folder, 'secret');
  await writeFile(secret, 'x'.repeat(32));
  const given = Object.entries<string | null>(services.otelcol.environment).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name, value?.startsWith('/run/') ? (contents[basename(value)] ?? secret) : value]),
  ) as Record<string, string>;
}
