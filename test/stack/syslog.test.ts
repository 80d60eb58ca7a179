/** The real Collector with `backends/syslog-cef.yaml`, and a listener that parses by the specifications. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../collector-config/stack/ports.mjs';
import { toCef } from '../../src/mapping/index.js';
import { AUDIT_FIELDS, type AuditField, type AuditRecord } from '../../src/semconv/audit-record.js';
import { FULL, SAMPLES } from '../unit/mapping/samples.js';
import { parseCef } from './stand-ins/cef.mjs';
import { frames, type Message, parseSyslog, startSyslog } from './stand-ins/syslog.mjs';
import { authority } from './support/certificates.js';
import { collectorPlace, type Place, type Running } from './support/collector.js';
import { runDemo } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { attributes, post } from './support/otlp.js';

const CHOICE = { backends: ['syslog-cef', 'archive-file', 'discard-rest'] };
/** Fields that log records have elsewhere than among their attributes. */
const BODY_ONLY = Object.entries<AuditField>(AUDIT_FIELDS).flatMap(([key, field]) => (field.bodyOnly ? key : []));
const RESOURCE = ['service.name', 'service.instance.id'];
const TEXTS = Object.entries<AuditField>(AUDIT_FIELDS).flatMap(([key, { type }]) =>
  type === 'string' && !BODY_ONLY.includes(key) ? key : [],
);

let place: Place;
let ours: Awaited<ReturnType<typeof authority>>;
let tls: { cert: Buffer; key: Buffer };
let port: number;
let queue: string;
let listener: Awaited<ReturnType<typeof startSyslog>> | undefined;
let collector: Running | undefined;

beforeAll(async () => {
  place = await collectorPlace();
  ours = await authority(place.folder, 'siem');
  const { cert, key } = await ours.issue('listener');
  tls = { cert: await readFile(cert), key: await readFile(key) };
});
beforeEach(async () => {
  port = await freePort();
  queue = join(place.folder, randomUUID());
});
afterEach(async () => {
  await collector?.kill();
  await listener?.kill();
  collector = listener = undefined;
});
afterAll(() => place.remove());

const env = (more: Record<string, string> = {}) => ({
  MCP_QUEUE_DIR: queue,
  MCP_SYSLOG_PORT: String(port),
  MCP_SYSLOG_CA_FILE: ours.ca,
  ...more,
});

/** Records as the package sends them. */
function request(records: readonly AuditRecord[]) {
  return {
    resourceLogs: records.map((record) => {
      const fields = Object.entries(record);
      const resource = fields.filter(([key]) => RESOURCE.includes(key));
      const own = fields.filter(([key]) => !BODY_ONLY.includes(key));
      const [, seconds = '', nanoseconds = ''] = /^(.*)\.(\d{9})Z$/.exec(record.time) ?? [];
      const log = {
        timeUnixNano: `${Date.parse(`${seconds}Z`) / 1000}${nanoseconds}`,
        severityNumber: record.severity_number,
        eventName: record.event_name,
        body: { stringValue: JSON.stringify(record) },
        attributes: attributes(Object.fromEntries(own)),
        ...(record.trace_id && { traceId: record.trace_id, spanId: record.span_id }),
      };
      return { resource: { attributes: attributes(Object.fromEntries(resource)) }, scopeLogs: [{ logRecords: [log] }] };
    }),
  };
}

async function send(records: readonly AuditRecord[]) {
  for (let at = 0; at < records.length; at += 200)
    expect(await post(place.otlp, '/v1/logs', request(records.slice(at, at + 200)))).toMatchObject({ status: 200 });
}

/** The texts without the line end that the exporter adds to every message, after checking it. */
const texts = (messages: readonly Message[]) =>
  messages.map(({ text }) => {
    expect(text.endsWith('\n')).toBe(true);
    return text.slice(0, -1);
  });

const withId = (record: object): AuditRecord => ({ ...record, 'audit.record.id': randomUUID() }) as AuditRecord;

async function arrived(records: readonly AuditRecord[]): Promise<Message[]> {
  const of = (message: Message) => /externalId=(\S+)/.exec(message.text)?.[1];
  const ids = new Set(records.map((record) => record['audit.record.id']));
  const messages = listener?.messages ?? [];
  const all = () => {
    expect(listener?.wrong).toEqual([]);
    return new Set(messages.map(of).filter((id) => ids.has(String(id)))).size;
  };
  await eventually('all records', all, { accept: (count) => count === ids.size, timeoutMs: 90_000 });
  return messages.filter((message) => ids.has(String(of(message))));
}

