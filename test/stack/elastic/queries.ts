/** Every query of the rules and dashboards, on planted cases and near misses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { attributes, deliver, hex, type LogInput, logsRequest, post, tracesRequest } from '../support/otlp.js';
import { alerts, esql, millis, PANELS, RULES } from './detect.js';
import { AUDIT, type ElasticPlace } from './place.js';
import { auditRecord } from './records.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Results of all ES|QL queries before anything was stored. */
export async function withoutData(place: ElasticPlace) {
  const queries = [
    ...PANELS,
    ...[...RULES].flatMap(([id, { type, query }]) => (type === 'esql' ? [[id, query] as const] : [])),
  ];
  const now = Date.now();
  return new Map(
    await Promise.all(
      queries.map(async ([name, query]) => [name, (await esql(place, query, now - HOUR, now)).reason] as const),
    ),
  );
}

/** A record of a call on a server. */
const call = (timeMs: number, fields: Record<string, unknown>, eventName = 'mcp_audit.response') =>
  auditRecord(
    { 'mcp_audit.duration_ms': 100, 'mcp_audit.response.size': 2_048, 'mcp_audit.sensitive': false, ...fields },
    { timeMs, eventName, body: '{}' },
  );
/** A record, and the service that sends it. */
interface Sent extends LogInput {
  readonly service?: string;
}

/** Records of one chain, in the order in which they arrive. */
const chain = (
  service: string,
  id: string,
  links: readonly (readonly [number: number, event: string, timeMs: number, fields?: object])[],
): Sent[] =>
  links.map(([number, event, timeMs, fields]) => ({
    ...call(timeMs, { 'mcp_audit.chain.id': id, 'audit.sequence.number': number, ...fields }, `mcp_audit.${event}`),
    service,
  }));
