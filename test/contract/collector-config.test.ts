import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../collector-config/', import.meta.url));
const KINDS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const;

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const below = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`);

const backends = below('backends');
const overlays = below('overlays');
const tiers = below('tiers');
const files = ['base.yaml', ...backends, ...overlays, ...tiers, 'add-to-yours.yaml'];
const documents = new Map<string, any>(files.map((path) => [path, parse(text(path))]));
const of = (path: string): any => documents.get(path);
const base = of('base.yaml');

/** Types of components, as they are called since 0.155.0 at the latest: no deprecated name among them. */
const TYPES: Record<(typeof KINDS)[number], string[]> = {
  receivers: ['otlp', 'kafka', 'prometheus'],
  processors: [
    'memory_limiter',
    'filter',
    'redaction',
    'transform',
    'tail_sampling',
    'cumulativetodelta',
    'k8s_attributes',
  ],
  exporters: [
    'otlp_http',
    'otlp_grpc',
    'elasticsearch',
    'datadog',
    'file',
    'awss3',
    'debug',
    'nop',
    'loadbalancing',
    'kafka',
  ],
  connectors: ['forward', 'datadog'],
  extensions: ['health_check', 'file_storage', 'bearertokenauth', 'oidc'],
};

/** Every value in a document, with its path. */
function* leaves(value: any, path: string[] = []): Generator<[string[], any]> {
  if (value !== null && typeof value === 'object')
    for (const [key, member] of Object.entries(value)) yield* leaves(member, [...path, key]);
  else yield [path, value];
}

const pipelinesOf = (document: any): [string, any][] => Object.entries(document.service?.pipelines ?? {});
/** What is defined, where a file is loaded: in itself or in the base, or in the one that it says it goes with. */
const defined = (path: string, kind: (typeof KINDS)[number]) =>
  [of(path), base, ...(path === 'backends/datadog-apm.yaml' ? [of('backends/datadog.yaml')] : [])].flatMap((document) =>
    Object.keys(document[kind] ?? {}),
  );

describe.each(files)('%s', (path) => {
  const document = of(path);

  it('names every component as 0.155.0 does', () => {
    for (const kind of KINDS)
      for (const id of Object.keys(document[kind] ?? {})) expect(TYPES[kind]).toContain(id.split('/')[0]);
  });

  it('uses what is defined, and nothing else', () => {
    for (const [, { receivers = [], processors = [], exporters = [] }] of pipelinesOf(document)) {
      const connectors = defined(path, 'connectors');
      expect([...defined(path, 'receivers'), ...connectors]).toEqual(expect.arrayContaining(receivers));
      expect(defined(path, 'processors')).toEqual(expect.arrayContaining(processors));
      expect([...defined(path, 'exporters'), ...connectors]).toEqual(expect.arrayContaining(exporters));
    }
    expect(defined(path, 'extensions')).toEqual(expect.arrayContaining(document.service?.extensions ?? []));
  });

  it('defines nothing that it does not use', () => {
    const used = JSON.stringify(document.service ?? {});
    for (const kind of ['exporters', 'processors'] as const)
      for (const id of Object.keys(document[kind] ?? {}))
        if (id !== 'filter/no_mcp_audit') expect(used).toContain(JSON.stringify(id));
  });

  it('holds no secret, only names of files', () => {
    for (const [keys, value] of leaves(document)) {
      const key = keys.at(-1) as string;
      if (
        /^(hmac_key|api_key|key|token|password|key_pem)$/.test(key) &&
        !keys.includes('policies') &&
        !keys.includes('pod_association')
      )
        if (!(keys.includes('attributes') && keys.includes('telemetry')))
          expect(value).toMatch(/^\$\{file:\$\{env:(MCP_\w+_FILE):-\/\1-is-not-set\}\}$/);
    }
  });

  it('lets a variable for security fail by its own name', () => {
    const found = [...text(path).matchAll(/\$\{env:(MCP_\w+_FILE)([^}]*)\}/g)];
    for (const [, name, rest] of found) expect(rest).toMatch(new RegExp(`^:-/?${name}-is-not-set$`));
  });

  it('reads variables of its own only', () => {
    for (const [, name] of text(path).matchAll(/\$\{env:(\w+)/g)) expect(name).toMatch(/^MCP_/);
  });

  it('listens on other addresses in overlays for access and for pods only', () => {
    const wide = /overlays\/(tls|auth-bearer|auth-oidc)\.yaml/.test(path);
    expect(/0\.0\.0\.0|MCP_OTLP_BIND:-/.test(text(path))).toBe(wide);
    if (path === 'overlays/kubernetes.yaml') return;
    for (const [keys, value] of leaves(document.receivers ?? {}))
      if (keys.at(-1) === 'endpoint') expect(value).toMatch(wide ? /^\$\{env:MCP_OTLP_BIND/ : /^127\.0\.0\.1:/);
  });

  it('has no filter or transformation of audit records that fails silently', () => {
    for (const [id, processor] of Object.entries<any>(document.processors ?? {}))
      if (/^(filter|transform)\//.test(id) && id !== 'transform/trim_spans')
        expect(processor.error_mode).toBe('propagate');
  });
});

describe('audit records', () => {
  /** Exporters that answer for themselves: what they have taken is stored, and what not is refused. */
  const SYNCHRONOUS = ['file/archive', 'debug', 'elasticsearch/audit'];
  const branches = files.flatMap((path) =>
    pipelinesOf(of(path))
      .filter(([, { receivers }]) => /forward\/audit|otlp\/elastic_audit/.test(String(receivers)))
      .map(([name, pipeline]) => ({ path, name, pipeline })),
  );
  branches.push({
    path: 'add-to-yours.yaml',
    name: 'logs/mcp_audit',
    pipeline: of('add-to-yours.yaml').service.pipelines['logs/mcp_audit'],
  });

  it('have a branch for every backend that keeps them', () => {
    expect(branches.length).toBeGreaterThan(8);
  });

  it.each(branches)('$path: $name neither samples, nor redacts, nor batches in memory', ({ pipeline }) => {
    for (const processor of pipeline.processors ?? []) expect(processor).toMatch(/^(transform|filter)\//);
  });

  it.each(branches)(
    '$path: $name has a queue on disk that says at once when it is full, and never gives up',
    ({ path, pipeline }) => {
      for (const id of pipeline.exporters.filter((name: string) => !SYNCHRONOUS.includes(name))) {
        const { sending_queue: queue, retry_on_failure: retry } = of(path).exporters[id];
        expect(queue).toMatchObject({ sizer: 'bytes', block_on_overflow: false });
        expect(queue.storage).toMatch(/^file_storage\/(mcp_)?audit$/);
        expect(retry.max_elapsed_time).toBe('0s');
        // Else hundreds of large records would become one request, which no backend takes and no memory holds.
        if (queue.batch) expect(queue.batch.sizer === 'bytes' || queue.batch.max_size <= 100).toBe(true);
        const largest = 33_554_432;
        expect(
          Number(String(queue.queue_size).replace(/^\$\{env:MCP_AUDIT_QUEUE_BYTES:-(\d+)\}$/, '$1')),
        ).toBeGreaterThan(8 * largest);
      }
    },
  );

  it('are synced to disk, and a damaged queue is not thrown away', () => {
    for (const storage of [
      base.extensions['file_storage/audit'],
      of('add-to-yours.yaml').extensions['file_storage/mcp_audit'],
    ]) {
      expect(storage.fsync).toBe(true);
      expect(storage.recreate ?? false).toBe(false);
    }
  });
});

describe('lists, which replace each other', () => {
  const withList = overlays.filter((path) => of(path).service?.extensions);

  it.each(withList)('%s repeats the extensions of the base', (path) => {
    expect(of(path).service.extensions).toEqual(expect.arrayContaining(base.service.extensions));
  });

  it('the overlay for Kubernetes repeats the processors of the base', () => {
    for (const [name, { processors }] of pipelinesOf(of('overlays/kubernetes.yaml'))) {
      expect(processors.filter((id: string) => id !== 'k8s_attributes')).toEqual(
        base.service.pipelines[name].processors,
      );
      expect(processors[1]).toBe('k8s_attributes');
    }
  });

  it('files add pipelines, and change those of the base in tiers and for Kubernetes only', () => {
    for (const path of [...backends, 'overlays/tls.yaml', 'overlays/auth-bearer.yaml', 'overlays/auth-oidc.yaml'])
      for (const [name] of pipelinesOf(of(path))) expect(Object.keys(base.service.pipelines)).not.toContain(name);
  });

  it('two backends that define the same thing define it alike', () => {
    const seen = new Map<string, string>();
    const alone = backends.filter((path) => path !== 'backends/datadog-durable.yaml'); // That changes datadog.yaml, after it.
    for (const path of alone)
      for (const kind of [...KINDS, 'service'] as const)
        for (const [id, value] of Object.entries(
          kind === 'service' ? (of(path).service?.pipelines ?? {}) : (of(path)[kind] ?? {}),
        )) {
          const key = `${kind} ${id}`;
          expect(seen.get(key) ?? JSON.stringify(value)).toBe(JSON.stringify(value));
          seen.set(key, JSON.stringify(value));
        }
  });
});

it('limits in the base are first, and the largest request is stated for both protocols', () => {
  const { grpc, http } = base.receivers.otlp.protocols;
  expect(grpc.max_recv_msg_size_mib * 1024 * 1024).toBe(http.max_request_body_size);
  for (const [name, { receivers, processors }] of pipelinesOf(base))
    if (receivers.includes('otlp')) expect({ name, first: processors[0] }).toEqual({ name, first: 'memory_limiter' });
});

it('sampling does not hurry: what ends after the root span counts', () => {
  expect(base.processors.tail_sampling).not.toHaveProperty('decision_wait_after_root_received');
});
