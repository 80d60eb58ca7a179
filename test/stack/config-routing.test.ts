import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_EVENTS } from '../../src/semconv/audit-events.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { eventually } from './support/eventually.js';
import {
  hex,
  type LogInput,
  logsRequest,
  attributes as otlpAttributes,
  post,
  type SpanInput,
  tracesRequest,
} from './support/otlp.js';
import {
  allTracesFile,
  attributeOf,
  auditFile,
  logsFile,
  metricsFile,
  readLogs,
  readMetrics,
  readSpans,
  tracesFile,
} from './support/sink.js';

let place: Place;
let collector: Running;

beforeAll(async () => {
  place = await collectorPlace();
  collector = await place.start({ backends: ['debug'], sink: true });
});
afterAll(async () => {
  await collector?.kill();
  await place.remove();
});

async function sendLogs(records: readonly LogInput[]) {
  expect(await post(place.otlp, '/v1/logs', logsRequest(records))).toMatchObject({ status: 200 });
}

const bodies = (records: any[]) => records.map(({ body }) => body.stringValue);
const withBody = (file: string, body: string) =>
  eventually(`"${body.slice(0, 40)}"`, async () =>
    (await readLogs(file)).find((record) => record.body.stringValue === body),
  );

describe('audit records', () => {
  it.each(AUDIT_EVENTS)('%s goes only to the audit pipeline', async (eventName) => {
    const body = JSON.stringify({ event_name: eventName, id: randomUUID() });
    const other = `a log beside ${eventName}`;
    await sendLogs([{ eventName, body }, { body: other }]);
    expect(await withBody(auditFile(place.sink), body)).toMatchObject({ eventName });
    await withBody(logsFile(place.sink), other);
    expect(bodies(await readLogs(logsFile(place.sink)))).not.toContain(body);
    expect(bodies(await readLogs(auditFile(place.sink)))).not.toContain(other);
  });

  it.each(['mcp_auditor.request', 'xmcp_audit.request', 'MCP_AUDIT.request', 'mcp_audit', ''])(
    '%j is not an audit event name',
    async (eventName) => {
      const body = `no audit record ${randomUUID()}`;
      await sendLogs([{ eventName, body }]);
      await withBody(logsFile(place.sink), body);
      expect(bodies(await readLogs(auditFile(place.sink)))).not.toContain(body);
    },
  );

  it('stay unchanged, whatever their content', async () => {
    const text = [
      '  leading and trailing  ',
      '\r\n\t"\\/\u0000\u0001\u007f\u2028',
      'ü 漢字 🙂 \ud83d\ude00',
      'Bearer abcdefghijklmnopqrstuvwxyz password=hunter2 sk-abcdefghijklmnopqrstuvwxyz',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ',
      `$\{env:HOME} $$ %s {{x}}`,
      'x'.repeat(30_000),
    ];
    const body = JSON.stringify({ event_name: 'mcp_audit.response', id: randomUUID(), text });
    const attributes = {
      'audit.record.id': randomUUID(),
      'mcp_audit.duration_ms': 12,
      token: 'as it was',
      list: ['a', 'b'],
    };
    const traceId = hex(16);
    const spanId = hex(8);
    await sendLogs([{ eventName: 'mcp_audit.response', body, attributes, traceId, spanId }]);
    const record = await withBody(auditFile(place.sink), body);
    expect(record).toMatchObject({ eventName: 'mcp_audit.response', traceId, spanId, severityNumber: 9 });
    expect(record.attributes).toEqual(otlpAttributes(attributes));
  });
});

