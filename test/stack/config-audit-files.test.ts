/** Audit records from files: the same log records as over OTLP. `npm run test:durable` kills everything on the way. */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileLogRecordExporter } from '../../src/export/file.js';
import { startBackend } from './support/backend.js';
import { type Choice, collectorPlace, type Place, type Running } from './support/collector.js';
import { collectorMetric } from './support/collector-metrics.js';
import { runDemo, type Sent } from './support/demo.js';
import { eventually } from './support/eventually.js';
import { logsRequest, post } from './support/otlp.js';
import { attributeOf, auditFile, logsFile, readRequests } from './support/sink.js';

const CHOICE: Choice = { backends: ['debug'], sources: ['audit-files'], sink: true };
const DAMAGED = 'mcp_audit.damaged_line';
/** Parts of the longest lines of Docker and Kubernetes. */
const PART = 16_384;

let place: Place;
let collector: Running;

beforeAll(async () => {
  place = await collectorPlace();
  for (const folder of ['audit', 'docker', 'pods']) await mkdir(join(place.folder, folder));
  collector = await place.start(CHOICE, { MCP_AUDIT_FILES: patterns(place) });
});
afterAll(async () => {
  await collector?.kill();
  await place.remove();
});

const patterns = ({ folder }: Place) => join(folder, '{audit/*.jsonl,docker/*-json.log*,pods/*.log*}');

interface Arrived {
  readonly resource: any;
  readonly scope: any;
  readonly record: any;
}

/** All log records of a sink, with resource and scope. */
const arrived = async (file = auditFile(place.sink)): Promise<Arrived[]> =>
  (await readRequests(file)).flatMap((request) =>
    request.resourceLogs.flatMap(({ resource, scopeLogs }: any) =>
      scopeLogs.flatMap(({ scope, logRecords }: any) =>
        logRecords.map((record: any) => ({ resource: asObject(resource.attributes), scope, record })),
      ),
    ),
  );

const asObject = (attributes: any[] = []) => Object.fromEntries(attributes.map(({ key, value }) => [key, value]));

/** The records with these bodies, once all have arrived. */
async function withBodies(bodies: readonly string[], file = auditFile(place.sink)) {
  const wanted = new Set(bodies);
  const found = async () => (await arrived(file)).filter(({ record }) => wanted.has(record.body?.stringValue));
  const all = await eventually(`${wanted.size} records`, found, { accept: ({ length }) => length >= bodies.length });
  expect(all).toHaveLength(bodies.length);
  return new Map(all.map((one) => [one.record.body.stringValue as string, one]));
}

/** A record of a service, as a line of a file. */
function line(service = 'weather', more: Record<string, unknown> = {}): string {
  const fields: Record<string, unknown> = {
    'audit.action': 'EXECUTE',
    'audit.record.id': randomUUID(),
    event_name: 'mcp_audit.response',
    observed_time: '2026-11-21T17:32:54.445392001Z',
    'service.name': service,
    severity_number: 13,
    severity_text: 'WARN',
    time: '2026-11-21T17:32:54.445374000Z',
    ...more,
  };
  return JSON.stringify(fields, Object.keys(fields).sort());
}

const file = (...names: string[]) => join(place.folder, ...names);
const append = (path: string, lines: readonly string[]) => appendFile(path, lines.map((text) => `${text}\n`).join(''));

