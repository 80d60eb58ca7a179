/** Losses are reported on stderr, once, with the setting to change: real processes with dead endpoints. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Child, type Ended } from './child.js';
import { callEcho, HANDSHAKE, SERVERS } from './stdio-servers.js';

const V1 = 'test/fixtures/safety-server-v1.mjs';
const REGISTER = ['--import', 'mcp-trail/register'];
/** Nothing listens there: only root may. */
const DEAD = '127.0.0.1:1';

/** A server that is called several times, and ends when it has printed something, or at once. */
async function serve(
  env: Record<string, string>,
  { args = [...REGISTER, V1], calls = 1, until = [] as readonly string[] } = {},
): Promise<Ended> {
  const child = new Child(args, env);
  child.write(...HANDSHAKE, ...Array.from({ length: calls }, (_, n) => callEcho(String(n))));
  await child.printed(`"id":"echo ${calls - 1}"`);
  for (const text of until) await child.printed(text, 'stderr');
  child.endInput();
  return child.ended;
}

const lines = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line !== '');
const failures = (ended: Ended) => lines(ended).filter((line) => line.includes('their export to'));

describe('an endpoint where nothing listens', () => {
  it.each(['http/protobuf', 'http/json', 'grpc'])('is reported once for each signal, over %s', async (protocol) => {
    const ended = await serve(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:pass${'word'}@${DEAD}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        MCP_TRAIL_AUDIT: 'otel',
      },
      { calls: 20 },
    );
    expect(ended).toMatchObject({ code: 0, signal: null });
    const told = failures(ended).map((line) => /^mcp-trail: (.*) are lost: their export to (\S+) failed/.exec(line));
    expect(told.map((match) => match?.[1]).sort()).toEqual(['log records', 'metrics', 'spans']);
    for (const match of told) expect(match?.[2]).toContain(DEAD);
    for (const line of failures(ended)) expect(line).toMatch(/ECONNREFUSED.*OTEL_EXPORTER_OTLP_ENDPOINT/);
    expect(ended.stderr).not.toContain('password');
    // In addition, losses are counted at the end.
    const others = lines(ended).filter((line) => !failures(ended).includes(line));
    for (const line of others)
      expect(line).toMatch(/^mcp-trail: .* that this process has lost: \d+ in exports that failed$/);
  });

  it.each(SERVERS)('is reported by $name', async ({ preload, file }) => {
    const ended = await serve(
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${DEAD}`, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' },
      { args: [...preload, file] },
    );
    expect(failures(ended)).toHaveLength(1);
  });

  it.each(['http/protobuf', 'grpc'])('is reported when a signal ends the process, over %s', async (protocol) => {
    const child = new Child([...REGISTER, V1], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${DEAD}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_METRICS_EXPORTER: 'none',
      MCP_TRAIL_AUDIT: 'otel',
    });
    child.write(...HANDSHAKE, callEcho('only'));
    await child.printed('"id":"echo only"');
    child.kill('SIGTERM');
    const ended = await child.ended;
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(failures(ended).map((line) => line.split(' are lost')[0])).toEqual(
      expect.arrayContaining(['mcp-trail: spans', 'mcp-trail: log records']),
    );
    expect(failures(ended)).toHaveLength(2);
  });

  it.each([
    ['whose SDK has the instrumentation', { ENDING_INSTRUMENTED: 'yes' }],
    ['that instruments itself manually', { SAFETY_MANUAL: 'yes' }],
  ])('is reported by an application without register, %s, and counted once at its end', async (_, how) => {
    const ended = await serve(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${DEAD}`,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        ENDING_SHUTDOWN: 'beforeExit',
        ...how,
      },
      { args: ['--import', './test/fixtures/ending-own-sdk.mjs', V1], calls: 3 },
    );
    expect(failures(ended)).toHaveLength(1);
    expect(lines(ended).filter((line) => line.includes('has lost'))).toEqual([
      expect.stringMatching(/^mcp-trail: spans that this process has lost: [1-9]\d* in exports that failed$/),
    ]);
  });

  it('is reported while the process runs', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${DEAD}`, OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
    const ended = await serve(env, { until: ['spans are lost'] });
    expect(lines(ended).filter((line) => line.includes('spans are lost'))).toHaveLength(1);
  });
});

describe('an endpoint that answers', () => {
  let endpoint: Server | undefined;
  afterEach(() => {
    endpoint?.closeAllConnections();
    endpoint?.close();
  });
  const SECRET = 'what the server answers';

  async function answering(status: number): Promise<string> {
    endpoint = createServer((request, response) => {
      request.resume();
      response.writeHead(status, SECRET, { 'content-type': 'text/plain' }).end(SECRET);
    });
    await new Promise<void>((resolve) => endpoint?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
  }

  it.each([
    [401, /HTTP 401\)\. Check OTEL_EXPORTER_OTLP_HEADERS$/],
    [404, /HTTP 404\)\. Check the path in OTEL_EXPORTER_OTLP_ENDPOINT/],
    [500, /HTTP 500\)/],
  ])('with %i is reported without its answer', async (status, text) => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: await answering(status),
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    };
    const ended = await serve(env, { until: ['spans are lost'] });
    expect(failures(ended)).toHaveLength(1);
    expect(failures(ended)[0]).toMatch(text);
    expect(ended.stderr).not.toContain(SECRET);
  });

  it('with 200 is not reported', async () => {
    const ended = await serve({ OTEL_EXPORTER_OTLP_ENDPOINT: await answering(200), MCP_TRAIL_AUDIT: 'otel' });
    expect(failures(ended)).toEqual([]);
    expect(ended.stderr).not.toContain('lost');
  });
});

it('an endpoint that accepts connections and never answers is reported when the process ends', async () => {
  const hole = createTcpServer();
  await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
  try {
    const endpoint = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`;
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRICS_EXPORTER: 'none', MCP_TRAIL_AUDIT: 'otel' };
    const ended = await serve(env);
    expect(failures(ended)).toHaveLength(2);
    for (const line of failures(ended)) expect(line).toContain(endpoint);
  } finally {
    hole.close();
  }
});