const KEY = { 'mcp_audit.key.id': 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' };
const covers = (size: number, more: object = KEY) => ({ 'mcp_audit.checkpoint.size': size, ...more });
const server = (name: string, address?: string) => ({
  'mcp_audit.server.name': name,
  'mcp_audit.inventory.change': 'server_added',
  ...(address === undefined ? {} : { 'server.address': address }),
});
const times = (count: number, record: (at: number) => LogInput): LogInput[] =>
  Array.from({ length: count }, (_, at) => record(at));
const tool = (name: string) => ({ 'gen_ai.tool.name': name });
const actor = (id: string) => ({ 'audit.actor.id': id });
const FAILED = { 'error.type': 'tool_error', 'audit.outcome': 'failure' };
const REFUSED = { 'audit.outcome': 'failure', 'mcp_audit.status': 'unauthenticated' };

/** Listing, reading and sending, with these attributes on each. */
const exfiltration = (
  at: number,
  name: string,
  common: Record<string, unknown>,
  sensitivity = 'restricted',
  gap = 10_000,
) =>
  [
    tool('list_files'),
    { ...tool('read_file'), 'mcp_audit.data.sensitivity': sensitivity },
    tool('send_http_request'),
  ].map((fields, step) => call(at - (2 - step) * gap, { ...actor(name), ...common, ...fields }));
const refusals = (at: number, count: number, address: string, more: Record<string, unknown> = {}) =>
  times(count, (step) =>
    call(
      at - 60_000 + step,
      { ...actor(address), 'client.address': address, ...REFUSED, ...more },
      'mcp_audit.authorization',
    ),
  );

/**
 * Records of a rule by a name that its results contain: `hit…` must be found, `near…` must not.
 * Times are before `at`, when the rule runs.
 */
const RECORDS: Record<string, (at: number) => Sent[]> = {
  'mcp-audit-call-burst': (at) => [
    ...times(101, () => call(at - 30_000, actor('hit-burst'))),
    ...times(100, () => call(at - 30_000, actor('near-one-less'))),
    ...times(101, () => call(at - 30_000, { ...actor('near-clients'), 'mcp_audit.side': 'client' })),
    ...times(101, (one) => call(at - (one < 50 ? 30_000 : 80_000), actor('near-slower'))),
  ],
  'mcp-audit-error-ratio': (at) => [
    ...times(10, (one) => call(at - MINUTE, { ...tool('hit-3-of-10'), ...(one < 3 ? FAILED : {}) })),
    ...times(10, (one) => call(at - MINUTE, { ...tool('near-2-of-10'), ...(one < 2 ? FAILED : {}) })),
    ...times(9, () => call(at - MINUTE, { ...tool('near-9-of-9'), ...FAILED })),
    ...times(10, () => call(at - 6 * MINUTE, { ...tool('near-too-early'), ...FAILED })),
  ],
  'mcp-audit-unknown-arguments': (at) => [
    call(at - MINUTE, { ...tool('hit-one'), 'mcp_audit.tool.argument.unknown_count': 1 }),
    call(at - MINUTE, { ...tool('near-none'), 'mcp_audit.tool.argument.unknown_count': 0 }),
    call(at - MINUTE, tool('near-not-said')),
  ],
  'mcp-audit-new-tool-for-caller': (at) => [
    call(at - MINUTE, { ...actor('a'), ...tool('hit-first') }),
    call(at - 15 * 24 * HOUR, { ...actor('a'), ...tool('hit-long-ago') }),
    call(at - MINUTE, { ...actor('a'), ...tool('hit-long-ago') }),
    call(at - 13 * 24 * HOUR, { ...actor('a'), ...tool('near-known') }),
    call(at - MINUTE, { ...actor('a'), ...tool('near-known') }),
  ],
  'mcp-audit-slow-call': (at) =>
    [
      { name: 'hit-slow', before: 100, now: 10_001 },
      { name: 'near-always-slow', before: 500, now: 10_001 },
      { name: 'near-fast', before: 100, now: 10_000 },
    ].flatMap(({ name, before, now }) => [
      ...times(5, () => call(at - 2 * HOUR, { ...tool(name), 'mcp_audit.duration_ms': before })),
      call(at - MINUTE, { ...tool(name), 'mcp_audit.duration_ms': now }),
    ]),
  'mcp-audit-sensitive-tool': (at) => [
    call(at - MINUTE, { ...tool('hit-restricted'), 'mcp_audit.data.sensitivity': 'restricted' }),
    call(at - MINUTE, { ...tool('hit-highly'), 'mcp_audit.data.sensitivity': 'highly_restricted' }),
    call(at - MINUTE, { ...tool('hit-marked'), 'mcp_audit.sensitive': true }),
    call(at - MINUTE, { ...tool('near-internal'), 'mcp_audit.data.sensitivity': 'internal' }),
    call(at - MINUTE, { ...tool('near-client'), 'mcp_audit.sensitive': true, 'mcp_audit.side': 'client' }),
  ],
  'mcp-audit-exfiltration-by-session': (at) => [
    ...exfiltration(at, 'hit-session', { 'mcp.session.id': 's-1' }),
    ...exfiltration(at, 'near-public', { 'mcp.session.id': 's-2' }, 'public'),
    ...exfiltration(at, 'near-slowly', { 'mcp.session.id': 's-3' }, 'restricted', 6 * MINUTE),
    ...exfiltration(at, 'near-no-session', {}),
    ...exfiltration(at, 'near-reversed', { 'mcp.session.id': 's-4' }, 'restricted', -10_000).map((record) => ({
      ...record,
      timeMs: Number(record.timeMs) - MINUTE,
    })),
  ],
  'mcp-audit-exfiltration-by-correlation': (at) => [
    ...exfiltration(at, 'hit-correlated', { 'mcp_audit.correlation.id': 'c-1' }),
    ...exfiltration(at, 'near-unrelated', {}).map((record, step) => ({
      ...record,
      attributes: { ...record.attributes, 'mcp_audit.correlation.id': `c-${step}` },
    })),
  ],
  'mcp-audit-repeated-failures': (at) => [
    ...times(11, () => call(at - MINUTE, { ...actor('hit-11'), ...FAILED })),
    ...times(10, () => call(at - MINUTE, { ...actor('near-10'), ...FAILED })),
    ...times(11, () => call(at - MINUTE, actor('near-successes'))),
  ],
  'mcp-audit-authentication-failures': (at) => [
    ...refusals(at, 5, 'hit-5'),
    ...refusals(at, 4, 'near-4'),
    ...refusals(at, 5, 'near-rate-limited', { 'mcp_audit.status': 'rate_limited' }),
    ...refusals(at - 5 * MINUTE, 5, 'near-earlier'),
  ],
  'mcp-audit-failures-then-success': (at) => [
    ...refusals(at, 5, 'hit-guessed'),
    call(at - 1_000, { 'client.address': 'hit-guessed' }),
    ...refusals(at, 4, 'near-only-4'),
    call(at - 1_000, { 'client.address': 'near-only-4' }),
    ...refusals(at, 5, 'near-never-in'),
    call(at - 2 * MINUTE, { 'client.address': 'near-in-before' }),
    ...refusals(at, 5, 'near-in-before'),
  ],
  'mcp-audit-guardrail-stopped': (at) =>
    Object.entries({ block: 'hit-block', quarantine: 'hit-hold', allow: 'near-allow', sanitize: 'near-clean' }).map(
      ([verdict, name]) =>
        call(at - MINUTE, { ...actor(name), 'mcp_audit.guardrail.verdict': verdict }, 'mcp_audit.guardrail'),
    ),
  'mcp-audit-tool-changed': (at) => [
    ...['previous', 'lock'].map((how) =>
      call(at - MINUTE, { ...tool(`hit-${how}`), 'mcp_audit.tool.compared_with': how }, 'mcp_audit.tool.changed'),
    ),
    ...['server_not_locked', 'annotated', 'list_changed'].map((change) =>
      call(
        at - MINUTE,
        {
          'mcp_audit.server.name': change === 'server_not_locked' ? 'hit-unlocked' : `near-${change}`,
          'mcp_audit.inventory.change': change,
        },
        'mcp_audit.inventory.changed',
      ),
    ),
    call(at - MINUTE, server('near-first-list'), 'mcp_audit.server.observed'),
  ],
  'mcp-audit-server-first-seen': (at) =>
    (
      [
        [MINUTE, server('hit-new')],
        [15 * 24 * HOUR, server('hit-long-ago')],
        [MINUTE, server('hit-long-ago')],
        [HOUR, server('hit-moved', 'a.example.com')],
        [MINUTE, server('hit-moved', 'b.example.com')],
        // Processes that restart without a state directory.
        [13 * 24 * HOUR, server('near-known')],
        [MINUTE, server('near-known')],
        [HOUR, server('near-remote', 'a.example.com')],
        [MINUTE, server('near-remote', 'a.example.com')],
        [10 * MINUTE, server('near-earlier')],
      ] as const
    ).map(([before, fields]) => call(at - before, fields, 'mcp_audit.server.observed')),
  'mcp-audit-unobserved': (at) => [
    call(at - MINUTE, { 'mcp_audit.unobserved.file': 'hit-bundle' }, 'mcp_audit.unobserved'),
    call(at - MINUTE, { 'mcp_audit.server.name': 'near-observed' }, 'mcp_audit.server.observed'),
  ],
  'mcp-audit-gap': (at) => [
    call(at - MINUTE, { 'mcp_audit.gap.sink': 'hit-disk', 'mcp_audit.gap.records': 17 }, 'mcp_audit.gap'),
    call(at - MINUTE, { 'mcp_audit.retention.files': ['near-deleted'] }, 'mcp_audit.retention'),
  ],
  'mcp-audit-damaged-line': (at) => [
    call(at - MINUTE, { 'log.file.path': '/var/log/mcp/hit-torn.jsonl' }, 'mcp_audit.damaged_line'),
    call(at - MINUTE, { 'mcp_audit.server.name': 'near-whole' }, 'mcp_audit.stopped'),
  ],
  'mcp-audit-tampered': (at) =>
    ['intact', 'unproven', 'incomplete', 'tampered'].map((result) =>
      call(
        at - MINUTE,
        { ...actor(result === 'tampered' ? 'hit-tampered' : `near-${result}`), 'mcp_audit.verified.result': result },
        'mcp_audit.verified',
      ),
    ),
  'mcp-audit-checkpoint-late': (at) => [
    ...chain('hit-one', 'chain-a', [
      [1, 'started', at - 10 * MINUTE, KEY],
      [2, 'checkpoint', at - 10 * MINUTE, covers(1)],
      [3, 'response', at - 5 * MINUTE],
    ]),
    ...chain('hit-none', 'chain-b', [[1, 'started', at - 5 * MINUTE, KEY]]),
    ...chain('hit-unsigned', 'chain-c', [
      [101, 'checkpoint', at - 5 * HOUR, covers(100, {})],
      [102, 'response', at - 5 * MINUTE],
    ]),
    ...chain('hit-second', 'chain-d', [
      [8, 'response', at - 5 * MINUTE],
      [9, 'checkpoint', at - 4 * MINUTE, covers(8)],
    ]),
    ...chain('hit-second', 'chain-e', [
      [2, 'checkpoint', at - 6 * MINUTE, covers(1)],
      [3, 'response', at - 5 * MINUTE],
    ]),
    // Numbers that arrive in any order, and one that is missing.
    ...chain('near-covered', 'chain-f', [
      [6, 'checkpoint', at - 4 * MINUTE, covers(5)],
      [5, 'response', at - 5 * MINUTE],
      [2, 'checkpoint', at - 6 * MINUTE, covers(1)],
      [3, 'response', at - 5 * MINUTE],
      [1, 'started', at - 6 * MINUTE, KEY],
    ]),
    ...chain('near-new', 'chain-g', [
      [2, 'checkpoint', at - 5 * MINUTE, covers(1)],
      [3, 'response', at],
    ]),
    ...chain('near-rotated', 'chain-h', [
      [3, 'response', at - 5 * MINUTE],
      [4, 'key.rotated', at - 4 * MINUTE, covers(3)],
    ]),
    ...chain('near-unproven', 'chain-i', [
      [1, 'started', at - 5 * MINUTE],
      [2, 'response', at - 5 * MINUTE],
    ]),
    ...chain('near-verified', 'chain-j', [[1, 'verified', at - 5 * MINUTE]]),
    ...chain('near-ended', 'chain-k', [
      [2, 'checkpoint', at - 90 * MINUTE, covers(1)],
      [3, 'response', at - 80 * MINUTE],
    ]),
  ],
};

interface Series {
  readonly exporter: string;
  readonly metric: string;
  /** Values by milliseconds before the rule runs. */
  readonly values: Record<number, number>;
  readonly attributes?: Record<string, string>;
}

/** A value that is reported every ten seconds. */
const steady = (value: number) => Object.fromEntries(Array.from({ length: 55 }, (_, at) => [(at + 1) * 10_000, value]));

const failures = (metric: string): Series[] => [
  { exporter: 'hit-grows', metric, values: { 120000: 3, 60000: 4 } },
  { exporter: 'hit-young', metric, values: { 60000: 2 } },
  { exporter: 'near-steady', metric, values: steady(3) },
  { exporter: 'near-zero', metric, values: { 120000: 0, 60000: 0 } },
  { exporter: 'elasticsearch/audit', metric, values: { 120000: 0, 60000: 9 } },
];
const PROCESSED = 'otelcol.elasticsearch.docs.processed';

/** The Collector's own metrics; the instance is the name, and the exporter where that is in the results. */
const METRICS: Record<string, Series[]> = {
  'mcp-collector-queue-filling': [
    { exporter: 'hit-81', metric: 'otelcol_exporter_queue_size', values: { 60000: 81 } },
    { exporter: 'hit-81', metric: 'otelcol_exporter_queue_capacity', values: { 60000: 100 } },
    { exporter: 'near-80', metric: 'otelcol_exporter_queue_size', values: { 60000: 80 } },
    { exporter: 'near-80', metric: 'otelcol_exporter_queue_capacity', values: { 60000: 100 } },
  ],
  'mcp-collector-send-failed': [
    ...failures('otelcol_exporter_send_failed_log_records'),
    {
      exporter: 'awss3/archive',
      metric: 'otelcol_exporter_send_failed_log_records',
      values: { 120000: 0, 60000: 9 },
    },
  ],
  'mcp-collector-enqueue-failed': failures('otelcol_exporter_enqueue_failed_log_records'),
  'mcp-collector-documents-refused': [
    {
      exporter: 'hit-parsing',
      metric: PROCESSED,
      values: { 120000: 1, 60000: 2 },
      attributes: { outcome: 'failed_client', 'error.type': 'document_parsing_exception' },
    },
    {
      exporter: 'near-duplicates',
      metric: PROCESSED,
      values: { 120000: 1, 60000: 2 },
      attributes: { outcome: 'failed_client', 'error.type': 'version_conflict_engine_exception' },
    },
    {
      exporter: 'near-stored',
      metric: PROCESSED,
      values: { 120000: 1, 60000: 2 },
      attributes: { outcome: 'success' },
    },
  ],
};

/** A request body for `/v1/metrics`, as from a Collector. */
function collectorRequest(at: number, { exporter, metric, values, attributes: more = {} }: Series) {
  const dataPoints = Object.entries(values).map(([before, value]) => ({
    attributes: attributes({ exporter, data_type: 'logs', ...more }),
    startTimeUnixNano: `${at - HOUR}000000`,
    timeUnixNano: `${at - Number(before)}000000`,
    asDouble: value,
  }));
  const counts = !metric.includes('queue');
  const kind = counts
    ? { sum: { dataPoints, isMonotonic: true, aggregationTemporality: 2 } }
    : { gauge: { dataPoints } };
  const resource = { attributes: attributes({ 'service.name': 'otelcol', 'service.instance.id': exporter }) };
  return {
    resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'x' }, metrics: [{ name: metric, ...kind }] }] }],
  };
}

