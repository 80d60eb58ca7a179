/** Outages that take a minute. They are waited for at the same time. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { startBackend } from './support/backend.js';
import { collectorPlace } from './support/collector.js';
import { eventually } from './support/eventually.js';
import { queryLines } from './support/loki.js';
import { deliver, type LogInput, logsRequest, post } from './support/otlp.js';
import { scratch } from './support/scratch.js';

const BATCHES = 100;
const BATCH_SIZE = 100;
const OUTAGE_MS = 60_000;

const place = await scratch();
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ folder: place.folder });
});

afterAll(async () => {
  await stack?.stop();
  await place.remove();
});

/** A batch of a process, with one correlation id to find it by. */
function batch(correlation: string): LogInput[] {
  return Array.from({ length: BATCH_SIZE }, (_, index) => {
    const id = randomUUID();
    const fields = { 'audit.record.id': id, 'mcp_audit.correlation.id': correlation, 'mcp.method.name': 'tools/call' };
    const body = JSON.stringify({ ...fields, event_name: 'mcp_audit.response', text: `«${index}»  \r\n\t"\\` });
    return { eventName: 'mcp_audit.response', body, attributes: fields };
  });
}

it.concurrent(
  'no acknowledged record is lost through a backend outage and two kills of the Collector',
  async () => {
    const sent = new Map<string, string[]>();
    await stack.running.get('loki')?.kill();
    const began = Date.now();
    let attempts = 0;
    for (let number = 0; number < BATCHES; number++) {
      const correlation = randomUUID();
      const records = batch(correlation);
      if (number === BATCHES / 2) {
        await stack.running.get('otelcol')?.kill();
        const restarted = stack.start('otelcol');
        attempts += await deliver(stack.urls.otlp, logsRequest(records));
        await restarted;
      } else attempts += await deliver(stack.urls.otlp, logsRequest(records));
      sent.set(correlation, records.map(({ body }) => body).sort());
      await setTimeout(Math.max(0, began + ((number + 1) * OUTAGE_MS) / BATCHES - Date.now()));
    }
    expect(Date.now() - began).toBeGreaterThanOrEqual(OUTAGE_MS);
    expect(attempts).toBeGreaterThan(BATCHES); // The Collector was down for a while.

    await stack.start('loki');
    // Some are delivered, some in flight, some on disk.
    const [first] = sent.keys();
    await eventually('the first batch', () => linesOf(String(first)), { accept: (lines) => lines.length > 0 });
    await stack.running.get('otelcol')?.kill();
    await stack.start('otelcol');

    let stored = 0;
    for (const [correlation, bodies] of sent) {
      const lines = await eventually(`lines of ${correlation}`, () => linesOf(correlation), {
        accept: (found) => new Set(found).size >= bodies.length,
        timeoutMs: 60_000,
      });
      expect([...new Set(lines)].sort()).toEqual(bodies);
      stored += lines.length;
    }
    const wanted = BATCHES * BATCH_SIZE;
    console.log(`${wanted} records acknowledged, 0 lost, ${stored - wanted} stored twice`);
  },
  OUTAGE_MS + 240_000,
);

it.concurrent(
  'Elasticsearch loses nothing in an outage longer than the exporter retries, during which the Collector can stop',
  async () => {
    const [own, backend] = [await collectorPlace(), await startBackend()];
    const start = () => own.start({ backends: ['elastic'] }, { MCP_ELASTIC_ENDPOINT: backend.url });
    const marks: string[] = [];
    const acknowledged = async (count: number) => {
      for (let number = 0; number < count; number++) {
        const mark = `(${randomUUID()})`;
        const request = logsRequest([{ eventName: 'mcp_audit.response', body: mark.padEnd(1_000, 'x') }]);
        expect(await post(own.otlp, '/v1/logs', request)).toMatchObject({ status: 200 });
        marks.push(mark);
      }
    };
    backend.state.status = 503;
    let collector = await start();
    try {
      await acknowledged(20);
      await setTimeout(35_000); // The exporter's retries end after 30 s.
      await acknowledged(5);
      const began = performance.now();
      await collector.kill('SIGTERM');
      expect(performance.now() - began).toBeLessThan(60_000);
      backend.state.status = 200;
      collector = await start();
      await eventually('all that was acknowledged', () => backend.counts(marks), {
        accept: (counts) => counts.every((count) => count > 0),
        timeoutMs: 90_000,
      });
    } finally {
      await collector.kill();
      await backend.stop();
      await own.remove();
    }
  },
  OUTAGE_MS + 240_000,
);

async function linesOf(correlation: string): Promise<string[]> {
  const query = `{service_name="weather"} | mcp_audit_correlation_id="${correlation}"`;
  return (await queryLines(stack.urls.loki, query)).map(({ text }) => text);
}
