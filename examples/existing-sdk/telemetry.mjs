/** OpenTelemetry as many applications have it already, set up by hand; the lines with McpInstrumentation are all that is new. */
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

// Express is instrumented by OpenTelemetry's own loader hook when it is imported; MCP SDKs are not in need of it.
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

// Audit records go where the application's log records go.
const mcp = new McpInstrumentation({ audit: true });
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation(), mcp] });

const shutdown = () => {
  mcp.disable(); // The trail ends while somebody still takes its last records.
  return Promise.allSettled([tracing.shutdown(), logging.shutdown()]);
};
process.once('beforeExit', shutdown);
process.once('SIGTERM', () => shutdown().then(() => process.exit(0)));