describe('the listener', () => {
  it.each(['<14>1 - - - - - - hello\n', '0 ', '05 hello', '12345678 ', '4a <1>'])('takes %j for no frame', (stream) => {
    expect(() => frames(Buffer.from(stream))).toThrow('no length of a message');
  });

  it.each([
    '<192>1 - - - - - -',
    '<14>2 - - - - - -',
    '<14>1 2026-11-30 - - - - -',
    '<14>1 - a  b - - -',
    '<14>1 - - - - - {} x',
  ])('takes %j for no message', (text) => {
    expect(() => parseSyslog(Buffer.from(text))).toThrow();
  });

  it.each([
    'CEF:0|v|p|1|id|name|11|act=x',
    'CEF:0|v|p|1|id|3|act=x',
    'CEF:0|v|p|1|i\nd|name|3|act=x',
    'CEF:0|v|p|1|i\\d|name|3|act=x',
    'CEF:0|v|p|1|id|name|3|act=a=b',
    'CEF:0|v|p|1|id|name|3|act=a\nb',
    'CEF:0|v|p|1|id|name|3|act=a\\b',
    'CEF:0|v|p|1|id|name|3|act=a act=b',
    'CEF:0|v|p|1|id|name|3|cs1=a',
    'CEF:0|v|p|1|id|name|3|src=10.0.0.256',
    'CEF:0|v|p|1|id|name|3|actor=a',
    `CEF:0|v|p|1|id|name|3|act=${'x'.repeat(64)}`,
  ])('takes %j for no event', (text) => {
    expect(() => parseCef(text)).toThrow();
  });
});

it('sends every record of the demo as toCef of the package does, and leaves those of the archive as they are', async () => {
  listener = await startSyslog({ ...tls, port });
  collector = await place.start(CHOICE, env());
  const { records } = await runDemo(place.otlp);
  const all = records.map(({ fields }) => fields as AuditRecord);
  const messages = await arrived(all);
  expect(texts(messages).sort()).toEqual(all.map((record) => toCef(record)).sort());
  for (const { text, priority, host, app, id, bytes } of messages) {
    const event = parseCef(text.slice(0, -1));
    expect({ priority, host, app, id }).toEqual({
      priority: { 3: 110, 6: 108, 8: 107, 10: 106 }[event.severity],
      host: hostname(),
      app: event.extension['deviceProcessName'],
      id: event.id.replace('mcp_audit.', ''),
    });
    expect(bytes).toBeLessThan(4096);
  }
  expect(listener.wrong).toEqual([]);
  const archive = await readFile(join(place.env({})['MCP_ARCHIVE_DIR'] ?? '', 'mcp-audit.jsonl'), 'utf8');
  for (const { line } of records) expect(archive).toContain(JSON.stringify(line).slice(1, -1));
  console.log(`${records.length} records, the largest ${Math.max(...messages.map(({ bytes }) => bytes))} bytes`);
}, 180_000);

/** What somebody may get into a field. */
const HOSTILE: readonly unknown[] = [
  'a|b=c\\d\ne\r\nf',
  'ends in a backslash \\',
  ' cs1=forged src=6.6.6.6 ',
  'CEF:0|forged|x|1|y|z|10|act=allow',
  '\\n is no line end, \\= no sign',
  '«ü» 漢字 😀 \u0085\u2028\u2029\u0000\u001b[31m\t|',
  '😀'.repeat(600),
  `${'x'.repeat(1022)}é`,
  '='.repeat(100_000),
  '   ',
  '\n',
  '$0 $1 $$ %s {}',
  '<a href="x">&amp;</a>',
  7,
  -0.5,
  true,
  ['a list'],
  '10.0.0.1',
  '::1',
  'fe80::1%eth0',
  '1:2:3:4:5:6:7::',
];

