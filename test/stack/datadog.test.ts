/** The real Collector with `backends/datadog.yaml` and a strict stand-in for Datadog's intake. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import type { RunningProgram } from '../../collector-config/stack/process.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts } from '../../collector-config/stack/stack.mjs';
import { datadogExporters, startDatadog } from './stand-ins/datadog.mjs';
import { histogramRequest } from './stand-ins/histogram.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { deliver as deliverTo, hex, type LogInput, logsRequest, post, tracesRequest } from './support/otlp.js';
import { scratch } from './support/scratch.js';

const KEY = '0123456789abcdef0123456789abcdef';

const place = await scratch();
const ports = await freePorts();
const otlp = `http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`;
let datadog: Awaited<ReturnType<typeof startDatadog>>;
let collector: RunningProgram;
let start: () => Promise<RunningProgram>;

beforeAll(async () => {
  datadog = await startDatadog({ key: KEY });
  const keyFile = join(place.folder, 'datadog-key');
  await writeFile(keyFile, `${KEY}\n`); // with a trailing newline, as from an editor
  const elsewhere = join(place.folder, 'stand-in.yaml');
  await writeFile(elsewhere, JSON.stringify({ exporters: datadogExporters(datadog.url) }));
  const env = {
    ...(await collectorEnvironment(ports, place.folder)),
    MCP_DATADOG_API_KEY_FILE: keyFile,
    MCP_TRACE_DECISION_WAIT: '1s',
  };
  const { otelcol } = await programs(['otelcol']);
  const files = [...configFiles({ backends: ['datadog', 'archive-file'] }), elsewhere];
  start = () => startCollector({ otelcol: String(otelcol), files, env });
  collector = await start();
});

afterAll(async () => {
  await collector?.stop();
  await datadog?.stop();
  await place.remove();
});

beforeEach(() => {
  datadog.plan.status = undefined;
  datadog.complaints.length = 0;
});

function auditRecord(): LogInput & { id: string } {
  const id = randomUUID();
  const body = `{"audit.record.id":"${id}","text":"«ü» <b>&amp;</b> \\u0001 \\\\ \\" \u2028"}`;
  const attributes = {
    'audit.record.id': id,
    'audit.actor.id': 'u-8472',
    'audit.outcome': 'success',
    'mcp_audit.status': 'ok',
    'mcp_audit.message': 'u-8472 EXECUTE tools/report: success',
    'mcp.method.name': 'tools/call',
    'mcp_audit.duration_ms': 142,
    'mcp_audit.sensitive': true,
    'mcp_audit.policy_tags': ['HIPAA', 'SOC2'],
  };
  return {
    id,
    eventName: 'mcp_audit.response',
    body,
    attributes,
    severityNumber: 13,
    traceId: hex(16),
    spanId: hex(8),
  };
}

const deliver = (request: unknown) => deliverTo(otlp, request);

const byId = (id: string) => datadog.logs.filter(({ fields }) => fields['audit.record.id'] === id);
const arrived = (id: string) => eventually(`record ${id}`, () => byId(id)[0]);

it('delivers an audit record with its exact body, and every attribute under its own name', async () => {
  const record = auditRecord();
  await deliver(logsRequest([record]));
  const log = await arrived(record.id);
  expect(log.fields).toMatchObject({
    message: record.body,
    'otel.event_name': 'mcp_audit.response',
    ...record.attributes,
  });
  expect(log.fields).toMatchObject({ 'otel.trace_id': record.traceId, 'otel.span_id': record.spanId });
  expect(log).toMatchObject({ service: 'weather', status: 'warn' });
  expect(datadog.complaints).toEqual([]);
});

it('delivers other logs, spans, cumulative histograms and its own metrics', async () => {
  const tool = `tool_${hex(4)}`;
  await deliver(logsRequest([{ body: tool }]));
  const span = { name: `tools/call ${tool}`, error: true, attributes: { 'gen_ai.tool.name': tool } };
  await post(otlp, '/v1/traces', tracesRequest([span]));
  for (const count of [2, 5]) await post(otlp, '/v1/metrics', histogramRequest({ count, tool }));

  await eventually('the log', () => datadog.logs.find(({ fields }) => fields.message === tool));
  const sent = await eventually('the span', () =>
    datadog.spans.find(({ meta }) => meta?.['gen_ai.tool.name'] === tool),
  );
  expect(sent).toMatchObject({ service: 'weather', resource: `tools/call ${tool}`, error: 1 });
  const sketch = await eventually('the histogram', () =>
    datadog.sketches.find(({ tags }) => tags?.includes(`gen_ai.tool.name:${tool}`)),
  );
  expect(sketch.metric).toBe('mcp.server.operation.duration');
  // The three of five calls that came after the first report.
  expect(sketch.dogsketches[0].cnt).toBe(3);
  for (const name of ['otelcol_exporter_queue_size', 'otelcol_exporter_queue_capacity', 'otelcol_process_uptime']) {
    await eventually(name, () => datadog.series.find(({ metric }) => metric === name));
  }
  expect(datadog.complaints).toEqual([]);
});

it('delivers every record of the demo unchanged', async () => {
  const { records } = await runDemo(otlp);
  expect(records.length).toBeGreaterThan(20);
  for (const { line, fields } of records) {
    const log = await arrived(fields['audit.record.id']);
    expect(log.fields.message).toBe(line);
    expect(log.fields['otel.event_name']).toBe(fields.event_name);
  }
  expect(datadog.complaints).toEqual([]);
}, 120_000);

it('sends no inventory of the machine, and the key only in its header, except to validate it', () => {
  const paths = new Set(datadog.requests.map(({ url }) => url.pathname));
  expect([...paths].sort()).toEqual([
    '/api/beta/sketches',
    '/api/v0.2/traces',
    '/api/v1/validate',
    '/api/v2/logs',
    '/api/v2/series',
  ]);
  for (const { url, headers, body } of datadog.requests) {
    if (url.pathname === '/api/v1/validate') continue;
    expect(headers['dd-api-key']).toBe(KEY);
    expect(url.search + body.toString('latin1')).not.toContain(KEY);
  }
});

it('does not start with an invalid key', async () => {
  const file = join(place.folder, 'datadog-key');
  await collector.stop();
  await writeFile(file, 'ffffffffffffffffffffffffffffffff');
  await expect(start()).rejects.toThrow(/API [Kk]ey/);
  await writeFile(file, KEY);
  collector = await start();
});

it.each([503, 429])(
  'loses nothing in an outage (%i)',
  async (status) => {
    const records = Array.from({ length: 500 }, auditRecord);
    datadog.plan.status = status;
    datadog.refused.clear();
    for (let at = 0; at < records.length; at += 50) await deliver(logsRequest(records.slice(at, at + 50)));
    await eventually(`an answer ${status}`, () => (datadog.refused.get(status) ?? 0) > 1, { timeoutMs: 60_000 });
    datadog.plan.status = undefined;
    for (const { id, body } of records) {
      const log = await eventually(`record ${id}`, () => byId(id)[0], { timeoutMs: 90_000 });
      expect(log.fields.message).toBe(body);
    }
  },
  180_000,
);

// The exporter's sender holds records in memory, which is why backends/datadog.yaml recommends an archive.
it('can lose records in flight when killed in an outage, and the archive has all of them', async () => {
  const records = Array.from({ length: 500 }, auditRecord);
  datadog.plan.status = 503;
  for (let at = 0; at < records.length; at += 50) await deliver(logsRequest(records.slice(at, at + 50)));
  await collector.kill();
  collector = await start();
  datadog.plan.status = undefined;
  const last = auditRecord();
  await deliver(logsRequest([last]));
  await eventually('the last', () => byId(last.id)[0], { timeoutMs: 90_000 });
  const folder = join(place.folder, 'archive');
  const archive = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
  for (const { body } of records) expect(archive.join('').includes(JSON.stringify(body))).toBe(true);
  const missing = records.filter(({ id }) => byId(id).length === 0).length;
  console.log(`killed in an outage: ${missing} of ${records.length} records are not in Datadog, 0 not in the archive`);
}, 180_000);
