import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseHeaders } from '../../../examples/support/otlp-forwarder.mjs';
import { startOtlpReceiver } from '../../../examples/support/otlp-receiver.mjs';
import { refusingPort } from '../../support/refusing-port.mjs';

type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

const open: Receiver[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});

async function start(options?: Parameters<typeof startOtlpReceiver>[0]): Promise<Receiver> {
  const receiver = await startOtlpReceiver(options);
  open.push(receiver);
  return receiver;
}

async function post(receiver: Receiver, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${receiver.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'weather' } }] };
const scope = { name: 'mcp-trail', version: '1.2.3' };

function traces(...names: string[]) {
  const spans = names.map((name, index) => ({
    traceId: '4BF92F3577B34DA6A3CE929D0E0E4736',
    spanId: `00f067aa0ba902b${index}`,
    parentSpanId: '0000000000000000',
    name,
    kind: 2,
    startTimeUnixNano: '1700000000000000001',
    endTimeUnixNano: '1700000000000000002',
    status: { code: 2, message: 'no' },
    attributes: [
      { key: 'text', value: { stringValue: '2' } },
      { key: 'count', value: { intValue: '2' } },
      { key: 'huge', value: { intValue: '9007199254740993' } },
      { key: 'ratio', value: { doubleValue: 0.5 } },
      { key: 'flag', value: { boolValue: false } },
      { key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'a' }] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
      { key: 'nothing', value: {} },
    ],
    links: [{ traceId: 'aa', spanId: 'bb', attributes: [] }],
    events: [{ name: 'log', timeUnixNano: '3', attributes: [{ key: 'k', value: { intValue: 1 } }] }],
  }));
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
}

