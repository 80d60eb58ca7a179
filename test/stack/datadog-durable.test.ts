/** The real Collector with `backends/datadog-durable.yaml`: records stay on disk until Datadog has accepted them. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configFiles, startCollector } from '../../collector-config/stack/collector.mjs';
import type { RunningProgram } from '../../collector-config/stack/process.mjs';
import { programs } from '../../collector-config/stack/programs.mjs';
import { collectorEnvironment, freePorts } from '../../collector-config/stack/stack.mjs';
import { datadogExporters } from './stand-ins/datadog.mjs';
import { json, Refused, startServer } from './stand-ins/server.mjs';
import { eventually } from './support/eventually.js';
import { deliver, type LogInput, logsRequest } from './support/otlp.js';
import { scratch } from './support/scratch.js';

const KEY = '0123456789abcdef0123456789abcdef';

const place = await scratch();
const ports = await freePorts();
const otlp = `http://127.0.0.1:${ports.MCP_OTLP_HTTP_PORT}`;
const stored: any[] = [];
const refused = new Map<number, number>();
let status = 200;
let datadog: Awaited<ReturnType<typeof startServer>>;
let collector: RunningProgram;
let start: () => Promise<RunningProgram>;

beforeAll(async () => {
  datadog = await startServer({
    refuse: (error) => ({ status: error.status, body: { errors: [error.message] } }),
    handle({ method, url, headers, body }) {
      if (headers['dd-api-key'] !== KEY) throw new Refused(403, 'Forbidden');
      // Datadog's exporter is still configured, and validates its key.
      if (url.pathname !== '/v1/logs')
        return { status: url.pathname === '/api/v1/validate' ? 200 : 202, body: { valid: true } };
      if (method !== 'POST') throw new Refused(405, method);
      if (status !== 200) {
        refused.set(status, (refused.get(status) ?? 0) + 1);
        return { status };
      }
      for (const { scopeLogs } of json(body, 'the logs').resourceLogs) {
        for (const { logRecords } of scopeLogs) stored.push(...logRecords);
      }
      return { status: 200, body: {} };
    },
  });
  const keyFile = join(place.folder, 'datadog-key');
  await writeFile(keyFile, `${KEY}\n`);
  const exporters = {
    ...datadogExporters(datadog.url),
    // JSON, to avoid OpenTelemetry's protobuf files here.
    'otlp_http/datadog_audit': { logs_endpoint: `${datadog.url}/v1/logs`, encoding: 'json' },
  };
  const elsewhere = join(place.folder, 'stand-in.yaml');
  await writeFile(elsewhere, JSON.stringify({ exporters }));
  const env = { ...(await collectorEnvironment(ports, place.folder)), MCP_DATADOG_API_KEY_FILE: keyFile };
  const { otelcol } = await programs(['otelcol']);
  const files = [...configFiles({ backends: ['datadog', 'datadog-durable'] }), elsewhere];
  start = () => startCollector({ otelcol: String(otelcol), files, env });
  collector = await start();
});

afterAll(async () => {
  await collector?.stop();
  await datadog?.stop();
  await place.remove();
});

function auditRecord(): LogInput & { id: string } {
  const id = randomUUID();
  const body = `{"audit.record.id":"${id}","text":"«ü» <b> \\u0001 \\\\ \\""}`;
  return { id, eventName: 'mcp_audit.response', body, attributes: { 'audit.record.id': id } };
}

it('loses nothing through 503, 429 and two kills of the Collector', async () => {
  const records = Array.from({ length: 1_000 }, auditRecord);
  for (const [number, answer] of [503, 429].entries()) {
    status = answer;
    for (let at = number * 500; at < number * 500 + 500; at += 50) {
      await deliver(otlp, logsRequest(records.slice(at, at + 50)));
    }
    await eventually(`an answer ${answer}`, () => (refused.get(answer) ?? 0) > 1);
    await collector.kill();
    collector = await start();
  }
  status = 200;
  const bodies = () => new Set(stored.map(({ body }) => body.stringValue));
  await eventually('all of them', () => records.every(({ body }) => bodies().has(body)), { timeoutMs: 90_000 });
  expect(stored.every(({ eventName }) => eventName === 'mcp_audit.response')).toBe(true);
  console.log(`${records.length} records acknowledged, 0 lost, ${stored.length - records.length} stored twice`);
}, 180_000);
