/** The real Collector with `backends/splunk.yaml` and a strict stand-in for Splunk's HTTP Event Collector. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { histogramRequest } from './stand-ins/histogram.js';
import { type Stored, startSplunk } from './stand-ins/splunk.mjs';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { collectorMetric } from './support/collector-metrics.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import {
  attributes,
  deliver as deliverTo,
  hex,
  type LogInput,
  logsRequest,
  post,
  tracesRequest,
} from './support/otlp.js';
import { logRecords, provesTheChain } from './support/signed-chain.js';

const TOKEN = '2c0f7c1e-5b7c-4a2f-8f3e-0123456789ab';
const INDEXES = { mcp_audit: 'event', mcp: 'event', mcp_metrics: 'metric' } as const;
const CHOICE = { backends: ['splunk', 'archive-file'] };

let place: Place;
let splunk: Awaited<ReturnType<typeof startSplunk>>;
let collector: Running;

beforeAll(async () => {
  place = await collectorPlace();
  splunk = await startSplunk({ token: TOKEN, indexes: { ...INDEXES } });
  await writeFile(join(place.folder, 'token'), `${TOKEN}\n`); // with a trailing newline, as from an editor
  await start();
});
afterAll(async () => {
  await collector?.kill();
  await splunk?.stop();
  await place?.remove();
});
beforeEach(() => {
  splunk.plan.answer = undefined;
  splunk.complaints.length = 0;
});

async function start(): Promise<void> {
  collector = await place.start(CHOICE, {
    MCP_SPLUNK_ENDPOINT: splunk.url,
    MCP_SPLUNK_TOKEN_FILE: join(place.folder, 'token'),
  });
}

function auditRecord(): LogInput & { readonly id: string } {
  const id = randomUUID();
  return {
    id,
    eventName: 'mcp_audit.response',
    body: `{"audit.record.id":"${id}","text":"«ü» <b>&amp;</b> \\u0001 \\\\ \\" \u2028"}`,
    attributes: { 'audit.record.id': id, 'mcp_audit.sensitive': true, 'mcp_audit.policy_tags': ['HIPAA', 'SOC2'] },
    severityNumber: 13,
    traceId: hex(16),
  };
}

const deliver = (request: unknown) => deliverTo(place.otlp, request);
const withText = (text: string) => splunk.stored.filter(({ raw }) => raw.includes(text));
const arrived = (text: string): Promise<Stored> => eventually(text, () => withText(text)[0]);
/** A request with one record of OTLP JSON, and one of ours in the same request. */
const besides = (record: Record<string, unknown>, neighbour: LogInput, resource: unknown[] = []) => ({
  resourceLogs: [
    {
      resource: { attributes: resource },
      scopeLogs: [
        { logRecords: [{ timeUnixNano: `${Date.now()}000000`, eventName: 'mcp_audit.response', ...record }] },
      ],
    },
    ...logsRequest([neighbour]).resourceLogs,
  ],
});

describe('an audit record', () => {
  it('is the event, byte for byte, with nothing beside it', async () => {
    const record = { ...auditRecord(), timeMs: Date.now() - 5_123 };
    await deliver(logsRequest([record]));
    expect(await arrived(record.id)).toEqual({
      event: record.body,
      raw: record.body,
      // The exporter computes seconds in binary fractions: to the microsecond.
      time: expect.closeTo(record.timeMs / 1_000, 5),
      host: 'unknown',
      source: 'mcp-trail',
      sourcetype: 'mcp:audit',
      index: 'mcp_audit',
      fields: {},
    });
    expect(splunk.complaints).toEqual([]);
  });

  it('of the demo arrives with every field, at its time', async () => {
    const { records } = await runDemo(place.otlp);
    expect(records.length).toBeGreaterThan(20);
    for (const { line, fields } of records) {
      const { raw, time } = await arrived(fields['audit.record.id']);
      expect(raw).toBe(line);
      // Splunk gets microseconds.
      expect(Math.abs(Number(time) - Date.parse(fields.time) / 1_000)).toBeLessThan(0.0011);
    }
    expect(splunk.complaints).toEqual([]);
  }, 120_000);

  it('has the host of its sender, if that is a name', async () => {
    const hosts = { 'vm-7.example': 'vm-7.example', '': 'unknown', 'a b': 'unknown', ['x'.repeat(300)]: 'unknown' };
    for (const [host, wanted] of Object.entries(hosts)) {
      const record = auditRecord();
      const request = logsRequest([record]);
      request.resourceLogs[0]?.resource.attributes.push(...attributes({ 'host.name': host }));
      await deliver(request);
      expect((await arrived(record.id)).host).toBe(wanted);
    }
  });
});

