/** A typical manual OpenTelemetry set-up; only the lines with McpInstrumentation are new. */
import { register } from 'node:module';
import { logs } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { McpInstrumentation } from 'mcp-trail';

// OpenTelemetry's loader hook instruments Express on import; MCP SDKs do not need it.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const resource = defaultResource().merge(resourceFromAttributes({ 'service.name': process.env.SERVICE_NAME }));
const tracing = new NodeTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const logging = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
tracing.register();
logs.setGlobalLoggerProvider(logging);

// Audit records use the application's log exporter.
const mcp = new McpInstrumentation({ audit: true });
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), mcp] });

const shutdown = () => {
  mcp.disable(); // First, so that the last audit records are still exported.
  return Promise.allSettled([tracing.shutdown(), logging.shutdown()]);
};
process.once('beforeExit', shutdown);
process.once('SIGTERM', () => shutdown().then(() => process.exit(0)));
