/** The application registers an SDK of its own after `mcp-trail/register` has started one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOtlpReceiver } from '../../examples/support/otlp-receiver.mjs';
import { Child, type Ended } from './child.js';
import { HANDSHAKE } from './stdio-servers.js';

const SERVER = 'test/fixtures/safety-late-node-sdk.mjs';
const REGISTER = ['--import', 'mcp-trail/register'];

/** The caller of the tool. */
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const callWith = (id: string, meta: object) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { value: 'x' }, _meta: meta },
  });
const CALL = callWith('only', { traceparent: `00-${TRACE}-${CALLER}-01` });

type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;

async function serve(
  args: readonly string[],
  { url }: Receiver,
  env: Record<string, string> = {},
  call = CALL,
): Promise<Ended> {
  const child = new Child([...args, SERVER], {
    // A credential of the operator, which no line shows.
    OTEL_EXPORTER_OTLP_ENDPOINT: url.replace('//', '//operator:secret@'),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    // Only the flush at the end sends anything.
    OTEL_BSP_SCHEDULE_DELAY: '600000',
    OTEL_BLRP_SCHEDULE_DELAY: '600000',
    OTEL_METRIC_EXPORT_INTERVAL: '600000',
    MCP_TRAIL_AUDIT: 'otel',
    ...env,
  });
  child.write(...HANDSHAKE, call);
  await child.printed('"id":"only"');
  child.endInput();
  return child.ended;
}

const own = ({ stderr }: Ended) =>
  stderr.split('\n').flatMap((line) => (line.startsWith('own SDK: ') ? [line.slice('own SDK: '.length)] : []));
const said = ({ stderr }: Ended) => stderr.split('\n').filter((line) => line.startsWith('mcp-trail: '));

const isCall = ({ eventName, attributes }: Receiver['logs'][number]) =>
  eventName === 'mcp_audit.response' && attributes['mcp.method.name'] === 'tools/call';

/** What MCP telemetry a receiver has, with the services that have sent it. */
function ofMcp({ spans, logs, metrics }: Receiver) {
  const service = ({ resource }: { resource: Record<string, unknown> }) => resource['service.name'];
  return {
    spans: spans.filter(({ name }) => name === 'tools/call echo').map(service),
    records: logs.filter(isCall).map(service),
    // Each flush sends them again: they are cumulative.
    metrics: [...new Set(metrics.filter(({ name }) => name === 'mcp.server.operation.duration').map(service))],
  };
}

describe('an SDK of the application that sends to its vendor', () => {
  let receiver: Receiver;
  let plain: Ended;
  let observed: Ended;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    plain = await serve([], receiver);
    observed = await serve(REGISTER, receiver, {
      OTEL_SERVICE_NAME: 'operator',
    });
  });
  afterAll(() => receiver.close());

  it('is registered as without mcp-trail, with nothing on stdout', () => {
    expect(own(plain)[0]).toMatch(/^registered .*"tracer":true,"meter":true,"logger":true/);
    expect(own(observed)[0]).toBe(own(plain)[0]);
    expect(observed.stdout).toBe(plain.stdout);
    expect(observed).toMatchObject({ code: 0, signal: null });
  });

  it('gets no span, log record or metric of MCP', () => {
    const told = own(observed).map((line) => line.split(' ').slice(0, 3).join(' '));
    expect(told.filter((line) => /mcp|tools|initialize/i.test(line))).toEqual([]);
    expect(own(observed).filter((line) => line.startsWith('metric '))).toEqual([]);
  });

  it('leaves MCP telemetry to the SDK that was started, which sends it when the process ends', () => {
    expect(ofMcp(receiver)).toEqual({
      spans: ['operator'],
      records: ['operator'],
      metrics: ['operator'],
    });
  });

  it('is reported in one line, with the place where MCP telemetry goes and no credentials', () => {
    expect(said(observed)).toEqual([
      'mcp-trail: the application has registered an OpenTelemetry SDK that may send elsewhere. MCP telemetry still goes to ' +
        `${receiver.url}; MCP_TRAIL_SDK=off sends it through the application's SDK`,
    ]);
  });

  it('has its spans in one trace with those of MCP', () => {
    const span = receiver.spans.find(({ name }) => name === 'tools/call echo');
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
    expect(own(observed)).toContain(`span work of the tool in ${TRACE} under ${span?.spanId}`);
    const record = receiver.logs.find(isCall);
    expect(record).toMatchObject({ traceId: TRACE, spanId: span?.spanId });
  });

  it('gets what the application records with tracers and loggers that it had before', () => {
    for (const told of [own(plain), own(observed)])
      expect(told).toEqual(expect.arrayContaining([expect.stringMatching(/^span after /), 'log after']));
    expect(own(observed)).toContain('in the trace: true');
  });

  it('does not cost what was recorded before: spans that had ended, and those that were open', () => {
    const names = receiver.spans.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['before', 'open']));
    expect(own(observed).join()).not.toContain('span open');
  });
});

