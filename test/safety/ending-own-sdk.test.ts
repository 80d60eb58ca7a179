/** The application flushes its own SDK: the process ends as without mcp-trail, and not later. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { type DeadEndpoints, deadEndpoints, endApp, REGISTER } from './endings.js';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let dead: DeadEndpoints;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  dead = await deadEndpoints();
});
beforeEach(() => {
  receiver.spans.length = 0;
});
afterAll(async () => {
  dead.close();
  await receiver.close();
});

const OWN_SDK = ['--import', './test/fixtures/ending-own-sdk.mjs'];

/** Batches leave only at the end: the SDK itself waits for one that is being sent. */
const exportTo = (url: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_TIMEOUT: '1500',
  OTEL_BSP_SCHEDULE_DELAY: '3600000',
  OTEL_BLRP_SCHEDULE_DELAY: '3600000',
  OTEL_METRIC_EXPORT_INTERVAL: '3600000',
});

async function plainAndTraced(ending: string, shutdown: string, url: string) {
  const env = { ...exportTo(url), ENDING_SHUTDOWN: shutdown };
  const plain = await endApp({ ending, preload: OWN_SDK, env });
  return [plain, await endApp({ ending, preload: [...OWN_SDK, ...REGISTER], env })] as const;
}

const calls = () => receiver.spans.filter(({ name, kind }) => name === 'tools/call echo' && kind === 'SERVER').length;

const SHUTDOWNS = [
  ['that nobody shuts down', ''],
  ['that is shut down on SIGTERM', 'SIGTERM'],
  ['that is shut down when nothing is left to do', 'beforeExit'],
];

describe.each(SHUTDOWNS)('an SDK %s', (_which, shutdown) => {
  it('exports what was recorded by the end', async () => {
    const [plain, traced] = await plainAndTraced('drain', shutdown, receiver.url);
    expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
    expect(calls()).toBe(1);
  });

  it.each(['refused', 'black hole'] as const)('does not end later than without mcp-trail: %s', async (endpoint) => {
    const [plain, traced] = await plainAndTraced('drain', shutdown, dead.urls[endpoint]);
    expect({ code: traced.code, signal: traced.signal, stdout: traced.stdout }).toEqual({
      code: plain.code,
      signal: plain.signal,
      stdout: plain.stdout,
    });
    // An SDK of ours would get two seconds; the machine may be slow.
    expect(traced.took - plain.took).toBeLessThan(1500);
  });
});

it('telemetry that is pending at a signal without a handler arrives', async () => {
  const [plain, traced] = await plainAndTraced('nothing', '', receiver.url);
  expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
  expect(calls()).toBe(1);
});