const named = (value: unknown) => [...new Set(JSON.stringify(value).match(/\b(?:hit|near)-[\w-]+/g) ?? [])].sort();
const hits = (planted: unknown) => named(planted).filter((name) => name.startsWith('hit-'));

/** First of all, while no audit record is older than some minutes. */
export function silence(place: () => ElasticPlace) {
  const otlp = () => place().stack.urls.otlp;

  it('the rule mcp-audit-trail-silent fires for calls without records, and no more once there is one', async () => {
    const rule = RULES.get('mcp-audit-trail-silent');
    const at = Date.now();
    const ago = at - 12 * MINUTE;
    const stored = ({ id }: { id: string }) =>
      eventually('the record', async () => (await place().having(AUDIT, { _id: id })).length > 0);
    const calls = async (endMs: number) => {
      const traceId = hex(16);
      const span = { name: 'tools/call', traceId, attributes: { 'mcp.method.name': 'tools/call' }, endMs };
      await post(otlp(), '/v1/traces', tracesRequest([span]));
      const spans = () => place().having('traces-generic.otel-default', { trace_id: traceId });
      await eventually('the span', async () => (await spans()).length > 0);
    };
    await calls(at); // too new to count
    await expect(alerts(place(), rule, at)).rejects.toThrow('Unknown column [attributes.mcp_audit.side]');
    const earlier = call(at - HOUR, {});
    await deliver(otlp(), logsRequest([earlier]));
    await stored(earlier);
    expect(await alerts(place(), rule, at)).toEqual([]);
    await calls(ago);
    expect(await alerts(place(), rule, at)).toEqual([{ calls: 1, records: 0 }]);
    const record = call(ago, {});
    await deliver(otlp(), logsRequest([record]));
    await stored(record);
    expect(await alerts(place(), rule, at)).toEqual([]);
  });
}

