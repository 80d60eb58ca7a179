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

it('the page of `npm run stack` shows every span of the demo, by name, with its service', async () => {
  const rows = (html: string) => [...html.matchAll(/>([^<>]+)</g)].map(([, text]) => String(text));
  const names = [...new Set(sent.spans.map(({ name }) => name as string))];
  const missing = (html: string) =>
    [...names, 'agent', 'travel', 'booking'].filter((name) => !rows(html).includes(name));
  expect(names.length).toBeGreaterThan(5);
  const page = await eventually(
    'whole trace on the page',
    () => documentOf(`${stack.urls.zipkin}traces/${sent.traceId}`),
    {
      accept: (html) => missing(html).length === 0,
      timeoutMs: 240_000,
    },
  );
  expect(missing(page)).toEqual([]);
}, 480_000);

it('the page listens on loopback alone', () => {
  expect(stack.running.get('zipkin')?.output).toMatch(/Serving HTTP at \/127\.0\.0\.1:\d+ /);
  expect(stack.running.get('zipkin')?.output).not.toContain('0.0.0.0');
});
