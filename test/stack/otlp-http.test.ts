/** The real Collector with `backends/otlp-http.yaml`, and a strict listener in the place of the backend. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startOtlp } from './stand-ins/otlp.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { collectorMetric } from './support/collector-metrics.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';

const CHOICE = { backends: ['otlp-http', 'archive-file'] };
const HEADERS = { authorization: 'Basic MTIzNDpub3QgYSB0b2tlbg==', 'x-team': 'a: b # c', 'x-number': '12' };
const FILE = 'authorization: Basic MTIzNDpub3QgYSB0b2tlbg==\nx-team: "a: b # c"\nx-number: "12"\n';

let place: Place;
let backend: Awaited<ReturnType<typeof startOtlp>>;
let collector: Running | undefined;
let env: Record<string, string>;

beforeAll(async () => {
  place = await collectorPlace();
  const file = join(place.folder, 'export-headers');
  await writeFile(file, FILE);
  env = { MCP_OTLP_EXPORT_HEADERS_FILE: file };
});
beforeEach(async () => {
  backend = await startOtlp({ headers: HEADERS });
  env['MCP_OTLP_EXPORT_ENDPOINT'] = backend.url;
  env['MCP_QUEUE_DIR'] = join(place.folder, randomUUID());
});
afterEach(async () => {
  await collector?.kill();
  await backend.stop();
});
afterAll(() => place.remove());

async function send(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const records = ids.map((id) => ({
    eventName: 'mcp_audit.response',
    body: id,
    attributes: { 'audit.record.id': id },
  }));
  expect(await post(place.otlp, '/v1/logs', logsRequest(records))).toMatchObject({ status: 200 });
  return ids;
}

const has = (id: string) => backend.logs.some(({ body }) => body.stringValue === id);
const arrived = (ids: readonly string[]) => eventually('all records', () => ids.every(has), { timeoutMs: 90_000 });

it('delivers all signals of the demo with all headers, and audit records byte for byte', async () => {
  collector = await place.start(CHOICE, env);
  const { records, spans } = await runDemo(place.otlp);
  await eventually('all spans', () => backend.spans.length >= spans.length, { timeoutMs: 90_000 });
  const bodies = () => backend.logs.map(({ body }) => body.stringValue);
  await eventually('all records', () => records.every(({ line }) => bodies().includes(line)), { timeoutMs: 90_000 });
  await eventually('metrics', () => backend.metrics.some(({ name }) => name === 'mcp.server.operation.duration'));
  const audit = backend.logs.filter(({ eventName }) => eventName?.startsWith('mcp_audit.'));
  expect(audit).toHaveLength(records.length);
  for (const { eventName, attributes } of audit)
    expect(attributes).toContainEqual({ key: 'event_name', value: { stringValue: eventName } });
  const most = Math.max(...audit.map(({ attributes }) => attributes.length));
  expect(most).toBeLessThan(60);
  expect(backend.wrong).toEqual([]);
  console.log(`${records.length} records, ${spans.length} spans; a record has up to ${most} attributes`);
  const archive = await readFile(join(place.env({})['MCP_ARCHIVE_DIR'] ?? '', 'mcp-audit.jsonl'), 'utf8');
  expect(archive).not.toContain('"event_name"');
}, 180_000);

it('waits as long as a 429 says', async () => {
  Object.assign(backend.state, { status: 429, retryAfter: '3' });
  collector = await place.start(CHOICE, env);
  const ids = await send(3);
  await eventually('a refusal', () => backend.answers.some(({ status }) => status === 429));
  backend.state.status = 200;
  await arrived(ids);
  const [first, ...others] = backend.answers;
  expect(others.length).toBeGreaterThan(0);
  expect((others[0]?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(2_900);
}, 120_000);

it('loses nothing through 503 and kills of the Collector', async () => {
  backend.state.status = 503;
  collector = await place.start(CHOICE, env);
  const ids: string[] = [];
  for (let round = 0; round < 10; round++) ids.push(...(await send(50)));
  await eventually('a refusal', () => backend.answers.length > 1);
  await collector.kill();
  collector = await place.start(CHOICE, env);
  backend.state.status = 200;
  await arrived(ids);
  const twice = backend.logs.length - ids.length;
  console.log(`${ids.length} records acknowledged, 0 lost, ${twice} stored twice`);
}, 180_000);

it('loses what a 401 refuses, and counts it', async () => {
  const file = join(place.folder, 'wrong-headers');
  await writeFile(file, FILE.replace('MTIz', 'OTIz'));
  collector = await place.start(CHOICE, { ...env, MCP_OTLP_EXPORT_HEADERS_FILE: file });
  const lost = await send(5);
  const failed = () =>
    collectorMetric(place.metrics, 'otelcol_exporter_send_failed_log_records', ['exporter="otlp_http/export_audit"']);
  await eventually('it to be counted', failed, { accept: (count) => count >= lost.length });
  await collector.kill();
  collector = await place.start(CHOICE, env);
  await arrived(await send(1));
  expect(lost.filter(has)).toEqual([]);
  const archive = await readFile(join(place.env({})['MCP_ARCHIVE_DIR'] ?? '', 'mcp-audit.jsonl'), 'utf8');
  for (const id of lost) expect(archive).toContain(id);
}, 120_000);

it('loses what a partial success rejects, which only the log of the Collector tells', async () => {
  backend.state.reject = 2;
  collector = await place.start(CHOICE, env);
  const ids = await send(5);
  const running = collector;
  await eventually('a warning', () => /Partial success response.*"dropped_log_records":2/.test(running.output));
  backend.state.reject = 0;
  await arrived(await send(1));
  expect(ids.filter(has)).toHaveLength(3);
  const response = await fetch(place.metrics);
  const metrics = await response.text();
  expect(metrics).toMatch(/^otelcol_exporter_sent_log_records\{.*otlp_http\/export_audit.*\} 6$/m);
  expect(metrics).not.toMatch(/^otelcol_exporter_send_failed_log_records\{.*otlp_http\/export_audit.*\} [1-9]/m);
}, 120_000);
