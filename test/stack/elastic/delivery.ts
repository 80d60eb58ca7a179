/** What arrives through the real Collector and its exporter. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { histogramRequest } from '../stand-ins/histogram.js';
import { collectorMetric } from '../support/collector-metrics.js';
import { runDemo } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { anyValue, deliver as deliverTo, hex, logsRequest, post, tracesRequest } from '../support/otlp.js';
import { logRecords, provesTheChain } from '../support/signed-chain.js';
import { AUDIT, type ElasticPlace, type Stored } from './place.js';
import { auditRecord } from './records.js';

const some = { accept: (list: readonly Stored[]) => list.length > 0 };

export function delivery(place: () => ElasticPlace) {
  const deliver = (request: unknown) => deliverTo(place().stack.urls.otlp, request);
  const stored = (id: string) => place().having(AUDIT, { 'attributes.audit.record.id': id });
  const arrived = async (id: string) => {
    const [first] = await eventually(`record ${id}`, () => stored(id), some);
    return first as Stored;
  };
  const counter = (name: string, labels: readonly string[]) =>
    collectorMetric(place().stack.urls.metrics, name, labels);

  beforeEach(() => place().faults.reset());

  describe('the Collector delivers', () => {
    it('a complete audit record, under its own id, with its exact body', async () => {
      const record = auditRecord();
      await deliver(logsRequest([record]));
      const { stream, id, source, ignored } = await arrived(record.id);
      expect({ stream, id }).toEqual({ stream: 'logs-mcp.audit.otel-default', id: record.id });
      expect(source.body).toEqual({ text: record.body });
      expect(source.event_name).toBe('mcp_audit.response');
      expect(source.attributes).toEqual(record.attributes);
      expect(source).toMatchObject({ trace_id: record.traceId, span_id: record.spanId, severity_number: 9 });
      expect(source.resource.attributes).toEqual({ 'service.name': 'weather' });
      expect(Date.parse(source['@timestamp'])).toBeGreaterThan(Date.now() - 60_000);
      expect(ignored).toEqual([]);
      expect(place().faults.rejected).toEqual([]);
    });

    it('records of a service with its own class to the data stream of that class, with its retention', async () => {
      const record = auditRecord();
      const request: any = logsRequest([record]);
      request.resourceLogs[0].resource.attributes.push({ key: 'data_stream.namespace', value: anyValue('hipaa') });
      await deliver(request);
      const { stream, index } = await arrived(record.id);
      expect(stream).toBe('logs-mcp.audit.otel-hipaa');
      const { body } = await place().admin('GET', `${index}/_settings?flat_settings=true`);
      expect(body[index].settings['index.lifecycle.name']).toBe('mcp-audit-hipaa');
    });

    it('other logs, spans and cumulative histograms, only in bulk requests with the key in their header', async () => {
      const text = `started ${hex(8)}`;
      await deliver(logsRequest([{ body: text }]));
      const traceId = hex(16);
      const span = { name: 'tools/call report', traceId, error: true, attributes: { 'mcp.method.name': 'tools/call' } };
      await post(place().stack.urls.otlp, '/v1/traces', tracesRequest([span]));
      for (const count of [2, 5])
        await post(place().stack.urls.otlp, '/v1/metrics', histogramRequest({ count, tool: text }));

      const log = () => place().search('logs-generic.otel-default', { match_phrase: { 'body.text': text } });
      expect((await eventually('the log', log, some))[0]?.source.attributes).toBeUndefined();
      const spans = () => place().having('traces-generic.otel-default', { trace_id: traceId });
      const [trace] = await eventually('the span', spans, some);
      expect(trace?.source).toMatchObject({ name: 'tools/call report', kind: 'Server', status: { code: 'Error' } });
      const histograms = () => place().having('metrics-generic.otel-default', { 'attributes.gen_ai.tool.name': text });
      const [histogram] = await eventually('the histogram', histograms, some);
      // The three of five calls that came after the first report. Fields of an object: the type `histogram` has no jar.
      expect(histogram?.source.metrics['mcp.server.operation.duration.counts']).toEqual([1, 2]);

      expect(place().faults.rejected).toEqual([]);
      const key = (await readFile(place().keyFile, 'utf8')).trim();
      expect(place().faults.requests.length).toBeGreaterThan(0);
      for (const { method, url, headers, body } of place().faults.requests) {
        expect(`${method} ${url.pathname}`).toBe('POST /_bulk');
        expect(headers.authorization).toBe(`ApiKey ${key}`);
        expect(url.search + body).not.toContain(key);
      }
    }, 150_000);

    it('every record of the demo, with every field of its mapped type', async () => {
      const { records } = await runDemo(place().stack.urls.otlp);
      expect(records.length).toBeGreaterThan(20);
      const ids = records.map(({ fields }) => fields['audit.record.id']);
      const all = () => place().search(AUDIT, { terms: { 'attributes.audit.record.id': ids } });
      const found = await eventually('every record', all, { accept: ({ length }) => length >= ids.length });
      for (const { line, fields } of records) {
        const document = found.find(({ id }) => id === fields['audit.record.id']);
        expect(document?.source.body.text).toBe(line);
        expect(document?.ignored).toEqual([]);
      }
      expect(place().faults.rejected).toEqual([]);
    }, 150_000);

    it('the metrics of the delivery rules to the expected data stream', async () => {
      const refused = auditRecord();
      place().faults.plan.perDocument = ({ attributes = {} }) =>
        attributes['audit.record.id'] === refused.id ? 400 : undefined;
      await deliver(logsRequest([refused]));
      const looked = (metric: string, attributes: Record<string, unknown>) =>
        eventually(metric, async () => {
          const documents = await place().search('metrics-collectortelemetry.otel-default', {
            bool: {
              filter: [
                { exists: { field: `metrics.${metric}` } },
                ...Object.entries(attributes).map(([name, value]) => ({ term: { [`attributes.${name}`]: value } })),
              ],
            },
          });
          return documents.some(({ source }) => source.resource.attributes['service.instance.id']);
        });
      const queue = { exporter: 'otlp_grpc/elastic_audit', data_type: 'logs' };
      await looked('otelcol_exporter_queue_size', queue);
      await looked('otelcol_exporter_queue_capacity', queue);
      const failed = { outcome: 'failed_client', 'error.type': 'document_parsing_exception' };
      await looked('otelcol.elasticsearch.docs.processed', failed);
    });
  });

  describe('a record', () => {
    it('is stored once, however often it is sent', async () => {
      const record = auditRecord();
      const before = place().faults.duplicates;
      await deliver(logsRequest([record]));
      await arrived(record.id);
      await deliver(logsRequest([record]));
      await eventually('the second delivery', () => place().faults.duplicates > before);
      expect(await stored(record.id)).toHaveLength(1);
      expect(place().faults.rejected).toEqual([]);
    });

    it('is stored once more when it is sent again after a rollover', async () => {
      const record = auditRecord();
      await deliver(logsRequest([record]));
      await arrived(record.id);
      const { status } = await place().admin('POST', 'logs-mcp.audit.otel-default/_rollover');
      expect(status).toBe(200);
      await deliver(logsRequest([record]));
      const both = { accept: (list: readonly Stored[]) => list.length === 2 };
      const [first, second] = await eventually('the second copy', () => stored(record.id), both);
      expect(first?.id).toBe(second?.id);
      expect(first?.index).not.toBe(second?.index);
      expect(first?.source.body).toEqual(second?.source.body);
    });

    it('with a value of the wrong type is stored', async () => {
      const record = auditRecord({ 'mcp_audit.duration_ms': 'soon', 'someone.elses': 1 });
      await deliver(logsRequest([record]));
      const { source, ignored } = await arrived(record.id);
      expect(ignored).toEqual(['attributes.mcp_audit.duration_ms']);
      expect(source.attributes).toMatchObject({ 'mcp_audit.duration_ms': 'soon', 'someone.elses': 1 });
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
    ])('with %s is stored, and so are the others in the same request', async (what, attributes, scope = {}) => {
      const beside = auditRecord();
      const record = auditRecord({ 'mcp_audit.correlation.id': what, ...attributes });
      const request: any = logsRequest([beside, record]);
      const [{ scopeLogs }] = request.resourceLogs;
      scopeLogs[0].scope.attributes = Object.entries(scope).map(([key, value]) => ({ key, value: anyValue(value) }));
      await deliver(request);
      await arrived(beside.id);
      const same = () => place().having(AUDIT, { 'attributes.mcp_audit.correlation.id': what });
      const [found] = await eventually('the record', same, some);
      expect(found?.stream).toBe('logs-mcp.audit.otel-default');
      expect(found?.source.body.text).toBe(record.body);
      expect(place().faults.rejected).toEqual([]);
    });
  });

  describe('an export of signed records', () => {
    const service = `signed ${hex(4)}`;
    beforeAll(() => deliver(logsRequest(logRecords(), service)));
    provesTheChain(
      'Elasticsearch',
      () => place().folder,
      async () => {
        const found = await place().having(AUDIT, { 'resource.attributes.service.name': service });
        return found.map(({ index, id, source }) => JSON.stringify({ _index: index, _id: id, _source: source }));
      },
    );
  });

  // At once: the exporter sends what is not an audit record every ten seconds.
  it.concurrent.each(['logs', 'traces'])(
    'other %s of a sender that asks for an unknown mapping mode are stored',
    async (signal) => {
      const name = `unsteered ${hex(8)}`;
      const request: any =
        signal === 'logs' ? logsRequest([{ body: name }]) : tracesRequest([{ name, traceId: hex(16), error: true }]);
      const [{ scopeLogs, scopeSpans }] = request.resourceLogs ?? request.resourceSpans;
      (scopeLogs ?? scopeSpans)[0].scope.attributes = [{ key: 'elastic.mapping.mode', value: anyValue('nonsense') }];
      await post(place().stack.urls.otlp, `/v1/${signal}`, request);
      const query = signal === 'logs' ? { match_phrase: { 'body.text': name } } : { term: { name } };
      await eventually(`the ${signal}`, () => place().search(`${signal}-generic.otel-default`, query), some);
    },
  );

  describe('what Elasticsearch', () => {
    it('rejects for a time is neither lost nor stored twice, also through two kills of the Collector', async () => {
      const { faults, stack } = place();
      const name = `outage ${hex(8)}`;
      const batches = Array.from({ length: 30 }, () =>
        Array.from({ length: 50 }, () => auditRecord({ 'mcp_audit.correlation.id': name })),
      );
      const ofThis = () => place().having(AUDIT, { 'attributes.mcp_audit.correlation.id': name });
      for (const [number, status] of [503, 429, 401].entries()) {
        faults.plan.status = status;
        for (const batch of batches.slice(number * 10, number * 10 + 10)) await deliver(logsRequest(batch));
        await eventually(`an answer ${status}`, () => (faults.refused.get(status) ?? 0) > 1);
        if (number > 0) continue;
        await stack.running.get('otelcol')?.kill();
        await stack.start('otelcol');
      }
      faults.plan.status = undefined;
      let documents = 0;
      faults.plan.perDocument = () => (++documents % 3 === 0 ? 429 : undefined);
      await eventually('some of them', ofThis, some);
      await stack.running.get('otelcol')?.kill();
      await stack.start('otelcol');
      const sent = new Map(batches.flat().map(({ id, body }) => [id, body]));
      const all = await eventually('all of them', ofThis, {
        accept: (found) => new Set(found.map(({ id }) => id)).size >= sent.size,
        timeoutMs: 120_000,
      });
      expect(all).toHaveLength(sent.size);
      for (const { id, source } of all) expect(source.body.text).toBe(sent.get(id));
      expect(documents).toBeGreaterThan(sent.size / 3);
      expect(faults.rejected).toEqual([]);
    }, 240_000);

    it('misses while it is killed arrives once it is back, and nothing twice', async () => {
      const name = `killed ${hex(8)}`;
      const records = Array.from({ length: 200 }, () => auditRecord({ 'mcp_audit.correlation.id': name }));
      const ofThis = () => place().having(AUDIT, { 'attributes.mcp_audit.correlation.id': name });
      await deliver(logsRequest(records.slice(0, 100)));
      await eventually('the first of them', async () => (await ofThis()).length === 100);
      await place().outage(async () => {
        await deliver(logsRequest(records.slice(50)));
        await eventually('a failed request', () => place().faults.complaints.length > 0);
      });
      const all = await eventually('all of them', ofThis, {
        accept: (found) => found.length >= 200,
        timeoutMs: 60_000,
      });
      expect(all.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => id).sort());
    }, 240_000);

    it.each([
      ['a request', 'otelcol_exporter_send_failed_log_records', ['exporter="otlp_grpc/elastic_audit"']],
      ['a record', 'otelcol_elasticsearch_docs_processed', ['outcome="failed_client"', 'document_parsing_exception']],
    ] as const)('rejects for good is counted (%s), and the archive has it', async (what, metric, labels) => {
      const { faults } = place();
      const [doomed, next] = [auditRecord(), auditRecord()];
      // Otherwise records that a killed Collector sends again would be counted too.
      const queued = () => counter('otelcol_exporter_queue_size', ['exporter="otlp_grpc/elastic_audit"']);
      await eventually('an empty queue', queued, { accept: (bytes) => bytes === 0 });
      const before = await counter(metric, labels);
      if (what === 'a request') faults.plan.status = 400;
      else
        faults.plan.perDocument = ({ attributes = {} }) =>
          attributes['audit.record.id'] === doomed.id ? 400 : undefined;
      await deliver(logsRequest([doomed]));
      await eventually('the count', () => counter(metric, labels), { accept: (now) => now === before + 1 });
      faults.plan.status = undefined;
      await deliver(logsRequest([next]));
      await arrived(next.id);
      expect(await stored(doomed.id)).toEqual([]);
      const archive = join(place().folder, 'archive');
      const texts = await Promise.all((await readdir(archive)).map((file) => readFile(join(archive, file), 'utf8')));
      expect(texts.join('')).toContain(JSON.stringify(doomed.body));
    });
  });
}
