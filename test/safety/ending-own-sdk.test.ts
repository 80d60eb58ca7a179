/** The application flushes its own SDK: the process ends as without mcp-trail, and not later. */
import { describe, expect, it } from 'vitest';
import { DeadEndpoints, endApp, exportTo, REGISTER, UsedReceiver } from './endings.js';

const receiver = new UsedReceiver();
const dead = new DeadEndpoints();

const OWN_SDK = ['--import', './test/fixtures/ending-own-sdk.mjs'];

async function plainAndTraced(ending: string, shutdown: string, url: string) {
  // The SDK itself waits for a batch that is being sent.
  const env = { ...exportTo(url), OTEL_EXPORTER_OTLP_TIMEOUT: '1500', ENDING_SHUTDOWN: shutdown };
  const plain = await endApp({ ending, preload: OWN_SDK, env });
  return [plain, await endApp({ ending, preload: [...OWN_SDK, ...REGISTER], env })] as const;
}

const SHUTDOWNS = [
  ['that nobody shuts down', ''],
  ['that is shut down on SIGTERM', 'SIGTERM'],
  ['that is shut down when nothing is left to do', 'beforeExit'],
];

/** A flush gets a third of a second, and a busy machine may leave the process none of it. What is lost or late by design is so every time. */
const LIMITED = { retry: 2 };

describe.each(SHUTDOWNS)('an SDK %s', LIMITED, (_which, shutdown) => {
  it('exports what was recorded by the end', async () => {
    const [plain, traced] = await plainAndTraced('drain', shutdown, receiver.url);
    expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
    expect(receiver.calls).toBe(1);
  });

  it.each(['refused', 'black hole'] as const)('does not end later than without mcp-trail: %s', async (endpoint) => {
    const [plain, traced] = await plainAndTraced('drain', shutdown, dead.url(endpoint));
    expect({ code: traced.code, signal: traced.signal, stdout: traced.stdout }).toEqual({
      code: plain.code,
      signal: plain.signal,
      stdout: plain.stdout,
    });
    // An SDK of ours would get two seconds; the machine may be slow.
    expect(traced.took - plain.took).toBeLessThan(1500);
  });
});

it('telemetry that is pending at a signal without a handler arrives', LIMITED, async () => {
  const [plain, traced] = await plainAndTraced('nothing', '', receiver.url);
  expect({ ...traced, took: 0 }).toEqual({ ...plain, took: 0 });
  expect(receiver.calls).toBe(1);
});