describe('a sender', () => {
  const control = {
    'com.splunk.index': 'secret',
    'com.splunk.sourcetype': 'csv',
    'com.splunk.source': 'elsewhere',
    'com.splunk.hec.access_token': 'of-somebody-else',
  };

  it('chooses neither the index nor the token, nor the type of its events', async () => {
    const [record, neighbour] = [auditRecord(), auditRecord()];
    const own = { body: { stringValue: record.body }, attributes: attributes(control) };
    await deliver(besides(own, neighbour, attributes(control)));
    for (const { id } of [record, neighbour])
      expect(await arrived(id)).toMatchObject({ index: 'mcp_audit', sourcetype: 'mcp:audit', source: 'mcp-trail' });
    const text = hex(8);
    const request = logsRequest([{ body: text, attributes: control }]);
    request.resourceLogs[0]?.resource.attributes.push(...attributes(control));
    await deliver(request);
    expect(await arrived(text)).toMatchObject({ index: 'mcp', sourcetype: 'mcp:log', source: 'mcp-trail' });
    expect(splunk.complaints).toEqual([]);
  });

  it('with records that Splunk or its exporter refuse does not keep others from arriving', async () => {
    const text = { body: { stringValue: 'x' } };
    const odd: Record<string, unknown>[] = [
      {},
      { body: { stringValue: '' } },
      { body: { stringValue: ' \n' } },
      { body: { kvlistValue: { values: [{ key: 'audit.x', value: {} }] } } },
      { ...text, attributes: [{ key: 'null', value: {} }] },
      { ...text, attributes: [{ key: 'number', value: { doubleValue: 'NaN' } }] },
    ];
    const neighbours = odd.map(() => auditRecord());
    await deliver({
      resourceLogs: odd.flatMap((record, at) => besides(record, neighbours[at] as LogInput).resourceLogs),
    });
    for (const { id } of neighbours) await arrived(id);
    expect(splunk.complaints).toEqual([]);
  });

  it('of what is no record gets it into the index whole, for example a damaged line', async () => {
    const path = `/var/log/mcp/${hex(8)}.jsonl`;
    const torn = '{"audit.action":"EXECUTE","audit.act';
    const record = {
      eventName: 'mcp_audit.damaged_line',
      body: { stringValue: torn },
      severityText: 'ERROR',
      attributes: attributes({ 'log.file.path': path, 'log.file.record_offset': '4711' }),
    };
    await deliver(besides(record, auditRecord(), attributes({ 'service.name': 'weather' })));
    const { raw, fields } = await arrived(path);
    expect(JSON.parse(raw)).toEqual({
      event_name: 'mcp_audit.damaged_line',
      body: torn,
      'service.name': 'weather',
      severity_text: 'ERROR',
      'log.file.path': path,
      'log.file.record_offset': '4711',
    });
    expect(fields).toEqual({});
  });
});