describe('the records of the demo', () => {
  let sent: Sent;
  let pairs: { otlp: Arrived; files: Arrived }[];

  beforeAll(async () => {
    sent = await runDemo(place.otlp);
    await append(
      file('audit', 'demo.jsonl'),
      sent.records.map(({ line }) => line),
    );
    const ids = new Set(sent.records.map(({ fields }) => fields['audit.record.id']));
    const idOf = ({ record }: Arrived) => attributeOf(record.attributes, 'log.record.uid');
    const all = await eventually(
      'both copies of each',
      async () => (await arrived()).filter((one) => ids.has(idOf(one))),
      {
        accept: ({ length }) => length >= 2 * ids.size,
        timeoutMs: 60_000,
      },
    );
    expect(all).toHaveLength(2 * ids.size);
    pairs = [...ids].map((id) => {
      const [one, other] = all.filter((copy) => idOf(copy) === id) as [Arrived, Arrived];
      return one.scope.version === undefined ? { files: one, otlp: other } : { files: other, otlp: one };
    });
  });

  it('are equal to those of OTLP, field for field, but for the flags of the trace', () => {
    const comparable = ({ record: { attributes, flags: _, ...record } }: Arrived) => ({
      ...record,
      attributes: asObject(attributes),
    });
    expect(pairs.length).toBeGreaterThan(50);
    for (const { files, otlp } of pairs) expect(comparable(files)).toEqual(comparable(otlp));
    expect(pairs.some(({ otlp }) => otlp.record.traceId)).toBe(true);
  });

  it('have the body byte for byte', () => {
    const bodies = pairs.map(({ files }) => files.record.body.stringValue);
    expect(bodies.sort()).toEqual(sent.records.map(({ line }) => line).sort());
  });

  it('have the resource attributes that records hold, with the same values, and the name of the scope', () => {
    const held = ['service.name', 'service.version', 'service.instance.id', 'deployment.environment.name'];
    for (const { files, otlp } of pairs) {
      const wanted = Object.entries(otlp.resource).filter(([key]) => held.includes(key));
      expect(files.resource).toEqual(Object.fromEntries(wanted));
      expect(files.scope).toEqual({ name: otlp.scope.name });
    }
    expect(new Set(pairs.map(({ files }) => files.resource['service.name'].stringValue)).size).toBeGreaterThan(2);
  });
});

describe('a file of several services', () => {
  it('gives each record its own resource', async () => {
    const lines = Array.from({ length: 60 }, (_, index) =>
      line(`service-${index % 3}`, index % 3 === 0 ? { 'service.version': '1.0.0' } : {}),
    );
    await append(file('audit', 'shared.jsonl'), lines);
    for (const [body, { resource }] of await withBodies(lines)) {
      const { 'service.name': name, 'service.version': version } = JSON.parse(body);
      expect(resource).toEqual({
        'service.name': { stringValue: name },
        ...(version && { 'service.version': { stringValue: version } }),
      });
    }
  });
});

describe('a damaged line', () => {
  it('is kept as it is, with its place, and counted; lines around it are as usual', async () => {
    const metric = () =>
      collectorMetric(place.metrics, 'otelcol_processor_filter_logs_filtered', ['filter="filter/whole_lines"']);
    const before = await metric().catch(() => 0);
    const good = [line(), line(), line()];
    const torn = line().slice(0, 100);
    const bad = [
      torn,
      `${line()}x`,
      `${torn}${line()}`,
      `${line()}${line()}`,
      'not JSON',
      '["a list"]',
      '  {} ',
      '\u0000'.repeat(20),
    ];
    const path = file('audit', 'damaged.jsonl');
    await append(path, [good[0], ...bad.slice(0, 4), good[1], '', ...bad.slice(4), good[2]] as string[]);
    for (const [body, { record, resource }] of await withBodies(bad)) {
      expect(record).toMatchObject({ eventName: DAMAGED, severityNumber: 17, severityText: 'ERROR' });
      expect(resource).toEqual({});
      expect(asObject(record.attributes)).toEqual({
        'log.file.path': { stringValue: path },
        'log.file.record_offset': { intValue: expect.any(String) },
        'log.record.uid': { stringValue: createHash('sha256').update(body).digest('hex') },
      });
    }
    for (const { record } of (await withBodies(good)).values()) expect(record.eventName).toBe('mcp_audit.response');
    expect(await metric()).toBe(before + bad.length);
  });

  it('at the end of a file waits for its other half', async () => {
    const path = file('audit', 'half.jsonl');
    const [first, second] = [line(), line()];
    await appendFile(path, `${first}\n${second.slice(0, 50)}`);
    await withBodies([first]);
    await appendFile(path, `${second.slice(50)}\n`);
    await withBodies([second]);
  });

  it('with an impossible time does not hold up the others', async () => {
    const lines = [line('weather', { time: 'yesterday', observed_time: '2026-13-41T00:00:00.000000000Z' }), line()];
    await append(file('audit', 'times.jsonl'), lines);
    await withBodies(lines);
  });
});

