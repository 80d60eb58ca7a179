/** The Datadog files, against the models of Datadog's API client and the audit record's schema. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ObjectSerializer as V1 } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/ObjectSerializer.js';
import { ObjectSerializer as V2 } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-v2/models/ObjectSerializer.js';
import { describe, expect, it } from 'vitest';
import { unparsed } from '../stack/stand-ins/unparsed.mjs';
import { ATTRIBUTES, DAMAGED_LINE, FIELDS, METRICS } from './backends/audit-fields.js';

const ROOT = 'collector-config/datadog';
const FILES = [
  ['pipelines', V1, 'LogsPipeline'],
  ['indexes', V1, 'LogsIndex'],
  ['monitors', V1, 'Monitor'],
  ['monitors/composite', V1, 'Monitor'],
  ['dashboards', V1, 'Dashboard'],
  ['archives', V2, 'LogsArchiveCreateRequest'],
  ['rules', V2, 'SecurityMonitoringStandardRuleCreatePayload'],
].flatMap(([folder, serializer, model]) =>
  readdirSync(`${ROOT}/${folder}`)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file: `${folder}/${file}`, serializer: serializer as typeof V1, model: String(model) })),
);
const read = (file: string) => readFileSync(`${ROOT}/${file}`, 'utf8');

describe.each(FILES)('$file', ({ file, serializer, model }) => {
  const text = read(file);

  it(`is a ${model} without unknown members`, () => {
    expect(unparsed(serializer.deserialize(JSON.parse(text), model, ''))).toEqual([]);
  });

  it('queries only existing attributes and values', () => {
    const own = ['otel.event_name', 'otel.trace_id', ...DAMAGED_LINE.attributes];
    for (const [, name] of text.matchAll(/@([a-z][\w.]*\w)/g)) expect([...ATTRIBUTES, ...own]).toContain(name);
    for (const [, name, list, one] of text.matchAll(/@([a-z][\w.]*\w):(?:\(([^)]*)\)|([a-z][\w.*]*))/g)) {
      const allowed = FIELDS[name === 'otel.event_name' ? 'event_name' : String(name)]?.enum;
      for (const value of (list ?? one ?? '').split(' OR ')) {
        if (allowed && !['mcp_audit.*', DAMAGED_LINE.event].includes(value)) expect(allowed).toContain(value);
      }
    }
  });

  it('queries only existing metrics', () => {
    for (const [, name] of text.matchAll(/(?:count|sum|max|avg|p95):([a-z][\w.]+)\{/g)) expect(METRICS).toContain(name);
  });

  it('explains itself if it notifies people', () => {
    const { message } = JSON.parse(text);
    if (!/^(monitors|rules)/.test(file)) expect(message).toBeUndefined();
    else
      for (const heading of ['**What it means**', '**First steps**', '**False positives**'])
        expect(message).toContain(heading);
  });
});

it.each(FILES.filter(({ file }) => file.startsWith('monitors/')))(
  '$file has the same threshold in query and options',
  ({ file }) => {
    const { type, query, options } = JSON.parse(read(file));
    if (type === 'composite') {
      for (const [, part] of query.matchAll(/\{([\w-]+)\}/g))
        expect(existsSync(`${ROOT}/monitors/${part}.json`)).toBe(true);
      return;
    }
    const [, threshold] = / (?:>|>=|<) ([\d.]+)$/.exec(query) ?? [];
    expect(Number(threshold)).toBe(options.thresholds.critical);
    if (type === 'log alert' && !query.startsWith('formula(')) {
      expect(query).toMatch(
        /^logs\("[^"]+"\)\.index\("\*"\)\.rollup\("\w+"(, "@[\w.]+")?\)(\.by\("[@\w.,]+"\))?\.last\("\d+[mh]"\) /,
      );
    }
  },
);

it.each(FILES.filter(({ file }) => file.startsWith('rules/')))(
  '$file has cases and steps only of its own queries',
  ({ file }) => {
    const { queries, cases, options } = JSON.parse(read(file));
    const { steps = [], stepTransitions = [] } = options.sequenceDetectionOptions ?? {};
    const names = [...queries, ...steps].map(({ name }: any) => name);
    for (const { condition } of [...cases, ...steps]) if (condition) expect(names).toContain(condition.split(' ')[0]);
    for (const { parent, child } of stepTransitions) expect(names).toEqual(expect.arrayContaining([parent, child]));
  },
);

it('no attribute of an audit record has a name that Datadog reserves', () => {
  // These attributes would replace the message, status, host, service or trace of a log.
  const reserved = [
    'msg',
    'message',
    'log',
    'status',
    'severity',
    'level',
    'syslog.severity',
    'host',
    'hostname',
    'service',
  ];
  const others = [
    'source',
    'ddsource',
    'ddtags',
    'tags',
    'timestamp',
    'date',
    'trace_id',
    'span_id',
    'dd.trace_id',
    'dd.span_id',
  ];
  for (const name of [...reserved, ...others]) expect(ATTRIBUTES).not.toContain(name);
});

it('counts calls on one side only', () => {
  for (const { file } of FILES) {
    for (const [query] of read(file).matchAll(/@otel\.event_name:mcp_audit\.response[^"]*/g)) {
      expect(query).toContain('@mcp_audit.side:server');
    }
  }
});

it('README.md lists every facet used for grouping', () => {
  const listed = read('README.md');
  const grouped = FILES.flatMap(({ file }) => {
    const text = read(file);
    const facets = [...text.matchAll(/"facet": "(@[^"]+)"/g), ...text.matchAll(/"groupByFields": \[([^\]]*)\]/g)];
    return [...facets, ...text.matchAll(/\.by\(\\"([^)]*)\\"\)/g)].flatMap(
      ([, names]) => String(names).match(/@[\w.]+/g) ?? [],
    );
  });
  expect(grouped.length).toBeGreaterThan(20);
  for (const facet of grouped) expect(listed).toContain(`\`${facet}\``);
});
