/** A dead Collector delays the end of a process by two seconds at most. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeadEndpoints, endApp, REGISTER, unconnectableEndpoint } from './endings.js';

/** Without mcp-trail, the application ends in 0.2 seconds; a retry or an exporter's timeout takes ten. */
const IN_TIME_MS = 9000;

/** Batches leave early, so that one is being sent, or not at all, so that everything is sent at the end. */
const BATCHES = {
  'is on its way': { ENDING_WAITS: '600', OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100' },
  'is sent at the end': { OTEL_BSP_SCHEDULE_DELAY: '3600000', OTEL_BLRP_SCHEDULE_DELAY: '3600000' },
};

const dead = new DeadEndpoints();

const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'];
const ENDPOINTS = ['refused', 'black hole'] as const;

describe.each(ENDPOINTS)('a dead endpoint (%s)', (endpoint) => {
  const exportBy = (protocol: string) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: dead.url(endpoint),
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  });

  it.each(Object.entries(BATCHES))('does not delay a drained application while a batch %s', async (_batch, env) => {
    for (const protocol of PROTOCOLS) {
      const ended = await endApp({ ending: 'drain', preload: REGISTER, env: { ...env, ...exportBy(protocol) } });
      expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'ready\n' });
      expect(ended.took, protocol).toBeLessThan(IN_TIME_MS);
    }
  });

  it.each(['metrics', 'logs', 'traces'])(
    'does not delay a drained application if only %s are exported',
    async (signal) => {
      const env = { ...BATCHES['is on its way'], ...exportBy('http/json'), OTEL_METRIC_EXPORT_INTERVAL: '200' };
      const others = ['metrics', 'logs', 'traces'].filter((other) => other !== signal);
      const none = Object.fromEntries(others.map((other) => [`OTEL_${other.toUpperCase()}_EXPORTER`, 'none']));
      const ended = await endApp({ ending: 'drain', preload: REGISTER, env: { ...env, ...none } });
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.took).toBeLessThan(IN_TIME_MS);
    },
  );

  it('does not delay an application that finds more to do at every beforeExit', async () => {
    const env = { ...exportBy('http/json'), ENDING_BEFORE_EXIT: 'a,b,c,d,e' };
    const ended = await endApp({ preload: REGISTER, env, by: async () => {} });
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.took).toBeLessThan(IN_TIME_MS);
  });
});

describe('an endpoint to which no connection can be made', () => {
  let unconnectable: Awaited<ReturnType<typeof unconnectableEndpoint>>;
  beforeAll(async () => {
    unconnectable = await unconnectableEndpoint();
  });
  afterAll(() => unconnectable.close());

  it.each(PROTOCOLS)('does not delay a drained application (%s)', async (protocol) => {
    for (const env of Object.values(BATCHES)) {
      const ended = await endApp({
        ending: 'drain',
        preload: REGISTER,
        env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: unconnectable.url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
      });
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.took).toBeLessThan(IN_TIME_MS);
    }
  });
});