describe('an SDK of the application that sends where OTEL_* points', () => {
  let receiver: Receiver;
  let observed: Ended;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    observed = await serve(REGISTER, receiver, { LATE_SDK: 'otlp' });
  });
  afterAll(() => receiver.close());

  it('sends MCP telemetry in place of the one that was started', () => {
    expect(ofMcp(receiver)).toEqual({
      spans: ['application'],
      records: ['application'],
      metrics: ['application'],
    });
  });

  it('is nothing to report', () => {
    expect(said(observed)).toEqual([]);
    expect(observed).toMatchObject({ code: 0, signal: null });
  });
});

describe('a signal that OTEL_* turns off', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
  });
  afterAll(() => receiver.close());

  it('does not go to an SDK of the application either', async () => {
    const off = {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    };
    const told = own(await serve(REGISTER, receiver, off));
    expect(told.filter((line) => /tools\/call|initialize|mcp/.test(line))).toEqual([]);
    expect(told).toEqual(expect.arrayContaining([expect.stringMatching(/^span work of the tool /)]));
  });
});

const VENDOR = { LATE_SDK: 'vendor' };

describe('an SDK of the application with a propagator and placeholder spans of its own', () => {
  let receiver: Receiver;
  let observed: Ended;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const meta = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'caller=1', baggage: 'tenant=acme' };
    observed = await serve(REGISTER, receiver, VENDOR, callWith('only', meta));
  });
  afterAll(() => receiver.close());

  const call = () => receiver.spans.find(({ name, traceId }) => name === 'tools/call echo' && traceId === TRACE);

  /** What is in `_meta` of a notification, by where it was sent. */
  function sent({ stdout }: Ended, from: string): Record<string, string> {
    const messages = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const metas = messages.flatMap(({ params }) => params?._meta ?? []);
    const { place, ...meta } = metas.find((each) => each.place === from) ?? {};
    expect(place).toBe(from);
    return meta;
  }
  function spanOf(meta: Record<string, string>) {
    const [, traceId, spanId] = meta['traceparent']?.split('-') ?? [];
    return receiver.spans.find((span) => span.traceId === traceId && span.spanId === spanId);
  }

  it('is in charge of the context and the propagation of the application', () => {
    expect(own(observed)[0]).toContain('"propagator":"vendor-trace,baggage"');
    expect(observed).toMatchObject({ code: 0, signal: null });
  });

  it('does not stand between MCP spans and the caller that a message names', () => {
    expect(call()).toMatchObject({ parentSpanId: CALLER });
  });

  it('has its sampled spans between those of MCP', () => {
    expect(own(observed)).toContain(`span work of the tool in ${TRACE} under ${call()?.spanId}`);
    const span = spanOf(sent(observed, 'work'));
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: expect.stringMatching(/./) });
    expect(span?.parentSpanId).not.toBe(call()?.spanId);
  });

  it('does not decide by an unsampled span: what is sent below it belongs to the operation being handled', () => {
    const span = spanOf(sent(observed, 'unsampled'));
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: call()?.spanId });
  });

  it('does not decide by an unsampled span outside of any operation: a trace starts there', () => {
    const span = spanOf(sent(observed, 'outside'));
    expect(span).toMatchObject({ name: 'notifications/tools/list_changed', parentSpanId: '' });
    expect(span?.traceId).not.toMatch(/^a+$/);
  });

  it('writes nothing into messages: OTEL_PROPAGATORS names who does', () => {
    const ofCaller = { tracestate: 'caller=1', baggage: 'tenant=acme' };
    const traceparent = expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`);
    for (const place of ['work', 'unsampled']) expect(sent(observed, place)).toEqual({ traceparent, ...ofCaller });
    expect(Object.keys(sent(observed, 'outside'))).toEqual(['traceparent']);
    expect(observed.stdout).not.toMatch(/vendor|public-key/);
  });

  it('writes nothing into messages with other propagators either, or with none', async () => {
    const b3 = `${TRACE}-${CALLER}-1`;
    const [withB3, withNone] = await Promise.all([
      serve(REGISTER, receiver, { ...VENDOR, OTEL_PROPAGATORS: 'b3' }, callWith('only', { b3 })),
      serve(REGISTER, receiver, { ...VENDOR, OTEL_PROPAGATORS: 'none' }),
    ]);
    expect(sent(withB3, 'work')).toEqual({ b3: expect.stringMatching(`^${TRACE}-[0-9a-f]{16}-1`) });
    expect(sent(withNone, 'work')).toEqual({});
  });

  it('does not overrule a caller that has not sampled', async () => {
    const unsampled = '11111111111111111111111111111111';
    const meta = { traceparent: `00-${unsampled}-${CALLER}-00` };
    const ended = await serve(REGISTER, receiver, VENDOR, callWith('only', meta));
    const traceparent = expect.stringMatching(`^00-${unsampled}-[0-9a-f]{16}-00$`);
    for (const place of ['work', 'unsampled']) expect(sent(ended, place)).toEqual({ traceparent });
    expect(receiver.spans.filter(({ traceId }) => traceId === unsampled)).toEqual([]);
  });
});
