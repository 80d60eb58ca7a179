/** The real Collector with `backends/elastic.yaml` and a strict stand-in, set up by `elastic/install.sh`. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Stack, startStack } from '../../collector-config/stack/stack.mjs';
import { startElasticsearch } from './stand-ins/elasticsearch.mjs';
import { histogramRequest } from './stand-ins/histogram.js';
import { startKibana } from './stand-ins/kibana.mjs';
import { collectorMetric } from './support/collector-metrics.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import {
  anyValue,
  deliver as deliverTo,
  hex,
  type LogInput,
  logsRequest,
  post,
  tracesRequest,
} from './support/otlp.js';
import { scratch } from './support/scratch.js';

const INSTALL = fileURLToPath(new URL('../../collector-config/elastic/install.sh', import.meta.url));
const AUDIT = 'logs-mcp.audit.otel-*';

const place = await scratch();
const keyFile = join(place.folder, 'collector-key');
let elasticsearch: Awaited<ReturnType<typeof startElasticsearch>>;
let kibana: Awaited<ReturnType<typeof startKibana>>;
let stack: Stack;

const install = async (env: Record<string, string>) =>
  promisify(execFile)('bash', [INSTALL], { cwd: place.folder, env: { PATH: String(process.env.PATH), ...env } }).then(
    ({ stdout }) => ({ ok: true, text: stdout }),
    (error) => ({ ok: false, text: String(error.stderr) }),
  );

const settings = () => ({
  MCP_ELASTIC_ENDPOINT: elasticsearch.url,
  MCP_ELASTIC_USER: elasticsearch.admin.user,
  MCP_ELASTIC_PASSWORD_FILE: join(place.folder, 'password'),
  MCP_ELASTIC_API_KEY_FILE: keyFile,
  MCP_KIBANA_ENDPOINT: kibana.url,
});

beforeAll(async () => {
  elasticsearch = await startElasticsearch();
  kibana = await startKibana(elasticsearch.admin);
  // With a trailing newline, as from an editor.
  await writeFile(settings().MCP_ELASTIC_PASSWORD_FILE, `${elasticsearch.admin.password}\n`);
  expect(await install(settings())).toMatchObject({ ok: true });
  await writeFile(keyFile, `${await readFile(keyFile, 'utf8')}\n`);
  stack = await startStack({
    folder: place.folder,
    backends: ['elastic', 'archive-file'],
    env: { ...settings(), MCP_TRACE_DECISION_WAIT: '1s' },
  });
});

afterAll(async () => {
  await stack?.stop();
  await elasticsearch?.stop();
  await kibana?.stop();
  await place.remove();
});

beforeEach(() => {
  elasticsearch.complaints.length = 0;
  elasticsearch.plan.status = undefined;
  elasticsearch.plan.perDocument = () => undefined;
});

function auditRecord(more: Record<string, unknown> = {}): LogInput & { id: string } {
  const id = randomUUID();
  const fields = {
    'audit.record.id': id,
    'audit.actor.id': 'u-8472',
    'audit.outcome': 'success',
    'mcp_audit.side': 'server',
    'mcp.method.name': 'tools/call',
    'mcp_audit.duration_ms': 142,
    'mcp_audit.sensitive': true,
    'mcp_audit.policy_tags': ['HIPAA', 'SOC2'],
    ...more,
  };
  const body = `{"audit.record.id":"${id}","text":"«ü» <b>&amp;</b> \\u0001 \\\\ \\" \u2028 ${'x'.repeat(3_000)}"}`;
  return { id, eventName: 'mcp_audit.response', body, attributes: fields, traceId: hex(16), spanId: hex(8) };
}

const deliver = (request: unknown) => deliverTo(stack.urls.otlp, request);

const stored = (id: string) => elasticsearch.documents(AUDIT).find((document: any) => document.id === id);
const arrived = (id: string) => eventually(`record ${id}`, () => stored(id));

const counter = (name: string, labels: readonly string[]) => collectorMetric(stack.urls.metrics, name, labels);

it('installs everything in order of dependency', () => {
  expect([...elasticsearch.policies.keys()].sort()).toEqual(['mcp-audit-default', 'mcp-audit-hipaa', 'mcp-audit-soc2']);
  expect([...elasticsearch.roles.keys()].sort()).toEqual(['mcp-audit-eraser', 'mcp-audit-reader']);
  expect(kibana.rules.length).toBeGreaterThanOrEqual(9);
  expect(kibana.savedObjects.length).toBeGreaterThanOrEqual(3);
});

it('keeps the private key file when it runs again', async () => {
  const before = await readFile(keyFile, 'utf8');
  // A relative path is the caller's.
  const again = await install({ ...settings(), MCP_ELASTIC_API_KEY_FILE: 'collector-key' });
  expect(again.text).toContain('kept the key');
  expect(await readFile(keyFile, 'utf8')).toBe(before);
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
});

it.each(['MCP_ELASTIC_ENDPOINT', 'MCP_ELASTIC_USER', 'MCP_ELASTIC_PASSWORD_FILE', 'MCP_ELASTIC_API_KEY_FILE'])(
  'refuses to install without %s',
  async (name) => {
    const { [name]: _, ...rest } = settings() as Record<string, string>;
    const { ok, text } = await install(rest);
    expect(ok).toBe(false);
    expect(text).toContain(`${name} is not set`);
  },
);

it('reports a failed request with its response', async () => {
  const wrong = join(place.folder, 'wrong-password');
  await writeFile(wrong, 'd3Jvbmc=');
  const { ok, text } = await install({ ...settings(), MCP_ELASTIC_PASSWORD_FILE: wrong });
  expect(ok).toBe(false);
  expect(text).toMatch(/PUT .*_ilm\/policy\/mcp-audit-default: .*unable to authenticate/);
  expect(text).not.toContain('d3Jvbmc=');
});

it('sets the password of Kibana first, in compose.elastic.yaml', async () => {
  const script = fileURLToPath(new URL('../../collector-config/compose/elastic-setup.sh', import.meta.url));
  const passwordFile = join(place.folder, 'kibana-password');
  await writeFile(passwordFile, '0123abcd\n');
  const env = { PATH: String(process.env.PATH), ...settings(), MCP_KIBANA_PASSWORD_FILE: passwordFile };
  const { stdout } = await promisify(execFile)('bash', [script], { env });
  expect(elasticsearch.kibanaPassword).toBe('0123abcd');
  expect(stdout).toContain('kept the key');
});

it('gives the Collector a key that cannot change stored records', async () => {
  const headers = { authorization: `ApiKey ${(await readFile(keyFile, 'utf8')).trim()}` };
  const url = new URL('_ilm/policy/mcp-audit-default', elasticsearch.url);
  expect((await fetch(url, { method: 'PUT', headers, body: '{}' })).status).toBe(403);
});

it('delivers a complete audit record, under its own id, with its exact body', async () => {
  const record = auditRecord();
  await deliver(logsRequest([record]));
  const { index, source, ignored } = await arrived(record.id);
  expect(index).toBe('logs-mcp.audit.otel-default');
  expect(elasticsearch.templateOf(index)).toBe('mcp-audit');
  expect(source.body).toEqual({ text: record.body });
  expect(source.event_name).toBe('mcp_audit.response');
  expect(source.attributes).toEqual(record.attributes);
  expect(source).toMatchObject({ trace_id: record.traceId, span_id: record.spanId, severity_number: 9 });
  expect(source.resource.attributes).toEqual({ 'service.name': 'weather' });
  expect(Number(source['@timestamp'])).toBeGreaterThan(Date.now() - 60_000);
  expect(ignored).toEqual([]);
  expect(elasticsearch.complaints).toEqual([]);
});

it('sends records of a service with its own class to the data stream of that class', async () => {
  const record = auditRecord();
  const request: any = logsRequest([record]);
  request.resourceLogs[0].resource.attributes.push({ key: 'data_stream.namespace', value: anyValue('hipaa') });
  await deliver(request);
  const { index } = await arrived(record.id);
  expect(index).toBe('logs-mcp.audit.otel-hipaa');
  expect(elasticsearch.templateOf(index)).toBe('mcp-audit-hipaa');
});

it('delivers other logs, spans and cumulative histograms, only in bulk requests with the key in their header', async () => {
  const text = `started ${randomUUID()}`;
  await deliver(logsRequest([{ body: text }]));
  const traceId = hex(16);
  const span = { name: 'tools/call report', traceId, error: true, attributes: { 'mcp.method.name': 'tools/call' } };
  await post(stack.urls.otlp, '/v1/traces', tracesRequest([span]));
  for (const count of [2, 5]) await post(stack.urls.otlp, '/v1/metrics', histogramRequest({ count, tool: text }));

  const [log] = await eventually(
    'the log',
    () => found('logs-generic.otel-default', ({ body }) => body?.text === text),
    some,
  );
  expect(log.source.attributes).toBeUndefined();
  expect(stored(log.id)).toBeUndefined();
  const [trace] = await eventually(
    'the span',
    () => found('traces-generic.otel-default', ({ trace_id }) => trace_id === traceId),
    some,
  );
  expect(trace.source).toMatchObject({ name: 'tools/call report', kind: 'Server', status: { code: 'Error' } });
  const histograms = () =>
    found('metrics-generic.otel-default', ({ attributes }) => attributes?.['gen_ai.tool.name'] === text);
  const [histogram] = await eventually('the histogram', histograms, some);
  // The three of five calls that came after the first report.
  expect(histogram.source.metrics['mcp.server.operation.duration'].counts).toEqual([1, 2]);

  expect(elasticsearch.complaints).toEqual([]);
  const key = (await readFile(keyFile, 'utf8')).trim();
  const own = elasticsearch.requests.filter(({ headers }) => /otelcol|OpenTelemetry/.test(headers['user-agent'] ?? ''));
  expect(own.length).toBeGreaterThan(0);
  for (const { method, url, headers, body } of own) {
    expect(`${method} ${url.pathname}`).toBe('POST /_bulk');
    expect(headers.authorization).toBe(`ApiKey ${key}`);
    expect(url.search + body).not.toContain(key);
  }
}, 150_000);

it('delivers every record of the demo, with every field of its mapped type', async () => {
  const { records } = await runDemo(stack.urls.otlp);
  expect(records.length).toBeGreaterThan(20);
  for (const { line, fields } of records) {
    const { source, ignored } = await arrived(fields['audit.record.id']);
    expect(source.body.text).toBe(line);
    expect(ignored).toEqual([]);
  }
  expect(elasticsearch.complaints).toEqual([]);
}, 120_000);

it('stores a record once, however often it is sent', async () => {
  const record = auditRecord();
  const before = elasticsearch.duplicates;
  await deliver(logsRequest([record]));
  await arrived(record.id);
  await deliver(logsRequest([record]));
  await eventually('the second delivery', () => elasticsearch.duplicates > before);
  expect(elasticsearch.documents(AUDIT).filter(({ id }: any) => id === record.id)).toHaveLength(1);
  expect(elasticsearch.complaints).toEqual([]);
});

it('stores a record with a value of the wrong type', async () => {
  const record = auditRecord({ 'mcp_audit.duration_ms': 'soon', 'someone.elses': 1 });
  await deliver(logsRequest([record]));
  const { source, ignored } = await arrived(record.id);
  expect(ignored).toEqual(['attributes.mcp_audit.duration_ms']);
  expect(source.attributes).toMatchObject({ 'mcp_audit.duration_ms': 'soon', 'someone.elses': 1 });
});

it('loses and duplicates nothing through 503, 429, 401, 429 for some documents, and two kills of the Collector', async () => {
  const batches = Array.from({ length: 30 }, () => Array.from({ length: 50 }, () => auditRecord()));
  const { refused } = elasticsearch;
  refused.clear();
  for (const [number, status] of [503, 429, 401].entries()) {
    elasticsearch.plan.status = status;
    for (const batch of batches.slice(number * 10, number * 10 + 10)) await deliver(logsRequest(batch));
    await eventually(`an answer ${status}`, () => (refused.get(status) ?? 0) > 1);
    if (number > 0) continue;
    await stack.running.get('otelcol')?.kill();
    await stack.start('otelcol');
  }
  elasticsearch.plan.status = undefined;
  let documents = 0;
  elasticsearch.plan.perDocument = () => (++documents % 3 === 0 ? 429 : undefined);
  await eventually('some of them', () => batches.flat().some(({ id }) => stored(id)));
  await stack.running.get('otelcol')?.kill();
  await stack.start('otelcol');
  for (const { id, body } of batches.flat()) expect((await arrived(id)).source.body.text).toBe(body);
  const ids = elasticsearch.documents(AUDIT).map(({ source }: any) => source.attributes['audit.record.id']);
  expect(new Set(ids).size).toBe(ids.length);
  expect(documents).toBeGreaterThan(batches.flat().length / 3);
}, 180_000);

it.each([
  ['a request', 'otelcol_exporter_send_failed_log_records', ['exporter="otlp_grpc/elastic_audit"']],
  ['a record', 'otelcol_elasticsearch_docs_processed', ['outcome="failed_client"', 'document_parsing_exception']],
] as const)('counts %s that is permanently rejected, and the archive has it', async (what, metric, labels) => {
  const [doomed, next] = [auditRecord(), auditRecord()];
  // Otherwise records that a killed Collector sends again would be counted too.
  const queued = () => counter('otelcol_exporter_queue_size', ['exporter="otlp_grpc/elastic_audit"']);
  await eventually('an empty queue', queued, { accept: (bytes) => bytes === 0 });
  const before = await counter(metric, labels);
  if (what === 'a request') elasticsearch.plan.status = 400;
  else
    elasticsearch.plan.perDocument = ({ attributes }) =>
      attributes['audit.record.id'] === doomed.id ? 400 : undefined;
  await deliver(logsRequest([doomed]));
  await eventually('the count', () => counter(metric, labels), { accept: (now) => now === before + 1 });
  elasticsearch.plan.status = undefined;
  await deliver(logsRequest([next]));
  await arrived(next.id);
  expect(stored(doomed.id)).toBeUndefined();
  const archive = join(place.folder, 'archive');
  const texts = await Promise.all((await readdir(archive)).map((file) => readFile(join(archive, file), 'utf8')));
  expect(texts.join('')).toContain(JSON.stringify(doomed.body));
});

it('delivers the metrics of the delivery rules to the expected data stream', async () => {
  const looked = (index: string, metric: string, attributes: object) =>
    eventually(`${metric} in ${index}`, () =>
      found(index, ({ metrics, attributes: own = {} }) => {
        return (
          metrics?.[metric] !== undefined && Object.entries(attributes).every(([name, value]) => own[name] === value)
        );
      }).some(({ source }) => source.resource.attributes['service.instance.id']),
    );
  const queue = { exporter: 'otlp_grpc/elastic_audit' };
  await looked('metrics-collectortelemetry.otel-default', 'otelcol_exporter_queue_size', {
    ...queue,
    data_type: 'logs',
  });
  await looked('metrics-collectortelemetry.otel-default', 'otelcol_exporter_queue_capacity', {
    ...queue,
    data_type: 'logs',
  });
  await looked('metrics-collectortelemetry.otel-default', 'otelcol_exporter_send_failed_log_records', queue);
  const refused = { outcome: 'failed_client', 'error.type': 'document_parsing_exception' };
  await looked('metrics-collectortelemetry.otel-default', 'otelcol.elasticsearch.docs.processed', refused);
});

it.each<[string, object, object?]>([
  ['an id of more than 512 bytes', { 'audit.record.id': 'x'.repeat(513) }],
  ['an id that is a number', { 'audit.record.id': 7 }],
  ['an empty id', { 'audit.record.id': '' }],
  ['an id of several lines', { 'audit.record.id': 'one\ntwo' }],
  ['a custom document id', { 'elasticsearch.document_id': 'x'.repeat(513) }],
  ['a custom index', { 'elasticsearch.index': 'logs-mcp.audit.otel-elsewhere' }],
  ['a hint to drop it', { 'elasticsearch.mapping.hints': ['_noindex'] }],
  ['an unknown pipeline', { 'elasticsearch.document_pipeline': 'nowhere' }],
  ['an unknown mapping mode', {}, { 'elastic.mapping.mode': 'nonsense' }],
  ['an index for its whole scope', {}, { 'elasticsearch.index': 'logs-mcp.audit.otel-elsewhere' }],
])('stores a record with %s, and the others in the same request', async (what, attributes, scope = {}) => {
  const beside = auditRecord();
  const record = auditRecord({ 'mcp_audit.correlation.id': what, ...attributes });
  const request: any = logsRequest([beside, record]);
  const [{ scopeLogs }] = request.resourceLogs;
  scopeLogs[0].scope.attributes = Object.entries(scope).map(([key, value]) => ({ key, value: anyValue(value) }));
  await deliver(request);
  await arrived(beside.id);
  const [stored] = await eventually(
    'the record',
    () => found(AUDIT, (source) => source.attributes['mcp_audit.correlation.id'] === what),
    some,
  );
  expect(stored.index).toBe('logs-mcp.audit.otel-default');
  expect(stored.source.body.text).toBe(record.body);
  expect(elasticsearch.complaints).toEqual([]);
});

it.each(['logs', 'traces'])('stores other %s of a sender that asks for an unknown mapping mode', async (signal) => {
  const name = `unsteered ${hex(8)}`;
  const request: any =
    signal === 'logs' ? logsRequest([{ body: name }]) : tracesRequest([{ name, traceId: hex(16), error: true }]);
  const [{ scopeLogs, scopeSpans }] = request.resourceLogs ?? request.resourceSpans;
  (scopeLogs ?? scopeSpans)[0].scope.attributes = [{ key: 'elastic.mapping.mode', value: anyValue('nonsense') }];
  await post(stack.urls.otlp, `/v1/${signal}`, request);
  await eventually(
    `the ${signal}`,
    () => found(`${signal}-generic.otel-default`, (source) => source.name === name || source.body?.text === name),
    some,
  );
});

const some = { accept: (list: any[]) => list.length > 0 };
const found = (index: string, wanted: (source: any) => boolean): any[] =>
  elasticsearch.documents(index).filter(({ source }: any) => wanted(source));
