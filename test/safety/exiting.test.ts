/** Telemetry that is queued at `process.exit` arrives, and the process ends as without mcp-trail. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../ends/processes.mjs';
import { startOtlpEndpoint } from '../support/otlp-endpoint.mjs';
import { refusingPort } from '../support/refusing-port.mjs';
import { selfSigned } from '../unit/hook/http/certificates.js';
import { type Ended, run } from './child.js';

type Endpoint = Awaited<ReturnType<typeof startOtlpEndpoint>>;
type Protocol = Parameters<typeof startOtlpEndpoint>[0];

const PROTOCOLS: readonly Protocol[] = ['http/protobuf', 'http/json', 'grpc'];
const CLIENT = 'test/fixtures/safety-one-shot.mjs';
/** Batches do not leave by timer. */
const NEVER = { OTEL_BSP_SCHEDULE_DELAY: '3600000', OTEL_BLRP_SCHEDULE_DELAY: '3600000' };
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_BLRP_SCHEDULE_DELAY: '1' };

const folder = mkdtempSync(join(tmpdir(), 'exiting-'));
const endpoints: Endpoint[] = [];
afterEach(() => Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close())));
afterAll(() => rmSync(folder, { recursive: true }));

async function endpointOf(...args: Parameters<typeof startOtlpEndpoint>): Promise<Endpoint> {
  const endpoint = await startOtlpEndpoint(...args);
  endpoints.push(endpoint);
  return endpoint;
}

function exportTo(url: string, protocol: Protocol): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, MCP_TRAIL_AUDIT: 'otel' };
}

/** A process that calls a tool in memory and ends. */
function call(how: string, env: Record<string, string>, flags: readonly string[] = []): Promise<Ended> {
  return run([...flags, '--import', 'mcp-trail/register', CLIENT], { env: { SAFETY_ENDS_WITH: how, ...env } });
}

function plainly(how: string, flags: readonly string[] = []): Promise<Ended> {
  return run([...flags, CLIENT], { env: { SAFETY_ENDS_WITH: how } });
}

/** The lines about each signal, with the number of losses. */
function lost(reason: string): RegExp {
  const lines = ['log records', 'spans'].flatMap((noun) => [
    `^mcp-trail: ${noun} are lost: their export to \\S+ failed \\(${reason}\\)\\. .*$`,
    `^mcp-trail: ${noun} that this process has lost: \\d+ in exports that failed$`,
  ]);
  return new RegExp(`^${lines.map((line) => `(?=[^]*${line})`).join('')}(?:mcp-trail: .*\n){4}$`, 'm');
}

const spansOf = ({ spans }: Endpoint) => spans.map(({ name }) => name).sort();
const recordsOf = ({ logs }: Endpoint) => logs.map(({ eventName }) => eventName).sort();
const resourceOf = ({ spans }: Endpoint) => Object.keys(spans[0]?.resource ?? {}).sort();

/** The time is limited, and a busy machine may leave the process none of it. */
const LIMITED = { retry: 2 };

