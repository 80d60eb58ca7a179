/** Sinks of the application's own, with real clients and servers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditSink } from '../../src/audit-types.js';
import { recordConfigChange } from '../../src/record.js';
import type { AuditRecord } from '../../src/semconv/audit-record.js';
import type { McpInstrumentationConfig } from '../../src/types.js';
import { parse } from '../support/audit.js';
import { expectChained } from '../support/chain.js';
import { FLAVOURS, type Flavour, type Pair, text } from '../support/flavours.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-sinks-'));
afterAll(() => rmSync(folder, { recursive: true }));

let stderr: string[];
beforeEach(() => {
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

/** Keeps everything. */
class Memory implements AuditSink {
  readonly name: string = 'memory';
  readonly texts: string[] = [];
  closed = 0;

  accept(_: AuditRecord, record: string): unknown {
    this.texts.push(record);
    return true;
  }

  close(): void {
    this.closed += 1;
  }

  get records(): AuditRecord[] {
    expectChained(this.texts);
    return this.texts.map(parse);
  }

  get story(): string[] {
    return this.records.map((each) =>
      [each.event_name.slice(10), each['mcp_audit.side'], each['mcp.method.name']].filter(Boolean).join(' '),
    );
  }
}

const V1 = FLAVOURS[0] as Flavour;

function connect(audit: McpInstrumentationConfig['audit'], flavour = V1): Promise<Pair> {
  return flavour.pair({
    config: { audit } as McpInstrumentationConfig,
    instrument: 'both',
    tools: [{ name: 'fine', handler: () => text('ok') }],
  });
}

/** Ends the trail, too. */
async function end(...pairs: Pair[]): Promise<void> {
  for (const pair of pairs) {
    await pair.close();
    for (const handle of pair.handles) handle.disable();
  }
}

const call = ({ client }: Pair) => client.callTool({ name: 'fine', arguments: {} });

describe.each(FLAVOURS)('with SDK $name, a sink', (flavour) => {
  it('alone gets every record, and nothing is said or written elsewhere', async () => {
    const sink = new Memory();
    const pair = await connect({ sinks: [sink] }, flavour);
    await call(pair);
    await end(pair);
    expect(sink.story.filter((line) => line.endsWith('tools/call'))).toEqual([
      'request client tools/call',
      'request server tools/call',
      'response server tools/call',
      'response client tools/call',
    ]);
    expect(sink.story[0]).toBe('started');
    expect(stderr).toEqual([]);
  });

  it('may make MCP calls of its own, which are not recorded', async () => {
    let calls: Promise<unknown>[] = [];
    let forward = () => {};
    const sink = new Memory();
    const forwarding: AuditSink = {
      name: 'forwarding',
      async accept() {
        forward();
        await calls.at(-1);
        forward();
      },
    };
    // The same trail for all, and no end to the calls if they had records.
    const audit = { sinks: [forwarding, sink] };
    const [pair, other] = [await connect(audit, flavour), await connect(audit, flavour)];
    forward = () => {
      if (calls.length < 100) calls = [...calls, call(other)];
    };
    const before = sink.texts.length;
    await call(pair);
    while (calls.length < 8) await calls.at(-1);
    await Promise.all(calls);
    expect(sink.texts.length - before).toBe(4);
    forward = () => {};
    await end(pair, other);
  });
});

describe('a sink', () => {
  it('that records events of its own is not in its own way', async () => {
    const sink = new Memory();
    const busy: AuditSink = {
      accept() {
        recordConfigChange({ item: 'sink' });
        return true;
      },
    };
    const pair = await connect({ sinks: [busy, sink] });
    await call(pair);
    recordConfigChange({ item: 'outside' });
    await end(pair);
    const changes = sink.records.filter(({ event_name }) => event_name === 'mcp_audit.config.changed');
    expect(changes.map((change) => change['audit.target.id'])).toEqual(['outside']);
  });

  it('is closed at the end of the trail', async () => {
    const sink = new Memory();
    const pair = await connect({ sinks: [sink] });
    await call(pair);
    expect(sink.closed).toBe(0);
    await end(pair);
    expect([sink.closed, sink.story.at(-1)]).toEqual([1, 'stopped']);
  });

  it('beside a file has the same chain', async () => {
    const file = join(folder, 'beside.jsonl');
    const sink = new Memory();
    const pair = await connect({ sinks: [sink], delivery: 'file', file });
    await call(pair);
    await end(pair);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toEqual(sink.texts);
  });

  it('is shared by instances with the same options, and other sinks have a chain of their own', async () => {
    const [one, two] = [new Memory(), new Memory()];
    const pairs = await Promise.all([connect({ sinks: [one] }), connect({ sinks: [one] }), connect({ sinks: [two] })]);
    for (const pair of pairs) await call(pair);
    await end(...pairs);
    const chains = (sink: Memory) => new Set(sink.records.map((each) => each['mcp_audit.chain.id']));
    expect([chains(one).size, chains(two).size]).toEqual([1, 1]);
    expect(chains(one)).not.toEqual(chains(two));
    expect(one.story.filter((line) => line === 'request server tools/call')).toHaveLength(2);
    expect(one.closed).toBe(1);
  });

  it('that fails costs no call, and its losses are counted by its name', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    const failing: AuditSink = {
      name: 'failing',
      accept() {
        throw Object.assign(new Error('secret'), { code: 'ENOTCONN' });
      },
      close() {
        throw new Error('secret');
      },
    };
    const sink = new Memory();
    const pair = await connect({ sinks: [failing, sink] });
    expect((await call(pair)).content).toEqual(text('ok').content);
    await end(pair);
    await reader.forceFlush();
    const [lost] = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .filter(({ descriptor }) => descriptor.name === 'mcp_trail.audit.records.lost');
    metrics.disable();
    await reader.shutdown();
    expect(lost?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      { 'mcp_trail.audit.sink': 'failing', 'error.type': 'ENOTCONN' },
    ]);
    // The other has everything, and at its end what the failing one lacks.
    expect(sink.records.filter((each) => 'mcp_audit.gap.sink' in each)).toMatchObject([
      { 'mcp_audit.gap.sink': 'failing', 'mcp_audit.gap.causes': ['ENOTCONN'], 'mcp_audit.gap.first': 1 },
    ]);
    expect(stderr.join()).not.toContain('secret');
  });
});
