import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCollector } from '../../collector-config/stack/collector.mjs';
import { type Backend, startBackend } from './support/backend.js';
import { collectorPlace, type Place } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { hex, logsRequest, post, tracesRequest } from './support/otlp.js';
import { logsFile, readLogs, readSpans, tracesFile } from './support/sink.js';

const FILES = ['../../collector-config/add-to-yours.yaml', './fixtures/yours.yaml'];
const files = FILES.map((path) => fileURLToPath(new URL(path, import.meta.url)));

let place: Place;
let loki: Backend;

beforeAll(async () => {
  place = await collectorPlace();
  loki = await startBackend();
});
afterAll(async () => {
  await loki?.stop();
  await place.remove();
});

const start = (extensions: string) => {
  const env = { MCP_LOKI_ENDPOINT: `${loki.url}/otlp`, THEIR_EXTENSIONS: extensions };
  return startCollector({ otelcol: place.otelcol, files, env: place.env(env) });
};

it('adds the audit trail to a running Collector and changes nothing else', async () => {
  let running = await start('[health_check, file_storage/mcp_audit]');
  try {
    loki.state.status = 503;
    const traceId = hex(16);
    const records = [{ eventName: 'mcp_audit.response', body: '<an audit record>' }, { body: '<a log>' }];
    expect(await post(place.otlp, '/v1/logs', logsRequest(records))).toMatchObject({ status: 200 });
    await post(place.otlp, '/v1/traces', tracesRequest([{ name: 'tools/call', traceId }]));
    const theirs = await eventually('their log', () => readLogs(logsFile(place.sink)), {
      accept: (all) => all.length > 0,
    });
    expect(theirs.map(({ body }) => body.stringValue)).toEqual(['<a log>']);
    await eventually('their span', () => readSpans(tracesFile(place.sink)), {
      accept: ([span]) => span?.traceId === traceId,
    });

    await running.kill();
    loki.state.status = 200;
    running = await start('[health_check, file_storage/mcp_audit]');
    await eventually('the record', () => loki.counts(['<an audit record>', 'mcp_audit.response', '<a log>']), {
      accept: ([record, name]) => record === 1 && name === 2, // as the event name, and as the attribute for Loki
    });
    expect(loki.counts(['<a log>'])).toEqual([0]);
  } finally {
    await running.kill();
  }
});

it('reports a missing queue extension', async () => {
  await expect(start('[health_check]')).rejects.toThrow(/otlp_http\/mcp_audit.*(storage|extension)/s);
});