describe.each(PROTOCOLS)('over %s', LIMITED, (protocol) => {
  it.each([
    ['process.exit', 'exit'],
    ['process.exit in a beforeExit listener', 'exit before'],
    ['an exception nobody catches', 'throw'],
  ])('a process that ends by %s delivers the same as one that ends by itself', async (_what, how) => {
    const [expected, endpoint] = await Promise.all([endpointOf(protocol), endpointOf(protocol)]);
    const [plain, natural] = await Promise.all([
      plainly(how),
      call('nothing', { ...exportTo(expected.url, protocol), ...NEVER }),
    ]);
    const traced = await call(how, { ...exportTo(endpoint.url, protocol), ...NEVER });
    expect(natural.code).toBe(0);
    expect(traced).toEqual(plain);
    expect(spansOf(endpoint)).toEqual(spansOf(expected));
    expect(spansOf(endpoint)).toContain('tools/call echo');
    expect(recordsOf(endpoint)).toEqual(recordsOf(expected));
    expect(recordsOf(endpoint)).toContain('mcp_audit.response');
    expect(resourceOf(endpoint)).toEqual(resourceOf(expected));
  });

  it('what is being sent and not confirmed is sent again', async () => {
    const endpoint = await endpointOf(protocol, { loseFirst: true });
    const env = { ENDS_KIND: 'stdio', ENDS_HOW: 'exit', ...exportTo(endpoint.url, protocol), ...AT_ONCE };
    const program = new Program(env, true);
    await program.call(1);
    await endpoint.until(() => endpoint.requests.length >= 2);
    expect(await program.end('exit')).toMatchObject({ code: 0, stderr: '' });
    // The very first ones were in the unanswered requests.
    expect(spansOf(endpoint)).toEqual(expect.arrayContaining(['initialize', 'tools/call echo']));
    expect(recordsOf(endpoint)).toEqual(expect.arrayContaining(['mcp_audit.started', 'mcp_audit.response']));
  });

  it('what a flush has taken out of the queue and not yet sent is sent', async () => {
    const endpoint = await endpointOf(protocol, { loseFirst: true });
    const how = 'SIGTERM drain exit';
    const program = new Program(
      { ENDS_KIND: 'stdio', ENDS_HOW: how, ...exportTo(endpoint.url, protocol), ...AT_ONCE },
      true,
    );
    await program.call(1);
    await endpoint.until(() => endpoint.requests.length >= 2);
    await program.call(3);
    expect(await program.end(how)).toMatchObject({ code: 0, signal: null });
    const answered = endpoint.logs
      .filter(
        ({ eventName, attributes }) =>
          eventName === 'mcp_audit.response' && attributes['mcp.method.name'] === 'tools/call',
      )
      .map(({ attributes }) => attributes['mcp_audit.operation.id']);
    expect(new Set(answered).size).toBe(4);
    expect(
      new Set(endpoint.spans.filter(({ name }) => name === 'tools/call echo').map(({ spanId }) => spanId)).size,
    ).toBe(4);
  });

  it('a worker thread that ends by process.exit delivers everything', async () => {
    const endpoint = await endpointOf(protocol);
    const env = { ENDS_KIND: 'worker', ENDS_HOW: 'exit', ...exportTo(endpoint.url, protocol), ...NEVER };
    const program = new Program(env, true);
    await program.call(1);
    expect(await program.end('exit')).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(spansOf(endpoint)).toContain('tools/call echo');
    expect(recordsOf(endpoint)).toContain('mcp_audit.response');
  });

  it('goes to an endpoint with the operator’s certificate, compressed and with headers', async () => {
    const { cert, key } = selfSigned([['CN', 'localhost']]);
    const endpoint = await endpointOf(protocol, { tls: { cert, key, ca: cert, requestCert: true } });
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const ended = await call('exit', {
      ...exportTo(endpoint.url, protocol),
      ...NEVER,
      OTEL_EXPORTER_OTLP_CERTIFICATE: certFile,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certFile,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: keyFile,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=all%20of%20us,x-signal=any',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-signal=traces',
    });
    expect(ended).toMatchObject({ code: 5, stderr: '' });
    expect(spansOf(endpoint)).toContain('tools/call echo');
    expect(recordsOf(endpoint)).toContain('mcp_audit.response');
    const encoding = protocol === 'grpc' ? 'grpc-encoding' : 'content-encoding';
    const headers = endpoint.requests.map((request) =>
      ['x-tenant', 'x-signal', encoding].map((name) => request.headers[name]),
    );
    expect(headers.sort()).toEqual([
      ['all of us', 'any', 'gzip'],
      ['all of us', 'traces', 'gzip'],
    ]);
  });

  it('what is refused is reported, with the reason', async () => {
    const endpoint = await endpointOf(protocol, { status: protocol === 'grpc' ? 16 : 401 });
    const ended = await call('exit', { ...exportTo(endpoint.url, protocol), ...NEVER });
    expect(ended.code).toBe(5);
    expect(ended.stderr).toMatch(lost(protocol === 'grpc' ? 'UNAUTHENTICATED' : 'HTTP 401'));
  });
});

it('a gRPC endpoint on a Unix socket is reached', LIMITED, async () => {
  const endpoint = await endpointOf('grpc', { socketPath: join(folder, 'otlp.sock') });
  const env = { ...exportTo(endpoint.url, 'grpc'), OTEL_EXPORTER_OTLP_INSECURE: 'true', ...NEVER };
  expect(await call('exit', env)).toMatchObject({ code: 5, stderr: '' });
  expect(spansOf(endpoint)).toContain('tools/call echo');
});

