import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { eventually } from './support/eventually.js';
import { queryLines } from './support/loki.js';
import { deliver, type LogInput, logsRequest } from './support/otlp.js';
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

it(
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

async function linesOf(correlation: string): Promise<string[]> {
  const query = `{service_name="weather"} | mcp_audit_correlation_id="${correlation}"`;
  return (await queryLines(stack.urls.loki, query)).map(({ text }) => text);
}