export function queries(place: () => ElasticPlace, before: () => Map<string, string | undefined>) {
  const otlp = () => place().stack.urls.otlp;

  describe('before there are data', () => {
    it('ES|QL rejects queries only for a missing index', () => {
      for (const [name, reason] of before()) expect(`${name}: ${reason}`).toContain('Unknown index');
    });

    it('ES|QL rejects a rule whose counter the Collector does not report yet', async () => {
      const metrics = () => place().search('metrics-collectortelemetry.otel-default');
      await eventually('metrics', async () => (await metrics()).length > 0);
      const failed = alerts(place(), RULES.get('mcp-collector-enqueue-failed'), Date.now());
      await expect(failed).rejects.toThrow('Unknown column [metrics.otelcol_exporter_enqueue_failed_log_records]');
    });
  });

  describe('the rule', () => {
    it.each(Object.entries(RECORDS))('%s finds what it is for, and no near miss', async (id, plant) => {
      const at = Date.now();
      const mark = `${id} ${hex(4)}`;
      const records = plant(at).map((record) => ({
        ...record,
        attributes: { ...record.attributes, 'user.name': mark },
      }));
      const resourceLogs = records.flatMap(({ service, ...record }) => logsRequest([record], service).resourceLogs);
      await deliver(otlp(), { resourceLogs });
      const stored = () => place().having(AUDIT, { 'attributes.user.name': mark });
      await eventually('all records', async () => (await stored()).length === records.length);
      // Names of other rules do not count.
      const own = new Set(named(records));
      const found = named(await alerts(place(), RULES.get(id), at)).filter((name) => own.has(name));
      expect(found).toEqual(hits(records));
    });

    // At once: the exporter sends metrics every ten seconds.
    it.concurrent.each(Object.entries(METRICS))('%s finds what it is for, and no near miss', async (id, series) => {
      const at = Date.now();
      for (const one of series) expect((await post(otlp(), '/v1/metrics', collectorRequest(at, one))).status).toBe(200);
      const expected = hits(series);
      expect(expected.length).toBeGreaterThan(0);
      const own = new Set(named(series));
      const stored = async () => {
        const documents = await place().search('metrics-collectortelemetry.otel-default', {
          bool: {
            filter: [
              { terms: { 'resource.attributes.service.instance.id': series.map(({ exporter }) => exporter) } },
              { bool: { should: series.map(({ metric }) => ({ exists: { field: `metrics.${metric}` } })) } },
            ],
          },
        });
        return new Set(documents.map(({ source }) => source.resource.attributes['service.instance.id']));
      };
      await eventually(
        'all series',
        async () => (await stored()).size === new Set(series.map(({ exporter }) => exporter)).size,
      );
      const rows = await alerts(place(), RULES.get(id), at);
      expect(named(rows).filter((name) => own.has(name))).toEqual(expected);
      expect(JSON.stringify(rows)).not.toMatch(/elasticsearch\/audit|awss3\/archive/);
    });

    it('has a case', () => {
      const cases = [...Object.keys(RECORDS), ...Object.keys(METRICS), 'mcp-audit-trail-silent'];
      expect(cases.sort()).toEqual([...RULES.keys()].sort());
      for (const { from } of RULES.values()) expect(millis(from)).toBeGreaterThan(0);
    });
  });

  describe('the panel', () => {
    beforeAll(async () => {
      const now = Date.now();
      const rest = [
        call(now, { 'mcp_audit.guardrail.verdict': 'block' }, 'mcp_audit.guardrail'),
        call(now, { 'mcp_audit.tool.change': 'modified' }, 'mcp_audit.tool.changed'),
      ];
      await deliver(otlp(), logsRequest(rest));
      for (const { id } of rest)
        await eventually('the record', async () => (await place().having(AUDIT, { _id: id })).length > 0);
    });

    it.each([...PANELS])('%s shows rows', async (_, query) => {
      const now = Date.now();
      const { reason, rows } = await esql(place(), query, now - HOUR, now);
      expect(reason).toBeUndefined();
      expect(rows.length).toBeGreaterThan(0);
    });
  });
}
