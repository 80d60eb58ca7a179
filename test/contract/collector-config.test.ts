import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AuditField } from '../../src/semconv/audit-field.js';
import { AUDIT_FIELDS } from '../../src/semconv/audit-record.js';

const ROOT = fileURLToPath(new URL('../../collector-config/', import.meta.url));
const KINDS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const;

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const below = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`);

const backends = below('backends');
const overlays = below('overlays');
const sources = below('sources');
const tiers = below('tiers');
const files = ['base.yaml', ...backends, ...sources, ...overlays, ...tiers, 'add-to-yours.yaml'];
const documents = new Map<string, any>(files.map((path) => [path, parse(text(path))]));
const of = (path: string): any => documents.get(path);
const base = of('base.yaml');

/** Component types by their current names in 0.155.0; no deprecated aliases. */
const TYPES: Record<(typeof KINDS)[number], string[]> = {
  receivers: ['otlp', 'kafka', 'prometheus', 'file_log'],
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
    'splunk_hec',
    'file',
    'awss3',
    'debug',
    'nop',
    'loadbalancing',
    'kafka',
    'syslog',
  ],
  connectors: ['forward', 'datadog'],
  extensions: ['health_check', 'file_storage', 'bearertokenauth', 'oidc'],
};

/** A component that only checks a variable, whose name it has. */
const isCheck = (id: string) => /\/MCP_\w+$/.test(id);
const withoutChecks = (path: string) => text(path).replace(/^ {2}\w+\/MCP_\w+: .*$/gm, '');

/** Every scalar in a document, with its path. */
function* leaves(value: any, path: string[] = []): Generator<[string[], any]> {
  if (value !== null && typeof value === 'object')
    for (const [key, member] of Object.entries(value)) yield* leaves(member, [...path, key]);
  else yield [path, value];
}

const pipelinesOf = (document: any): [string, any][] => Object.entries(document.service?.pipelines ?? {});
/** Components defined when a file is loaded: its own, those of the base, and those of the file that it requires. */
const defined = (path: string, kind: (typeof KINDS)[number]) =>
  [of(path), base, ...(path === 'backends/datadog-apm.yaml' ? [of('backends/datadog.yaml')] : [])].flatMap((document) =>
    Object.keys(document[kind] ?? {}),
  );

describe.each(files)('%s', (path) => {
  const document = of(path);

  it('uses component names of 0.155.0', () => {
    for (const kind of KINDS)
      for (const id of Object.keys(document[kind] ?? {})) expect(TYPES[kind]).toContain(id.split('/')[0]);
  });

  it('uses only defined components', () => {
    for (const [, { receivers = [], processors = [], exporters = [] }] of pipelinesOf(document)) {
      const connectors = defined(path, 'connectors');
      expect([...defined(path, 'receivers'), ...connectors]).toEqual(expect.arrayContaining(receivers));
      expect(defined(path, 'processors')).toEqual(expect.arrayContaining(processors));
      expect([...defined(path, 'exporters'), ...connectors]).toEqual(expect.arrayContaining(exporters));
    }
    expect(defined(path, 'extensions')).toEqual(expect.arrayContaining(document.service?.extensions ?? []));
  });

  it('defines no unused component', () => {
    const used = JSON.stringify(document.service ?? {});
    for (const kind of ['exporters', 'processors'] as const)
      for (const id of Object.keys(document[kind] ?? {}))
        if (id !== 'filter/no_mcp_audit' && !isCheck(id)) expect(used).toContain(JSON.stringify(id));
  });

  it('contains no secrets, only file names', () => {
    for (const [keys, value] of leaves(document)) {
      const key = keys.at(-1) as string;
      if (
        /^(hmac_key|api_key|key|token|password|key_pem)$/.test(key) &&
        !keys.includes('policies') &&
        !keys.includes('pod_association')
      )
        if (!(keys.includes('attributes') && keys.includes('telemetry')))
          expect(value).toMatch(/^\$\{file:\$\{env:(MCP_\w+_FILE):-\/\1-is-not-set\}\/\1\/\.\.\}$/);
    }
  });

  it('fails with the name of a missing security variable', () => {
    const found = [...withoutChecks(path).matchAll(/\$\{env:(MCP_\w+_FILE)\b([^}]*)\}/g)];
    // Without its own certificate, a client that needs one is refused.
    const optional = ['MCP_SYSLOG_CERT_FILE', 'MCP_SYSLOG_KEY_FILE'];
    for (const [, name = '', rest] of found)
      if (!optional.includes(name)) expect(rest).toMatch(new RegExp(`^:-/?${name}-is-not-set$`));
  });

  it('reads only MCP_ variables', () => {
    for (const [, name] of text(path).matchAll(/\$\{env:(\w+)/g)) expect(name).toMatch(/^MCP_/);
  });

  it('listens beyond loopback only in access overlays and pods', () => {
    const wide = /overlays\/(tls|auth-bearer|auth-oidc)\.yaml/.test(path);
    expect(/0\.0\.0\.0|MCP_OTLP_BIND:-/.test(text(path))).toBe(wide);
    if (path === 'overlays/kubernetes.yaml') return;
    for (const [keys, value] of leaves(document.receivers ?? {}))
      if (keys.at(-1) === 'endpoint') expect(value).toMatch(wide ? /^\$\{env:MCP_OTLP_BIND/ : /^127\.0\.0\.1:/);
  });

  it('has no filter or transform for audit records that fails silently', () => {
    // A file would be read again for ever.
    const silent = ['transform/trim_spans', 'transform/audit_files'];
    for (const [id, processor] of Object.entries<any>(document.processors ?? {}))
      if (/^(filter|transform)\//.test(id) && !silent.includes(id)) expect(processor.error_mode).toBe('propagate');
  });
});

describe('audit records', () => {
  /** Exporters without a queue: they store data before they acknowledge it. */
  const SYNCHRONOUS = ['file/archive', 'debug', 'elasticsearch/audit', 'awss3/archive'];
  const branches = files.flatMap((path) =>
    pipelinesOf(of(path))
      .filter(([, { receivers }]) => /forward\/audit|otlp\/(elastic_audit|archive_s3)/.test(String(receivers)))
      .map(([name, pipeline]) => ({ path, name, pipeline })),
  );
  branches.push({
    path: 'add-to-yours.yaml',
    name: 'logs/mcp_audit',
    pipeline: of('add-to-yours.yaml').service.pipelines['logs/mcp_audit'],
  });

  it('have a pipeline for every backend that stores them', () => {
    expect(branches.length).toBeGreaterThan(8);
  });

  it.each(branches)('$path: $name does not sample, redact or batch in memory', ({ pipeline }) => {
    for (const processor of pipeline.processors ?? []) expect(processor).toMatch(/^(transform|filter)\//);
  });

  it.each(branches)(
    '$path: $name has a disk queue that rejects at once when full, and retries forever',
    ({ path, pipeline }) => {
      for (const id of pipeline.exporters.filter((name: string) => !SYNCHRONOUS.includes(name))) {
        const { sending_queue: queue, retry_on_failure: retry } = of(path).exporters[id];
        expect(queue).toMatchObject({ sizer: 'bytes', block_on_overflow: false });
        expect(queue.storage).toMatch(/^file_storage\/(mcp_)?audit$/);
        expect(retry.max_elapsed_time).toBe('0s');
        // Otherwise hundreds of large records would become one request that exceeds backend limits and memory.
        if (queue.batch) expect(queue.batch.sizer === 'bytes' || queue.batch.max_size <= 100).toBe(true);
        const largest = 33_554_432;
        expect(
          Number(String(queue.queue_size).replace(/^\$\{env:MCP_AUDIT_QUEUE_BYTES:-(\d+)\}$/, '$1')),
        ).toBeGreaterThan(8 * largest);
      }
    },
  );

  it('are synced to disk, and a damaged queue is kept', () => {
    for (const storage of [
      base.extensions['file_storage/audit'],
      of('add-to-yours.yaml').extensions['file_storage/mcp_audit'],
    ]) {
      expect(storage.fsync).toBe(true);
      expect(storage.recreate ?? false).toBe(false);
    }
  });
});

describe('sources/audit-files.yaml', () => {
  const { receivers, processors } = of('sources/audit-files.yaml');
  const { operators, ...receiver } = receivers['file_log/audit_files'];
  const bodyOnly = Object.entries<AuditField>(AUDIT_FIELDS).flatMap(([key, field]) => (field.bodyOnly ? key : []));

  it('moves the fields of records that are the resource, and removes those that are in the body only', () => {
    const moved = operators.flatMap(({ type, to }: any) =>
      type === 'move' ? /^resource\["(.*)"\]$/.exec(to)?.[1] : [],
    );
    const statement = processors['transform/audit_files'].log_statements.find((text: string) =>
      text.includes('|span_id|'),
    );
    const removed = /"\^\((.*)\)\$\$"/.exec(statement)?.[1]?.replaceAll('\\\\.', '.').split('|') ?? [];
    expect([...moved, ...removed.filter((key) => key !== 'scope')].sort()).toEqual(bodyOnly.sort());
  });

  it('loses nothing by the settings that the receiver has by default', () => {
    expect(receiver).toMatchObject({
      start_at: 'beginning',
      storage: 'file_storage/audit',
      retry_on_failure: { enabled: true, max_elapsed_time: 0 },
      force_flush_period: 0,
    });
  });
});

describe('lists, which later files replace', () => {
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

  it('only tiers and Kubernetes change pipelines of the base', () => {
    for (const path of [
      ...backends,
      ...sources,
      'overlays/tls.yaml',
      'overlays/auth-bearer.yaml',
      'overlays/auth-oidc.yaml',
    ])
      for (const [name] of pipelinesOf(of(path))) expect(Object.keys(base.service.pipelines)).not.toContain(name);
  });

  it('backends that define the same component define it identically', () => {
    const seen = new Map<string, string>();
    const alone = backends.filter((path) => path !== 'backends/datadog-durable.yaml'); // overrides datadog.yaml
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

it('a variable that is set to nothing means its default, or an error, in compose files and in loki.yaml', () => {
  const composed = readdirSync(ROOT).filter((name) => name.startsWith('compose.'));
  for (const path of [...composed, 'loki/loki.yaml'])
    for (const [found] of text(path).matchAll(/\$\{MCP_[^}]*\}/g)) expect(found).toMatch(/^\$\{\w+:[-?]/);
});

it('the memory limiter comes first, and both protocols have the same request limit', () => {
  const { grpc, http } = base.receivers.otlp.protocols;
  expect(grpc.max_recv_msg_size_mib * 1024 * 1024).toBe(http.max_request_body_size);
  for (const [name, { receivers, processors }] of pipelinesOf(base))
    if (receivers.includes('otlp')) expect({ name, first: processors[0] }).toEqual({ name, first: 'memory_limiter' });
});

it('sampling considers spans that end after the root span', () => {
  expect(base.processors.tail_sampling).not.toHaveProperty('decision_wait_after_root_received');
});
