/** A manual OpenTelemetry set-up, which is bundled like everything else. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

export function startTelemetry(service) {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  // Flush on exit. Report failures on stderr, because stdout of a server belongs to the protocol.
  process.once('beforeExit', () => provider.shutdown().catch(({ message }) => console.error(message)));
}