describe('the OTLP receiver', () => {
  it('keeps spans with their resource and scope, decoded', async () => {
    const receiver = await start();
    expect(await post(receiver, '/v1/traces', traces('tools/call'))).toEqual({ status: 200, answer: {} });
    expect(receiver.spans).toEqual([
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: '00f067aa0ba902b0',
        parentSpanId: '',
        name: 'tools/call',
        kind: 'SERVER',
        startTimeUnixNano: '1700000000000000001',
        endTimeUnixNano: '1700000000000000002',
        status: { code: 'ERROR', message: 'no' },
        attributes: {
          text: '2',
          count: 2,
          huge: '9007199254740993',
          ratio: 0.5,
          flag: false,
          list: [1, 'a'],
          map: { k: 'v' },
          nothing: undefined,
        },
        links: [{ traceId: 'aa', spanId: 'bb', attributes: {} }],
        events: [{ name: 'log', timeUnixNano: '3', attributes: { k: 1 } }],
        resource: { 'service.name': 'weather' },
        scope: { name: 'mcp-trail', version: '1.2.3' },
      },
    ]);
  });

  it('keeps metrics and log records', async () => {
    const receiver = await start();
    const dataPoints = [{ attributes: [{ key: 'a', value: { intValue: 1 } }], count: '3', explicitBounds: [0.01] }];
    const metric = { name: 'mcp.client.operation.duration', unit: 's', histogram: { dataPoints } };
    await post(receiver, '/v1/metrics', {
      resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }],
    });
    const record = { timeUnixNano: '5', severityNumber: 9, eventName: 'e', body: { stringValue: 'b' }, traceId: 'AB' };
    await post(receiver, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] });

    expect(receiver.metrics).toMatchObject([
      {
        name: 'mcp.client.operation.duration',
        unit: 's',
        type: 'histogram',
        dataPoints: [{ attributes: { a: 1 }, count: '3', explicitBounds: [0.01] }],
        resource: { 'service.name': 'weather' },
      },
    ]);
    expect(receiver.logs).toMatchObject([
      { timeUnixNano: '5', severityNumber: 9, eventName: 'e', body: 'b', traceId: 'ab', scope: { name: 'mcp-trail' } },
    ]);
  });

  it('reads gzip', async () => {
    const receiver = await start();
    const body = gzipSync(JSON.stringify(traces('zipped')));
    const { status } = await post(receiver, '/v1/traces', body, { 'content-encoding': 'gzip' });
    expect(status).toBe(200);
    expect(receiver.spans.map((span) => span.name)).toEqual(['zipped']);
  });

  it('tells a protobuf exporter what to change', async () => {
    const receiver = await start();
    const type = { 'content-type': 'application/x-protobuf' };
    const { status, answer } = await post(receiver, '/v1/traces', new Uint8Array([10, 0]), type);
    expect(status).toBe(415);
    expect(answer['message']).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/json');
  });

  it.each([
    ['an unknown path', '/v1/profiles', '{}', {}, 404],
    ['a path named like a property of every object', '/constructor', '{}', {}, 404],
    ['text that is not JSON', '/v1/traces', '{', {}, 400],
    ['JSON that is not OTLP', '/v1/traces', '{"resourceSpans":{}}', {}, 400],
    ['null', '/v1/traces', 'null', {}, 400],
    ['spans that are not a list', '/v1/traces', '{"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]}', {}, 400],
    ['bytes that are not gzip', '/v1/traces', '{}', { 'content-encoding': 'gzip' }, 400],
    ['an unknown encoding', '/v1/traces', '{}', { 'content-encoding': 'br' }, 415],
  ])('refuses %s', async (_, path, body, headers: Record<string, string>, expected) => {
    const receiver = await start();
    const { status, answer } = await post(receiver, path, body, headers);
    expect(status).toBe(expected);
    expect(answer['message']).toEqual(expect.any(String));
    expect(receiver.spans).toEqual([]);
    expect((await post(receiver, '/v1/traces', traces('next'))).status).toBe(200);
  });

  it('refuses anything but POST', async () => {
    const receiver = await start();
    expect((await fetch(`${receiver.url}/v1/traces`)).status).toBe(405);
  });

  it('refuses bodies above its limit, packed or not', async () => {
    const receiver = await start({ maxBodyBytes: 1000 });
    const large = ' '.repeat(100_000);
    expect((await post(receiver, '/v1/traces', large)).status).toBe(413);
    const bomb = gzipSync(large);
    expect(bomb.length).toBeLessThan(1000);
    expect((await post(receiver, '/v1/traces', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('says how much it rejects once it is full', async () => {
    const receiver = await start({ maxRecords: 2 });
    const { status, answer } = await post(receiver, '/v1/traces', traces('a', 'b', 'c'));
    expect(status).toBe(200);
    expect(answer).toEqual({ partialSuccess: { rejectedSpans: 1, errorMessage: 'receiver is full' } });
    expect(receiver.spans.map((span) => span.name)).toEqual(['a', 'b']);
    expect((await post(receiver, '/v1/traces', traces('d'))).answer).toMatchObject({
      partialSuccess: { rejectedSpans: 1 },
    });
  });
});

describe('waiting', () => {
  it('resolves with what the predicate finds, now or later', async () => {
    const receiver = await start();
    const later = receiver.waitFor(({ spans }) => spans.find((span) => span.name === 'b'));
    await post(receiver, '/v1/traces', traces('a'));
    await post(receiver, '/v1/traces', traces('a', 'b'));
    expect((await later)?.spanId).toBe('00f067aa0ba902b1');
    expect(await receiver.waitFor(({ spans }) => spans.length)).toBe(3);
  });

  it('says what it waited for and what came instead', async () => {
    const receiver = await start();
    await post(receiver, '/v1/traces', traces('a'));
    const wait = receiver.waitFor(() => false, { timeoutMs: 5, what: 'span b' });
    await expect(wait).rejects.toThrow(/no span b within 5 ms; received 1 spans \(weather: a\)/);
  });

  it('passes on what the predicate throws', async () => {
    const receiver = await start();
    const wait = receiver.waitFor(({ spans }) => spans.length > 0 && expect.fail('wrong span'));
    const seen = expect(wait).rejects.toThrow('wrong span');
    expect((await post(receiver, '/v1/traces', traces('a'))).status).toBe(200);
    await seen;
  });

  it('ends when the receiver is closed', async () => {
    const receiver = await startOtlpReceiver();
    const wait = expect(receiver.waitFor(() => false)).rejects.toThrow('receiver closed');
    await receiver.close();
    await wait;
  });
});

describe('forwarding', () => {
  it('posts accepted bodies on and has them answered when closed', async () => {
    const target = await start();
    const receiver = await startOtlpReceiver({ forwardTo: `${target.url}/`, forwardHeaders: {} });
    const zipped = gzipSync(JSON.stringify(traces('zipped')));
    await post(receiver, '/v1/traces', traces('plain'));
    await post(receiver, '/v1/traces', zipped, { 'content-encoding': 'gzip' });
    await post(receiver, '/v1/traces', 'not JSON');
    expect(await receiver.close()).toEqual({ sent: 2, failed: 0 });
    expect(target.spans.map((span) => span.name).sort()).toEqual(['plain', 'zipped']);
  });

  it('adds the headers it is given', async () => {
    const { createServer } = await import('node:http');
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['x-api-key'], request.headers['content-type'], request.url);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const receiver = await startOtlpReceiver({
      forwardTo: `http://127.0.0.1:${port}/otlp`,
      forwardHeaders: { 'x-api-key': 'k' },
    });
    await post(receiver, '/v1/traces', traces('a'));
    expect(await receiver.close()).toEqual({ sent: 1, failed: 0 });
    expect(seen).toEqual(['k', 'application/json', '/otlp/v1/traces']);
    server.close();
    server.closeAllConnections();
  });

  it('reports on stderr what did not arrive, without disturbing the sender', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const url = `http://127.0.0.1:${await refusingPort()}`;
    const receiver = await startOtlpReceiver({ forwardTo: url, forwardHeaders: {} });
    expect((await post(receiver, '/v1/traces', traces('a'))).status).toBe(200);
    await post(receiver, '/v1/traces', traces('b'));
    expect(await receiver.close()).toEqual({ sent: 0, failed: 2 });
    expect(report).toHaveBeenCalledTimes(1);
    expect(report).toHaveBeenCalledWith(`otlp-forwarder: 2 request(s) not accepted by ${url}: ECONNREFUSED`);
  });

  it.each([
    ['an error status', { maxBodyBytes: 10 }, 'HTTP 413'],
    ['a partial success', { maxRecords: 0 }, 'rejectedSpans=1 receiver is full'],
  ])('counts %s as a failure', async (_, options, reason) => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const target = await start(options);
    const receiver = await startOtlpReceiver({ forwardTo: target.url, forwardHeaders: {} });
    await post(receiver, '/v1/traces', traces('a'));
    expect(await receiver.close()).toEqual({ sent: 0, failed: 1 });
    expect(report.mock.calls[0]?.[0]).toContain(reason);
  });

  it('reads headers as the environment variable gives them', () => {
    expect(parseHeaders('api-key=a%20b=c, x = y ,broken,%=%')).toEqual({ 'api-key': 'a b=c', x: 'y', '%': '%' });
    expect(parseHeaders(undefined)).toEqual({});
  });
});
