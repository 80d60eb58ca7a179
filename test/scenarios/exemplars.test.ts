/** Measurements are made in the context of what they measure, so that exemplars have the right span. */
import { type Context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectNothingOpen, scenarioTelemetry } from '../support/endings.js';
import { FLAVOURS, text } from '../support/flavours.js';
import { idOf } from '../support/spans.js';
import { until } from '../support/telemetry.js';

const telemetry = scenarioTelemetry();

/** The span that was active at each measurement, by instrument. */
let measuredIn: { metric: string; spanId: string | undefined }[] = [];

beforeEach(() => {
  measuredIn = [];
  metrics.disable();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
  });
  const watch = (instrumentName: string) => ({
    instrumentName,
    attributesProcessors: [
      {
        process(attributes: object, context?: Context) {
          const spanId = context && trace.getSpanContext(context)?.spanId;
          measuredIn.push({ metric: instrumentName, spanId });
          return attributes as never;
        },
      },
    ],
  });
  const names = ['mcp.client.operation.duration', 'mcp.server.operation.duration'];
  const all = [...names, 'mcp.client.session.duration', 'mcp.server.session.duration', 'mcp_trail.operations.evicted'];
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader], views: all.map(watch) }));
});

function measured(metric: string): (string | undefined)[] {
  return measuredIn.filter((each) => each.metric === metric).map(({ spanId }) => spanId);
}

function ids(spans: readonly ReadableSpan[]): (string | undefined)[] {
  return spans.map(idOf);
}

describe.each(FLAVOURS)('on $name', (flavour) => {
  it('the duration of an operation is recorded in the context of its span', async () => {
    const pair = await flavour.pair({
      tools: [{ name: 'echo', handler: () => text('hi') }],
    });
    telemetry.reset();
    measuredIn = [];
    await pair.client.callTool({ name: 'echo', arguments: {} });
    await pair.client.callTool({ name: 'nowhere', arguments: {} }).catch(() => {});
    await expectNothingOpen(telemetry);
    for (const side of ['client', 'server'] as const) {
      const calls = [...telemetry.all(side, 'tools/call echo'), ...telemetry.all(side, 'tools/call nowhere')];
      expect(calls).toHaveLength(2);
      expect(measured(`mcp.${side}.operation.duration`)).toEqual(ids(calls));
    }
    await pair.close();
  });

  it('an evicted operation is counted in the context of its span', async () => {
    const pair = await flavour.pair({
      config: { maxPendingOperations: 1 },
      instrument: 'client',
      tools: [
        {
          name: 'slow',
          handler: (_args, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)),
        },
      ],
    });
    measuredIn = [];
    const abort = new AbortController();
    const calls = [1, 2].map(() =>
      pair.client.callTool({ name: 'slow', arguments: {} }, ...(flavour.sdk === 'v1' ? [undefined] : []), {
        signal: abort.signal,
      }),
    );
    await until(() => measured('mcp_trail.operations.evicted').length > 0, 'a call to be given up');
    const [evicted] = measured('mcp_trail.operations.evicted');
    expect(evicted).toBe(idOf(telemetry.span('client', 'tools/call slow')));
    abort.abort();
    await Promise.allSettled(calls);
    await pair.close();
  });
});

it.each(FLAVOURS.filter(({ protocolVersion }) => protocolVersion !== '2026-07-28'))(
  'the duration of a session is recorded in the context of the request that began it, on $name',
  async (flavour) => {
    const pair = await flavour.pair();
    await expectNothingOpen(telemetry);
    const begun = {
      client: telemetry.span('client', 'initialize'),
      server: telemetry.span('server', 'initialize'),
    };
    await pair.close();
    for (const side of ['client', 'server'] as const) {
      expect(measured(`mcp.${side}.session.duration`)).toEqual([idOf(begun[side])]);
    }
  },
);