it('is equal to toCef for every kind of record, and for hostile values in every field', async () => {
  listener = await startSyslog({ ...tls, port });
  collector = await place.start(CHOICE, env());
  const everyField = HOSTILE.map((value) => ({ ...FULL, ...Object.fromEntries(TEXTS.map((key) => [key, value])) }));
  const oneField = HOSTILE.flatMap((value) =>
    ['mcp.method.name', 'audit.schema.version', 'audit.actor.id', 'server.address'].map((key) => ({
      ...FULL,
      [key]: value,
    })),
  );
  const lists = [['<b>&"\\', '\b\f\u2028\n'], ['a', 1], [], ['x'.repeat(3000)]].map((roles) => ({
    ...FULL,
    'user.roles': roles,
  }));
  const numbers = [-1, 70_000, 2 ** 53, 1.5, '5'].map((value) => ({
    ...FULL,
    'client.port': value,
    'mcp_audit.duration_ms': value,
  }));
  const texts_ = [...SAMPLES.map(({ record }) => record), ...everyField, ...oneField, ...lists, ...numbers];
  const records = texts_.map(withId);
  await send(records);
  const messages = await arrived(records);
  const byId = new Map(records.map((record) => [record['audit.record.id'], toCef(record)]));
  const wrong = texts(messages).filter((text) => text !== byId.get(/externalId=(\S+)/.exec(text)?.[1] ?? ''));
  expect(wrong.slice(0, 3)).toEqual([]);
  for (const text of texts(messages)) {
    parseCef(text);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3800);
  }
  expect(listener.wrong).toEqual([]);
  console.log(`${messages.length} of ${records.length} equal`);
}, 180_000);

it('cuts whole keys at another size if it is asked to', async () => {
  listener = await startSyslog({ ...tls, port });
  collector = await place.start(CHOICE, env({ MCP_SYSLOG_CEF_BYTES: '1024' }));
  const record = withId(FULL);
  await send([record]);
  const [text = ''] = texts(await arrived([record]));
  expect(text).toBe(toCef(record, { maxBytes: 1024 }));
  expect(text).not.toBe(toCef(record));
  parseCef(text);
}, 120_000);

it('loses nothing while the listener is away and the Collector is killed', async () => {
  collector = await place.start(CHOICE, env());
  const records = Array.from({ length: 500 }, () => withId(FULL));
  await send(records);
  await collector.kill();
  collector = await place.start(CHOICE, env());
  listener = await startSyslog({ ...tls, port });
  const messages = await arrived(records);
  expect(listener.wrong).toEqual([]);
  console.log(`500 records acknowledged, 0 lost, ${messages.length - 500} sent twice`);
}, 180_000);

it('cannot know of records that the listener received and lost', async () => {
  listener = await startSyslog({ ...tls, port });
  listener.told.deaf = true;
  collector = await place.start(CHOICE, env());
  const lost = Array.from({ length: 100 }, () => withId(FULL));
  await send(lost);
  await eventually('the queue is empty', () => listener?.told.bytes ?? 0, { accept: (bytes) => bytes > 100_000 });
  await listener.kill();
  listener = await startSyslog({ ...tls, port });
  const later = Array.from({ length: 100 }, () => withId(FULL));
  await send(later);
  await arrived(later);
  const found = listener.messages.filter(({ text }) => lost.some((record) => text.includes(record['audit.record.id'])));
  console.log(`of 100 records that a listener received and lost, ${100 - found.length} are gone`);
  expect(found).toHaveLength(0);
}, 120_000);

it('sends nothing to a listener that it does not trust, and keeps the records', async () => {
  const other = await (await authority(place.folder, 'other')).issue('listener');
  listener = await startSyslog({ cert: await readFile(other.cert), key: await readFile(other.key), port });
  collector = await place.start(CHOICE, env());
  const records = [withId(FULL)];
  await send(records);
  await eventually('a refusal', () => listener?.wrong.length ?? 0, { accept: (count) => count > 0 });
  expect(listener.told.bytes).toBe(0);
  await listener.kill();
  listener = await startSyslog({ ...tls, port });
  await arrived(records);
}, 120_000);

it('shows its certificate to a listener that wants one', async () => {
  const client = await ours.issue('otelcol');
  listener = await startSyslog({ ...tls, ca: await readFile(ours.ca), port });
  collector = await place.start(CHOICE, env({ MCP_SYSLOG_CERT_FILE: client.cert, MCP_SYSLOG_KEY_FILE: client.key }));
  const records = [withId(FULL)];
  await send(records);
  await arrived(records);
  expect(listener.wrong).toEqual([]);
}, 120_000);
