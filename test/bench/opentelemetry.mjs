/** A typical OpenTelemetry SDK set-up whose exporters discard everything. */
import { metrics } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Counts spans, and keeps them only on request. */
class DiscardingExporter {
  exported = 0;
  /** @type {import('@opentelemetry/sdk-trace-base').ReadableSpan[] | undefined} */
  kept;

  export(spans, done) {
    this.exported += spans.length;
    this.kept?.push(...spans);
    done({ code: ExportResultCode.SUCCESS });
  }

  async forceFlush() {}

  async shutdown() {}
}

/** Collects on request only, never during a timed run. */
class IdleReader extends MetricReader {
  async onForceFlush() {}

  async onShutdown() {}
}

/** Registers both providers, the W3C propagators and the context manager globally. */
export function startOpenTelemetry() {
  const exporter = new DiscardingExporter();
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  tracerProvider.register();
  const reader = new IdleReader();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

  return {
    async countExported() {
      await tracerProvider.forceFlush();
      return exporter.exported;
    },
    /** The spans that end while `work` runs. */
    async spansOf(work) {
      await tracerProvider.forceFlush();
      exporter.kept = [];
      await work();
      await tracerProvider.forceFlush();
      const spans = exporter.kept;
      exporter.kept = undefined;
      return spans;
    },
    async collectMetrics() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
      return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    },
  };
}
