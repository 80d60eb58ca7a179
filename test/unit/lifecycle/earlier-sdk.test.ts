import { metrics, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { keptHere, signalsElsewhere, takenBefore, type WaysOut } from '../../../src/lifecycle/earlier-sdk.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

/** The provider that Sentry registers: it does not show where it sends to. */
class SentryTracerProvider {
  getTracer() {
    return trace.getTracer('none');
  }
}
class MeterProvider {
  getMeter() {
    return metrics.getMeter('none');
  }
}

type Known = ReturnType<WaysOut>;
const ways =
  (traces: Known, measured: Known = undefined): WaysOut =>
  (signal) =>
    signal === 'traces' ? traces : measured;
const NETWORK: Known = ['network'];
const CONSOLE: Known = ['console'];
const OTHER: Known = ['other'];

afterEach(() => {
  trace.disable();
  metrics.disable();
});

describe('if another SDK was registered first', () => {
  it.each([
    ['sends them over the network', NETWORK, ENDPOINT, undefined],
    ['prints them, as it should', CONSOLE, { OTEL_TRACES_EXPORTER: 'otlp, console' }, undefined],
    [
      'prints them, but should not',
      CONSOLE,
      { OTEL_TRACES_EXPORTER: 'otlp' },
      /^spans do not go where OTEL_TRACES_EXPORTER says/,
    ],
    ['has nothing to do with OTEL_*', OTHER, {}, undefined],
    ['is all that is wanted', OTHER, { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    ['sends them another way', OTHER, ENDPOINT, /^spans do not go where OTEL_EXPORTER_OTLP_ENDPOINT says/],
    [
      'shows nothing',
      undefined,
      ENDPOINT,
      /^spans may not go where OTEL_EXPORTER_OTLP_ENDPOINT says.*\(SentryTracerProvider\)/,
    ],
    ['shows nothing, and is asked for nothing', undefined, {}, undefined],
    [
      'has an exporter to replace',
      OTHER,
      { OTEL_TRACES_EXPORTER: 'otlp' },
      /^spans do not go where OTEL_TRACES_EXPORTER says/,
    ],
    ['sends nothing', [], {}, /^spans are lost: .* has no span processor/],
  ])('spans are reported unless the SDK is set up for them: it %s', (_, known, env, text) => {
    trace.setGlobalTracerProvider(new SentryTracerProvider());
    metrics.setGlobalMeterProvider(new MeterProvider());
    const said = signalsElsewhere(env, ways(known));
    if (text === undefined) expect(said).toEqual([]);
    else expect(said).toEqual([expect.stringMatching(text)]);
  });

  it.each([
    ['is absent', false, undefined, {}, /^metrics are lost: .*OTEL_METRICS_EXPORTER=none$/],
    ['is absent, as wanted', false, undefined, { OTEL_METRICS_EXPORTER: 'none' }, undefined],
    ['has no reader', true, [], {}, /^metrics are lost: .* has no reader/],
    ['is read by somebody', true, OTHER, ENDPOINT, undefined],
    [
      'is not what is asked for',
      true,
      OTHER,
      { OTEL_METRICS_EXPORTER: 'otlp' },
      /^metrics do not go where OTEL_METRICS_EXPORTER/,
    ],
    ['sends them over the network', true, NETWORK, { OTEL_METRICS_EXPORTER: 'otlp' }, undefined],
  ])(
    'metrics are reported unless the SDK is set up for them: its MeterProvider %s',
    (_, registered, known, env, text) => {
      trace.setGlobalTracerProvider(new SentryTracerProvider());
      if (registered) metrics.setGlobalMeterProvider(new MeterProvider());
      const said = signalsElsewhere(env, ways(NETWORK, known));
      if (text === undefined) expect(said).toEqual([]);
      else expect(said).toEqual([expect.stringMatching(text)]);
    },
  );
});

it('if another SDK is registered later, the places are named where MCP telemetry still goes', () => {
  expect(keptHere(['http://collector:4318/v1/traces', 'http://collector:4318/v1/logs', 'other:4317'])).toContain(
    'still goes to http://collector:4318, other:4317; MCP_TRAIL_SDK=off',
  );
  expect(keptHere([])).toContain('still goes where OTEL_* says; MCP_TRAIL_SDK=off');
});

it('an earlier provider of one kind is reported by its signal', () => {
  expect(takenBefore('metrics')).toMatch(/^metrics do not go where OTEL_\* says/);
  expect(takenBefore('logs')).toMatch(/^log records do not go/);
  expect(takenBefore('propagation')).toBeUndefined();
});