describe('everything else', () => {
  it('arrives in an index of its own: logs redacted, spans, and metrics with histograms', async () => {
    const tool = `tool_${hex(4)}`;
    const secret = `ghp_${'a'.repeat(36)}`;
    await deliver(
      logsRequest([{ body: `${tool} ${secret}`, attributes: { password: 'hunter2' }, eventName: 'app.x' }]),
    );
    await post(place.otlp, '/v1/traces', tracesRequest([{ name: tool, attributes: { 'gen_ai.tool.name': tool } }]));
    await post(place.otlp, '/v1/metrics', histogramRequest({ count: 2, tool }));

    const of = (sourcetype: string) => () =>
      splunk.stored.find((each) => each.sourcetype === sourcetype && JSON.stringify(each).includes(tool));
    const log = await eventually('the log', of('mcp:log'));
    expect(log).toMatchObject({ index: 'mcp', fields: { event_name: 'app.x', 'service.name': 'weather' } });
    expect(JSON.stringify(log)).not.toMatch(new RegExp(`${secret}|hunter2`));
    expect(await eventually('the span', of('mcp:trace'))).toMatchObject({ index: 'mcp', event: { name: tool } });
    const point = () =>
      splunk.stored.find(
        ({ fields }) =>
          fields['gen_ai.tool.name'] === tool && fields['metric_name:mcp.server.operation.duration_count'] === 2,
      );
    expect(await eventually('the histogram', point)).toMatchObject({ index: 'mcp_metrics', event: 'metric' });
    expect(splunk.complaints).toEqual([]);
  });

  it('is sent with the token in its header only', () => {
    for (const { url, headers, body } of splunk.requests) {
      expect(headers.authorization).toBe(`Splunk ${TOKEN}`);
      expect(url.href + body.toString('latin1')).not.toContain(TOKEN);
    }
    expect(collector.output).not.toContain(TOKEN);
  });
});

describe('what Splunk has of a signed chain', () => {
  beforeAll(() => deliver(logsRequest(logRecords())));
  const texts = () => splunk.stored.flatMap(({ raw }) => (raw.includes('mcp_audit.chain.id') ? raw : []));
  const chain = () => JSON.parse(logRecords()[0]?.body as string)['mcp_audit.chain.id'];
  const raw = async () => texts().filter((text) => text.includes(chain()));
  const shapes = {
    'as text': (text: string) => text,
    'as JSON': (_raw: string) => JSON.stringify({ result: { _raw } }),
  };
  describe.each(Object.entries(shapes))('exported %s', (name, shape) =>
    provesTheChain(
      name,
      () => place.folder,
      async () => (await raw()).map(shape),
      false,
    ),
  );
});

it('what a wrong index or token costs is dropped for good and counted; the archive has it, and what follows arrives', async () => {
  const dropped = () =>
    collectorMetric(place.metrics, 'otelcol_exporter_send_failed_log_records', ['exporter="splunk_hec/audit"']);
  const before = await dropped();
  const lost: string[] = [];
  for (const [at, code] of [7, 4, 3].entries()) {
    splunk.plan.answer = code;
    const { id, ...record } = auditRecord();
    lost.push(id);
    await deliver(logsRequest([record]));
    await eventually(`the count after code ${code}`, dropped, { accept: (count) => count === before + at + 1 });
  }
  splunk.plan.answer = undefined;
  const next = auditRecord();
  await deliver(logsRequest([next]));
  await arrived(next.id);
  expect(lost.filter((id) => withText(id).length > 0)).toEqual([]);
  const archive = await readFile(join(place.folder, 'archive/mcp-audit.jsonl'), 'utf8');
  expect(lost.filter((id) => !archive.includes(id))).toEqual([]);
});

it('loses nothing through 500, 503, 429, 404 and 413, a listener that is down, and kills of the Collector', async () => {
  const records = Array.from({ length: 600 }, auditRecord);
  const send = async (from: number) => {
    for (let at = from; at < from + 100; at += 50) await deliver(logsRequest(records.slice(at, at + 50)));
  };
  for (const [number, answer] of [8, 9, 429, 404, 413].entries()) {
    splunk.plan.answer = answer;
    const before = splunk.answered.get(answer) ?? 0;
    await send(number * 100);
    await eventually(`an answer ${answer}`, () => (splunk.answered.get(answer) ?? 0) > before);
  }
  await collector.kill();
  const { port, stored } = splunk;
  await splunk.stop();
  await start();
  await send(500);
  await collector.kill();
  splunk = await startSplunk({ token: TOKEN, indexes: { ...INDEXES }, port });
  await start();
  const texts = () => new Set([...stored, ...splunk.stored].map(({ raw }) => raw));
  await eventually('all of them', () => records.every(({ body }) => texts().has(body)), { timeoutMs: 90_000 });
  const all = [...stored, ...splunk.stored].filter(({ raw }) => records.some(({ body }) => body === raw));
  console.log(`${records.length} records acknowledged, 0 lost, ${all.length - records.length} stored twice`);
  expect(splunk.complaints).toEqual([]);
}, 180_000);
