/** OpenTelemetry set up by hand: it ends up inside the bundle, as everything else does. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

export function startTelemetry(service) {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  // Sends what is still waiting. The output of a server belongs to the protocol: a failure goes to stderr.
  process.once('beforeExit', () => provider.shutdown().catch(({ message }) => console.error(message)));
}
