/** Delivery alerts, from a running Collector's own metrics. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import type { RunningProgram } from '../../collector-config/stack/process.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts } from '../../collector-config/stack/stack.mjs';
import { type Backend, startBackend } from './support/backend.js';
import { eventually } from './support/eventually.js';
import { getJson } from './support/json.js';
import { callsRequest } from './support/metrics.js';
import { hex, logsRequest, post, tracesRequest } from './support/otlp.js';
import { queryMetric } from './support/prometheus.js';
import { readGroups } from './support/rules.js';
import { scratch } from './support/scratch.js';
import { startPrometheus } from './support/start-prometheus.js';

const MINUTE = 60_000;
const QUEUE_BYTES = 300_000;

let place: Awaited<ReturnType<typeof scratch>>;
let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
let collector: RunningProgram;
let backend: Backend;
let otlp: string;

const audit = (id: string, body = '{}') =>
  post(
    otlp,
    '/v1/logs',
    logsRequest([{ eventName: 'mcp_audit.response', body, attributes: { 'audit.record.id': id } }]),
  );

const firing = async (): Promise<string[]> => {
  const { data } = await getJson(`${prometheus.url}/api/v1/alerts`);
  return data.alerts
    .filter(({ state }: any) => state === 'firing')
    .map(({ labels }: any) => [labels.alertname, labels.exporter].filter(Boolean).join(' '));
};
const fires = (alert: string) => eventually(`alert ${alert}`, firing, { accept: (alerts) => alerts.includes(alert) });

beforeAll(async () => {
  place = await scratch();
  backend = await startBackend();
  prometheus = await startPrometheus(place.folder);
  const ports = await freePorts();
  const env = {
    ...(await collectorEnvironment(ports, place.folder)),
    MCP_LOKI_ENDPOINT: `${backend.url}/otlp`,
    MCP_JAEGER_ENDPOINT: backend.url,
    MCP_PROMETHEUS_ENDPOINT: `${prometheus.url}/api/v1/otlp`,
    MCP_AUDIT_QUEUE_BYTES: String(QUEUE_BYTES),
    MCP_TRACE_DECISION_WAIT: '1s',
    MCP_AUDIT_FILES: join(place.folder, 'lines', '*.jsonl'),
  };
  const { otelcol } = await programs(['otelcol']);
  const [base, ...others] = configFiles({
    backends: ['loki', 'archive-file'],
    sources: ['audit-files'],
  });
  // Its own metrics every second: each alert would wait for the next of them.
  const text = await readFile(base as string, 'utf8');
  const often = text.replace('scrape_interval: 10s', 'scrape_interval: 1s');
  expect(often).not.toBe(text);
  const files = [join(place.folder, 'base.yaml'), ...others];
  await writeFile(files[0] as string, often);
  collector = await startCollector({ otelcol: otelcol as string, files, env });
  otlp = `http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`;
});
afterAll(async () => {
  await collector?.kill();
  await prometheus?.stop();
  await backend?.stop();
  await place.remove();
});

it('alerts are quiet while records are delivered', async () => {
  expect((await audit(hex(8))).status).toBe(200);
  await eventually(
    "counters of the Collector's own",
    () => queryMetric(prometheus.url, 'otelcol_exporter_sent_log_records_total{exporter="otlp_http/loki_audit"} == 1'),
    { accept: (samples) => samples.length === 1 },
  );
  expect(
    await queryMetric(prometheus.url, 'otelcol_processor_outgoing_items_total{processor="filter/only_audit"}'),
  ).toMatchObject([{ value: 1, labels: { service_name: 'otelcol', otel_signal: 'logs' } }]);
  // "Down" until its first report.
  await eventually('silence', firing, { accept: (alerts) => alerts.length === 0 });
});

it('alerts fire when a backend permanently rejects a record, and the archive has it', async () => {
  backend.state.status = 400;
  const id = hex(8);
  expect((await audit(id)).status).toBe(200);
  await fires('McpRecordsRefusedByBackend otlp_http/loki_audit');
  expect(await readFile(join(place.folder, 'archive/mcp-audit.jsonl'), 'utf8')).toContain(id);
});

it('alerts fire on lost spans', async () => {
  backend.state.status = 400;
  expect((await post(otlp, '/v1/traces', tracesRequest([{ name: 'tools/call forecast' }]))).status).toBe(200);
  await fires('McpSpansLost otlp_http/jaeger');
});

it('alerts fire on tool calls without records, until there are records again', async () => {
  const now = Date.now();
  const calls = {
    attributes: { 'gen_ai.tool.name': 'forecast' },
    startMs: now - MINUTE,
    points: [{ timeMs: now, calls: 9 }],
  };
  expect((await post(otlp, '/v1/metrics', callsRequest([calls], { 'service.name': 'weather' }))).status).toBe(200);
  await fires('McpAuditTrailSilent');

  backend.state.status = 200;
  for (let call = 0; call < 18; call++) expect((await audit(hex(8))).status).toBe(200);
  await eventually('end of the alert', firing, { accept: (alerts) => !alerts.includes('McpAuditTrailSilent') });
});

it('alerts fire on a damaged line of a file, and not on whole ones', async () => {
  const line = (id: string) => `{"audit.record.id":"${id}","event_name":"mcp_audit.response"}\n`;
  const file = join(place.folder, 'lines', 'audit.jsonl');
  await mkdir(join(place.folder, 'lines'));
  const passed = () =>
    queryMetric(prometheus.url, 'otelcol_processor_outgoing_items_total{processor="filter/whole_lines"}');
  await writeFile(file, line('one') + line('two'));
  await eventually('whole lines', passed, { accept: ([sample]) => sample?.value === 2 });
  expect(await firing()).not.toContain('McpAuditLineDamaged');
  await appendFile(file, '{"audit.record.id":"thr\n');
  await fires('McpAuditLineDamaged');
});

it('alerts fire on a filling queue, and on rejected records', async () => {
  backend.state.status = 503;
  const body = 'x'.repeat(5_000);
  let sent = 0;
  while (sent * body.length < QUEUE_BYTES * 0.85) {
    expect((await audit(hex(8), body)).status).toBe(200);
    sent++;
  }
  await fires('McpCollectorQueueFilling otlp_http/loki_audit');
  expect(await firing()).not.toContain('McpRecordsNotQueued otlp_http/loki_audit');

  await eventually('refusal', () => audit(hex(8), body), { accept: ({ status }) => status === 503, everyMs: 10 });
  await fires('McpRecordsNotQueued otlp_http/loki_audit');
});

it('alerts read existing counters of the Collector', async () => {
  const exprs = (await readGroups('prometheus/rules')).flatMap((group) => group.rules.map(({ expr }) => expr));
  const names = new Set(exprs.flatMap((expr) => expr.match(/otelcol_\w+/g) ?? []));
  // Only a Collector with backends/elastic.yaml has those; elastic.test.ts checks them.
  const here = [...names].filter((name) => !name.includes('elasticsearch'));
  expect(here.length).toBe(names.size - 1);
  // Not triggered here, because it would take all memory of the machine; a sibling counter confirms the name.
  const played = here.map((name) => name.replace('memory_limiter_refused', 'memory_limiter_accepted'));
  for (const name of played) expect(await queryMetric(prometheus.url, name), name).not.toEqual([]);
});
