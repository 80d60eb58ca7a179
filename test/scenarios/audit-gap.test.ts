/** A trail that could not be written for a while records the gap: real files, and real system errors. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { FLAVOURS, type Pair, text } from '../support/flavours.js';
import { until } from '../support/telemetry.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-gap-'));
let files = 0;
let stderr: string[] = [];

beforeEach(() => {
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    stderr.push(String(line));
    return true;
  });
  return () => vi.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true }));

function newFile(): string {
  files += 1;
  return join(folder, `${files}`, 'secret-name.jsonl');
}

function recordsIn(file: string): AuditRecord[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expectChained(lines);
  return lines.map(parse);
}

const gapsIn = (file: string) => recordsIn(file).filter(({ event_name }) => event_name === 'mcp_audit.gap');

/** A server alone is instrumented: each call has two records. */
function connect(file: string, delivery: readonly string[] = ['file']): Promise<Pair> {
  const config = { audit: { delivery, file } } as never;
  const flavour = FLAVOURS[0] as (typeof FLAVOURS)[number];
  return flavour.pair({ config, instrument: 'server', tools: [{ name: 'fine', handler: () => text('ok') }] });
}

const call = ({ client }: Pair) => client.callTool({ name: 'fine', arguments: {} });

interface Failure {
  readonly what: string;
  readonly cause: string;
  readonly breakIt: (file: string) => void;
  readonly mend: (file: string) => void;
}

const FAILURES: readonly Failure[] = [
  {
    what: 'a folder is in its place',
    cause: 'EISDIR',
    breakIt(file) {
      renameSync(file, `${file}.kept`);
      mkdirSync(file);
    },
    mend(file) {
      rmdirSync(file);
      renameSync(`${file}.kept`, file);
    },
  },
  {
    what: 'its folder is gone, and a file is in the place of that',
    cause: 'ENOTDIR',
    breakIt(file) {
      renameSync(dirname(file), `${dirname(file)}.kept`);
      writeFileSync(dirname(file), '');
    },
    mend(file) {
      unlinkSync(dirname(file));
      renameSync(`${dirname(file)}.kept`, dirname(file));
    },
  },
  {
    what: 'a symbolic link is in its place',
    cause: 'ELOOP',
    breakIt(file) {
      renameSync(file, `${file}.kept`);
      symlinkSync(`${file}.kept`, file);
    },
    mend(file) {
      unlinkSync(file);
      renameSync(`${file}.kept`, file);
    },
  },
];

describe.each(FAILURES)('a file that cannot be written because $what', ({ cause, breakIt, mend }) => {
  it('does not affect calls, and later has a record of the gap: how many, since when, and why', async () => {
    const file = newFile();
    const pair = await connect(file);
    await call(pair);
    const before = recordsIn(file).length;
    breakIt(file);
    for (let lost = 0; lost < 3; lost++) expect((await call(pair)).content).toEqual(text('ok').content);
    mend(file);
    await call(pair);
    await pair.close();
    const [gap, ...more] = gapsIn(file);
    expect(more).toEqual([]);
    expect(gap).toMatchObject({
      severity_text: 'ERROR',
      'audit.outcome': 'failure',
      'audit.actor.id': 'mcp-trail',
      'audit.target.id': 'audit',
      'mcp_audit.gap.sink': 'file',
      'mcp_audit.gap.records': 6,
      'mcp_audit.gap.causes': [cause],
    });
    const { time = '', 'mcp_audit.gap.since': since = '', 'mcp_audit.gap.until': last = '' } = gap as AuditRecord;
    expect([since <= last, last <= time]).toEqual([true, true]);
    // Right at the gap: only the record that showed that writing works again comes before it.
    expect(recordsIn(file).indexOf(gap as AuditRecord)).toBeLessThanOrEqual(before + 1);
    expect(JSON.stringify(gap)).not.toContain('secret-name');
    expect(stderr.filter((line) => line.includes('audit records are lost'))).toHaveLength(1);
  });

  it('has it soon after it can be written again, even if nothing else happens', async () => {
    const file = newFile();
    const pair = await connect(file);
    await call(pair);
    breakIt(file);
    await call(pair);
    mend(file);
    await until(() => gapsIn(file).length === 1, 'the record of the gap');
    expect(gapsIn(file)[0]).toMatchObject({ 'mcp_audit.gap.records': 2, 'mcp_audit.gap.causes': [cause] });
    await pair.close();
  });

  it('has one for each gap', async () => {
    const file = newFile();
    const pair = await connect(file);
    for (let time = 1; time <= 2; time++) {
      await call(pair);
      breakIt(file);
      for (let lost = 0; lost < time; lost++) await call(pair);
      mend(file);
    }
    await call(pair);
    await pair.close();
    expect(gapsIn(file).map((gap) => gap['mcp_audit.gap.records'])).toEqual([2, 4]);
  });
});

describe('records that are lost', () => {
  it('are counted by delivery and cause', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    const pair = await connect('/dev/full', ['file', 'otel']);
    await call(pair);
    await pair.close();
    await reader.forceFlush();
    const [lost] = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === 'mcp_trail.audit.records.lost');
    metrics.disable();
    await reader.shutdown();
    expect(lost?.descriptor).toMatchObject({ unit: '{record}' });
    const counted = lost?.dataPoints.map(({ attributes, value }) => [attributes, Number(value) > 2]);
    expect(counted).toEqual([
      [{ 'mcp_trail.audit.sink': 'file', 'error.type': 'ENOSPC' }, true],
      [{ 'mcp_trail.audit.sink': 'otel', 'error.type': 'not_accepted' }, true],
    ]);
  });
});