it('a full queue is reported once, and its drops at the end', async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${DEAD}`,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_MAX_QUEUE_SIZE: '8',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
    OTEL_BLRP_MAX_QUEUE_SIZE: '16',
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '4',
    MCP_TRAIL_AUDIT: 'otel',
  };
  const ended = await serve(env, { calls: 100 });
  const told = (text: string) => lines(ended).filter((line) => line.includes(text));
  expect(told('spans are lost: the queue of 8 is full')).toHaveLength(1);
  expect(told('OTEL_BSP_MAX_QUEUE_SIZE')).toHaveLength(1);
  expect(told('log records are lost: the queue of 16 is full')).toHaveLength(1);
  expect(told('OTEL_BLRP_MAX_QUEUE_SIZE')).toHaveLength(1);
  expect(told('spans that this process has lost: ')[0]).toMatch(/: \d{2} dropped by a full queue/);
  expect(told('log records that this process has lost: ')[0]).toMatch(/: \d{2,3} dropped by a full queue/);
  expect(told('maxQueueSize')).toEqual([]);
});

it('an endpoint without a scheme is reported when MCP is seen, and not again for each signal', async () => {
  const ended = await serve({ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318', MCP_TRAIL_AUDIT: 'otel' });
  expect(lines(ended)[0]).toMatch(/^mcp-trail: OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4318", which has no scheme/);
  expect(failures(ended)).toEqual([]);
});

it('unknown names are reported once, with the accepted ones, and not again by OpenTelemetry', async () => {
  const wrong = {
    OTEL_TRACES_EXPORTER: 'otpl',
    OTEL_METRICS_EXPORTER: 'statsd',
    OTEL_LOGS_EXPORTER: 'syslog',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_PROPAGATORS: 'xray',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem',
  };
  const told = lines(await serve(wrong));
  for (const name of Object.keys(wrong))
    expect(told.filter((line) => line.startsWith(`mcp-trail: ${name} is `))).toHaveLength(1);
  expect(told).toHaveLength(Object.keys(wrong).length);
});
