import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentOf } from '../../collector-config/stack/chromium.mjs';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { runDemo, type Sent } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { scratch } from './support/scratch.js';

const place = await scratch();
let stack: Stack;
let sent: Sent;

beforeAll(async () => {
  const env = { MCP_TRACE_DECISION_WAIT: '1s' };
  stack = await startStack({ folder: place.folder, backends: ['debug'], page: true, env });
  sent = await runDemo(stack.urls.otlp);
}, 300_000);

afterAll(async () => {
  await stack?.stop();
  await place.remove();
});

it('the page of `npm run stack` shows every span of the demo, with its service', async () => {
  // Zipkin writes all names in lower case.
  const rowOf = (span: any) => `${span.resource['service.name']}: ${span.name}`.toLowerCase();
  const wanted = sent.spans.map(rowOf).sort();
  expect(wanted.length).toBeGreaterThan(20);
  const rows = async () => {
    const html = await documentOf(`${stack.urls.zipkin}traces/${sent.traceId}`);
    const texts = [...html.matchAll(/>([^<>]+)</g)].map(([, text]) => String(text));
    return texts.filter((text) => wanted.includes(text)).sort();
  };
  const whole = (shown: readonly string[]) => wanted.every((row) => shown.includes(row));
  const shown = await eventually('page with all of the trace', rows, { accept: whole, timeoutMs: 240_000 });
  // The trace's own name is the page's title, too.
  expect(shown).toEqual([...wanted, rowOf(sent.spans.find(({ parentSpanId }) => !parentSpanId))].sort());
}, 480_000);

it('the page listens on loopback alone', () => {
  expect(stack.running.get('zipkin')?.output).toMatch(/Serving HTTP at \/127\.0\.0\.1:\d+ /);
  expect(stack.running.get('zipkin')?.output).not.toContain('0.0.0.0');
});