describe('what the application records at exit', LIMITED, () => {
  const APP = `
    const { trace } = require('@opentelemetry/api');
    const end = (name) => trace.getTracer('application').startSpan(name).end();
    end('before');
    process.on('exit', () => end('at exit'));
    if (process.env.FAILS) process.on('exit', () => { throw new Error('the application fails at exit'); });
    setImmediate(() => process.exit(3));`;
  const start = (url: string, env: Record<string, string> = {}) =>
    run(['--require', 'mcp-trail/register', '-e', APP], { env: { ...exportTo(url, 'http/json'), ...NEVER, ...env } });

  it('is delivered', async () => {
    const endpoint = await endpointOf('http/json');
    expect(await start(endpoint.url)).toMatchObject({ code: 3, stderr: '' });
    expect(spansOf(endpoint)).toEqual(['at exit', 'before']);
  });

  it('may fail, and earlier telemetry is delivered', async () => {
    const endpoint = await endpointOf('http/json');
    const { code, stderr } = await start(endpoint.url, { FAILS: 'yes' });
    const plain = await run(['-e', APP], { env: { FAILS: 'yes' } });
    expect(code).toBe(plain.code);
    expect(stderr).toContain('the application fails at exit');
    expect(spansOf(endpoint)).toContain('before');
  });
});

it('a resource that is still being detected is sent as far as it is known, without a warning', LIMITED, async () => {
  const endpoint = await endpointOf('http/json');
  // The SDK's own exports wait for it.
  const pending = ['--import', 'mcp-trail/register', '--import', './test/fixtures/pending-resource.mjs'];
  const env = {
    SAFETY_ENDS_WITH: 'exit',
    ...exportTo(endpoint.url, 'http/json'),
    OTEL_SERVICE_NAME: 'early',
    ...NEVER,
  };
  expect(await run([...pending, CLIENT], { env })).toMatchObject({ code: 5, stderr: '' });
  expect(spansOf(endpoint)).toContain('tools/call echo');
  expect(endpoint.spans[0]?.resource['service.name']).toBe('early');
});

it('spans that are not sampled are not sent', LIMITED, async () => {
  const endpoint = await endpointOf('http/json');
  await call('exit', { ...exportTo(endpoint.url, 'http/json'), ...NEVER, OTEL_TRACES_SAMPLER: 'always_off' });
  expect(endpoint.requests.map(({ path }) => path)).toEqual(['/v1/logs']);
});

describe('a dead endpoint', LIMITED, () => {
  const sockets = new Set<Socket>();
  let silent: Server;
  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it.each(PROTOCOLS)('without an answer over %s is abandoned, which is reported', async (protocol) => {
    const { port } = silent.address() as { port: number };
    const ended = await call('exit', { ...exportTo(`http://127.0.0.1:${port}`, protocol), ...NEVER });
    expect(ended).toMatchObject({ code: 5, stdout: (await plainly('exit')).stdout });
    expect(ended.stderr).toMatch(lost('no answer until the process ended'));
  });

  it.each(PROTOCOLS)('that does not exist over %s is reported', async (protocol) => {
    const url = `http://127.0.0.1:${await refusingPort()}`;
    const ended = await call('exit', { ...exportTo(url, protocol), ...NEVER });
    expect(ended.code).toBe(5);
    expect(ended.stderr).toMatch(lost('ECONNREFUSED'));
  });
});

describe('batches', () => {
  const SHOW = `
    const { trace } = require('@opentelemetry/api');
    const { logs } = require('@opentelemetry/api-logs');
    const spans = trace.getTracerProvider().getDelegate()._activeSpanProcessor._spanProcessors;
    const records = logs.getLoggerProvider()._getDelegate?.()._sharedState.processors ?? logs.getLoggerProvider()._sharedState.processors;
    console.log(JSON.stringify([
      ...[...spans, ...records].map((each) => each._scheduledDelayMillis),
      process.env.OTEL_BSP_SCHEDULE_DELAY ?? null, process.env.OTEL_BLRP_SCHEDULE_DELAY ?? null,
    ]));`;

  it.each([
    ['half a second, which children do not inherit', {}, [500, 500, null, null]],
    [
      'the value of the environment',
      { OTEL_BSP_SCHEDULE_DELAY: '70', OTEL_BLRP_SCHEDULE_DELAY: '80' },
      [70, 80, '70', '80'],
    ],
    ['half a second if the variable is empty', { OTEL_BSP_SCHEDULE_DELAY: '' }, [500, 500, '', null]],
  ])('wait for %s', async (_what, env, expected) => {
    const { stdout } = await run(['--require', 'mcp-trail/register', '-e', SHOW], {
      env: env as Record<string, string>,
    });
    expect(JSON.parse(stdout)).toEqual(expected);
  });
});