describe('other records in the files', () => {
  it('are logs like any other: redacted, and not in the trail', async () => {
    const path = file('audit', 'other.jsonl');
    const exporter = new FileLogRecordExporter({ path, reserve: 0 });
    const secret = ['Bearer', 'abcdefghijklmnop', 'qrstuvwxyz'].join(' ');
    exporter.export([{ eventName: 'other.event', body: `${secret} of ${path}` } as never], () => {});
    await exporter.shutdown();
    const found = await eventually('it', async () =>
      (await arrived(logsFile(place.sink))).find(({ record }) => record.eventName === 'other.event'),
    );
    expect(JSON.stringify(found)).not.toContain(secret);
    expect((await arrived()).map(({ record }) => record.eventName)).not.toContain('other.event');
  });
});

describe('stderr of containers', () => {
  const long = line('weather', { 'mcp_audit.message': `"${'ü'.repeat(20_000)}` });
  const parts = Array.from({ length: Math.ceil(long.length / PART) }, (_, index) =>
    long.slice(index * PART, (index + 1) * PART),
  );
  const lines = [line(), long, line()];
  const torn = line().slice(0, 200);
  const NOISE = 'server listening on port 3000';

  it('of Docker is unwrapped; stdout and other output are left out', async () => {
    const docker = (log: string, stream = 'stderr') =>
      JSON.stringify({ log, stream, time: '2026-11-21T17:32:54.445374001Z' });
    await append(file('docker', 'weather-json.log'), [
      docker(`${NOISE}\n`),
      docker(`${lines[0]}\n`),
      docker('{"audit.', 'stdout'),
      ...parts.slice(0, -1).flatMap((part) => [docker(part), docker('x'.repeat(PART), 'stdout')]),
      docker(`${parts.at(-1)}\n`),
      docker(`${torn}\n`),
      docker(`${lines[2]}\n`),
      docker(`${line('stdout')}\n`, 'stdout'),
    ]);
    await sameAsOfFiles([...lines]);
    await withBodies([torn]);
    await nothingElse();
  });

  it('of Kubernetes is unwrapped; stdout and other output are left out', async () => {
    const cri = (text: string, stream = 'stderr', tag = 'F') =>
      `2026-11-21T17:32:54.445374001Z ${stream} ${tag} ${text}`;
    const own = [line(), long.replace(/"audit.record.id":"[^"]+"/, `"audit.record.id":"${randomUUID()}"`), line()];
    const pieces = [own[1]?.slice(0, PART), own[1]?.slice(PART)] as [string, string];
    await append(file('pods', '0.log'), [
      cri(NOISE),
      cri(own[0] as string),
      cri(pieces[0], 'stderr', 'P'),
      cri('the start of a long result', 'stdout', 'P'),
      cri(pieces[1]),
      cri('and its end', 'stdout'),
      cri('another start', 'stdout', 'P'),
      cri(own[2] as string),
    ]);
    await sameAsOfFiles(own);
    await nothingElse();
  });

  /** As if they had been in a file of their own. */
  async function sameAsOfFiles(bodies: string[]) {
    const copies = bodies.map((body) => body.replace('"weather"', '"weather "'));
    await append(file('audit', `copies-${randomUUID()}.jsonl`), copies);
    const wrapped = [...(await withBodies(bodies)).values()];
    const plain = [...(await withBodies(copies)).values()];
    const text = (all: readonly Arrived[]) =>
      all.map((one) => JSON.stringify(sorted(one)).replaceAll('weather ', 'weather')).sort();
    expect(text(wrapped)).toEqual(text(plain));
  }

  const sorted = ({ resource, scope, record }: Arrived) => ({
    resource,
    scope,
    record: { ...record, attributes: Object.entries(asObject(record.attributes)).sort() },
  });

  async function nothingElse() {
    const all = JSON.stringify([...(await arrived()), ...(await arrived(logsFile(place.sink)))]);
    for (const text of [NOISE, 'stdout', 'xxxxxxxx', 'another start']) expect(all).not.toContain(text);
  }
});

describe('2,000 rotated files', () => {
  const FILES = 2000;
  const LINES = 3;

  it('are read once each, also if they are renamed, and after a restart', async () => {
    const own = await collectorPlace();
    const folder = join(own.folder, 'audit');
    await mkdir(folder);
    const lines: string[] = [];
    for (let number = 1; number <= FILES; number++) {
      const some = Array.from({ length: LINES }, () => line());
      lines.push(...some);
      await append(join(folder, `audit-2026-11-21T093000Z-${number}.jsonl`), some);
    }
    const env = { MCP_AUDIT_FILES: join(folder, '*.jsonl') };
    const read = () =>
      eventually('all of them', () => arrived(auditFile(own.sink)), {
        accept: ({ length }) => length >= lines.length,
        timeoutMs: 60_000,
      });
    const write = async (path: string) => {
      const one = line();
      lines.push(one);
      await append(path, [one]);
    };
    const current = join(folder, 'audit.jsonl');
    const rotate = async () => {
      await rename(current, join(folder, `audit-2026-11-21T094000Z-${lines.length}.jsonl`));
      await write(current);
    };
    let running = await own.start(CHOICE, env);
    try {
      await write(current);
      await read();
      await rotate();
      await read();
      await running.stop();
      await write(current);
      await rotate();
      running = await own.start(CHOICE, env);
      await read();
      const bodies = (await arrived(auditFile(own.sink))).map(({ record }) => record.body.stringValue);
      expect(bodies.sort()).toEqual(lines.sort());
    } finally {
      await running.kill();
      await own.remove();
    }
  });
});

describe('a full queue', () => {
  it('holds back the reading, and a Collector that is killed then loses nothing', async () => {
    const own = await collectorPlace();
    const backend = await startBackend();
    backend.state.status = 503;
    const path = join(own.folder, 'audit.jsonl');
    const choice: Choice = { backends: ['loki'], sources: ['audit-files'] };
    const env = { MCP_AUDIT_FILES: path, MCP_LOKI_ENDPOINT: backend.url };
    let running = await own.start(choice, { ...env, MCP_AUDIT_QUEUE_BYTES: '300000' });
    try {
      const body = 'x'.repeat(20_000);
      const isFull = async () => {
        const { status } = await post(own.otlp, '/v1/logs', logsRequest([{ eventName: 'mcp_audit.response', body }]));
        return status === 503;
      };
      await eventually('a full queue', isFull, { everyMs: 10 });
      const refused = () => collectorMetric(own.metrics, 'otelcol_exporter_enqueue_failed_log_records');
      const before = await refused();
      const marks = Array.from({ length: 20 }, () => randomUUID());
      await append(
        path,
        marks.map((id) => line('weather', { 'audit.record.id': id, pad: 'x'.repeat(1_000) })),
      );
      await eventually('a refusal', refused, { accept: (count) => count > before });
      // Offsets are stored with each poll: here, none must be.
      await setTimeout(2_500);
      await running.kill();
      backend.state.status = 200;
      running = await own.start(choice, env);
      await eventually('all of them', () => backend.counts(marks).every((count) => count > 0));
    } finally {
      await running.kill();
      await backend.stop();
      await own.remove();
    }
  });
});

describe('MCP_AUDIT_FILES', () => {
  it.each([undefined, ''])('fails the start by its name if it is %j', async (value) => {
    const { code, output } = await place.validate(CHOICE, { MCP_AUDIT_FILES: value });
    expect(code).toBe(1);
    expect(output).toContain('MCP_AUDIT_FILES is not set');
  });
});
