import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { ExitDelivery } from '../../../src/lifecycle/exit-delivery.js';

function sdkWith(...spanProcessors: SpanProcessor[]): any {
  return {
    _resource: {},
    _tracerProvider: new NodeTracerProvider({ spanProcessors }),
    _loggerProvider: new LoggerProvider({ processors: [] }),
  };
}

const exporting = () => sdkWith(new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 3_600_000 }));

function watch(sdk: object) {
  const warnings: string[] = [];
  const delivery = new ExitDelivery(
    sdk,
    () => ({}),
    (text) => warnings.push(text),
  );
  return { delivery, warnings };
}

const processorOf = (sdk: any) => sdk._tracerProvider._activeSpanProcessor._spanProcessors[0];

describe('delivery at exit', () => {
  it('knows what is pending', () => {
    const sdk = exporting();
    const { delivery, warnings } = watch(sdk);
    expect(delivery.pending).toBe(false);
    sdk._tracerProvider.getTracer('test').startSpan('one').end();
    expect(delivery.pending).toBe(true);
    expect(warnings).toEqual([]);
  });

  it.each<[string, (sdk: any) => void]>([
    ['logger provider', (sdk) => delete sdk._loggerProvider],
    ['log processors', (sdk) => delete sdk._loggerProvider._sharedState.registeredLogRecordProcessors],
    ['tracer provider', (sdk) => delete sdk._tracerProvider],
    ['span processors', (sdk) => delete sdk._tracerProvider._activeSpanProcessor],
    ['exporter', (sdk) => delete processorOf(sdk)._exporter],
    ['serializer', (sdk) => delete processorOf(sdk)._exporter._delegate._serializer],
    ['transport', (sdk) => delete processorOf(sdk)._exporter._delegate._transport],
    ['address', (sdk) => delete processorOf(sdk)._exporter._delegate._transport._transport._parameters.url],
  ])('warns once that it does nothing if the SDK has its %s elsewhere', (_what, remove) => {
    const sdk = exporting();
    const processor = processorOf(sdk);
    remove(sdk);
    const { delivery, warnings } = watch(sdk);
    expect(warnings).toEqual([
      expect.stringMatching(/^this version of @opentelemetry\/sdk-node is not known: .* are lost$/),
    ]);
    processor.onEnd(new NodeTracerProvider().getTracer('test').startSpan('one'));
    expect(delivery.pending).toBe(false);
    expect(Object.keys(processor)).not.toContain('onEnd');
  });

  it.each<[string, object]>([
    ['a signal is off', { _resource: {}, _tracerProvider: undefined, _loggerProvider: undefined }],
    ['spans go to the console', sdkWith(new SimpleSpanProcessor(new ConsoleSpanExporter()))],
  ])('does not warn if %s', (_what, sdk) => {
    expect(watch(sdk).warnings).toEqual([]);
  });
});