describe('secrets outside of audit records', () => {
  const SECRETS = {
    jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ',
    bearer: 'Bearer abcdefghijklmnop0123456789',
    aws: 'AKIAIOSFODNN7EXAMPLE',
    github: `ghp_${'a1'.repeat(18)}`,
    model: 'sk-proj-abcdefghijklmnopqrstuvwxyz',
    pem: '-----BEGIN PRIVATE KEY-----\nMIIabc\ndef==\n-----END PRIVATE KEY-----',
    stripe: 'sk_live_abcdefghijklmnop0123',
    slack: 'xoxb-abcdefghijklmnop0123',
    google: `AIza${'Sy'.repeat(17)}x`,
    tornPem: '-----BEGIN RSA PRIVATE KEY-----\nMIIabc',
  };
  const KEYS = [
    'password',
    'db.password',
    'http.request.header.authorization',
    'api_key',
    'x-api-key',
    'apiKey',
    'client_secret',
    'access_token',
    'cookie',
    'token',
    'clientSecret',
    'dbPassword',
    'aws.secret_access_key',
    'session-token',
  ];
  const PLAIN = {
    'gen_ai.tool.name': 'get_token_count',
    'gen_ai.usage.input_tokens': 12,
    'mcp.session.id': '191c4850af6c49e08843a3f6c80e5046',
    'secretary.name': 'Miller',
    'mcp.task.id': 'task-0f8fad5b-d9cb-469f-a165-70867728950e',
    'mcp.progress_token': 'page-17',
    note: 'risk-assessment-of-the-third-quarter',
    text: 'the bearer of this, Bearer of news, task-force sk-1',
  };

  it.each(Object.entries(SECRETS))('%s is hashed in log bodies and attributes', async (name, secret) => {
    const marker = `log ${randomUUID()} with ${name}`;
    await sendLogs([{ body: `${marker} ${secret} after`, attributes: { note: `before ${secret}` } }]);
    const record = await eventually(marker, async () =>
      (await readLogs(logsFile(place.sink))).find(({ body }) => body.stringValue.startsWith(marker)),
    );
    expect(JSON.stringify(record)).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(record.body.stringValue).toMatch(/ [0-9a-f]{64}/);
    expect(attributeOf(record.attributes, 'note')).toMatch(/^before [0-9a-f]{64}/);
  });

  it('are hashed under sensitive names, in logs and spans, and nothing else is', async () => {
    const secrets = Object.fromEntries(KEYS.map((key) => [key, 'hunter2']));
    const marker = `log with keys ${randomUUID()}`;
    const traceId = hex(16);
    await sendLogs([{ body: marker, attributes: { ...secrets, ...PLAIN } }]);
    await sendSpans([{ name: 'tools/call x', traceId, attributes: { ...secrets, ...PLAIN } }]);
    const record = await withBody(logsFile(place.sink), marker);
    const span = await spanOf(traceId);
    for (const { attributes } of [record, span]) {
      for (const key of KEYS)
        expect({ key, value: attributeOf(attributes, key) }).toEqual({
          key,
          value: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      for (const [key, value] of Object.entries(PLAIN))
        expect(String(attributeOf(attributes, key))).toBe(String(value));
    }
    // Equal secrets have equal hashes in logs and spans.
    expect(attributeOf(record.attributes, 'password')).toBe(attributeOf(span.attributes, 'api_key'));
  });

  it('are hashed in lists, nested values, events and the status of a span', async () => {
    const traceId = hex(16);
    const secret = SECRETS.bearer;
    const request = tracesRequest([{ name: 'x', traceId, attributes: { list: ['a', secret] }, error: true }]) as any;
    const [sent] = request.resourceSpans[0].scopeSpans[0].spans;
    const nested = { kvlistValue: { values: otlpAttributes({ header: secret }) } };
    sent.attributes.push({ key: 'nested', value: nested });
    sent.status.message = `refused: ${secret} is over`;
    sent.events = [{ name: 'exception', attributes: otlpAttributes({ 'exception.message': secret }) }];
    expect(await post(place.otlp, '/v1/traces', request)).toMatchObject({ status: 200 });
    const span = await spanOf(traceId);
    expect(JSON.stringify(span)).not.toContain(secret);
    expect(span.status).toMatchObject({ code: 2, message: expect.stringMatching(/^refused: [0-9a-f]{64} is over$/) });
    expect(span.attributes.map(({ key }: any) => key)).toEqual(['list', 'nested']);
  });

  it('tool arguments and results are removed from spans', async () => {
    const traceId = hex(16);
    const content = { 'gen_ai.tool.call.arguments': '{"city":"Berlin"}', 'gen_ai.tool.call.result': 'rain' };
    await sendSpans([{ name: 'tools/call weather', traceId, attributes: { ...content, 'gen_ai.tool.call.id': '7' } }]);
    expect((await spanOf(traceId)).attributes.map(({ key }: any) => key)).toEqual(['gen_ai.tool.call.id']);
    const all = (await readSpans(allTracesFile(place.sink))).find((span) => span.traceId === traceId);
    expect(all.attributes.map(({ key }: any) => key)).toEqual(['gen_ai.tool.call.id']);
  });

  it('the Collector logs no content', async () => {
    expect(collector.output).not.toMatch(/hunter2|AKIAIOSFODNN7EXAMPLE|Berlin/);
    expect(await readFile(auditFile(place.sink), 'utf8')).toContain('mcp_audit.'); // Records did arrive.
  });
});

it("the Collector's own metrics follow all other metrics", async () => {
  const names = async () =>
    (await readMetrics(metricsFile(place.sink))).filter(({ service }) => service === 'otelcol').map(({ name }) => name);
  const found = await eventually('own metrics', names, { accept: (all) => all.length > 0 });
  expect(found).toContain('otelcol_process_uptime');
  expect(found).toContain('otelcol_exporter_sent_log_records');
  const pulled = await fetch(`http://127.0.0.1:${place.ports['MCP_SELF_METRICS_PORT']}/metrics`);
  expect(await pulled.text()).toContain('otelcol_process_uptime');
});

it('the Collector stops cleanly and flushes', async () => {
  const body = `last words ${randomUUID()}`;
  const traceId = hex(16);
  await sendLogs([{ eventName: 'mcp_audit.stopped', body }]);
  await sendSpans([{ name: 'last', traceId }]);
  expect(await collector.stop()).toEqual({ code: 0, signal: null });
  expect(bodies(await readLogs(auditFile(place.sink)))).toContain(body);
  // Pending traces are decided on, not dropped.
  expect((await readSpans(tracesFile(place.sink))).map((span) => span.traceId)).toContain(traceId);
});

async function sendSpans(spans: readonly SpanInput[]) {
  expect(await post(place.otlp, '/v1/traces', tracesRequest(spans))).toMatchObject({ status: 200 });
}

const spanOf = (traceId: string) =>
  eventually('the span', async () =>
    (await readSpans(tracesFile(place.sink))).find((span) => span.traceId === traceId),
  );
