/** Gives the instrumentation a provider of the tracing SDK in its argument. */
import { McpInstrumentation } from 'mcp-trail';

const { NodeTracerProvider, TracerProvider } = await import(process.argv[2]);
const Provider = NodeTracerProvider ?? TracerProvider;

const instrumentation = new McpInstrumentation();
instrumentation.setTracerProvider(new Provider());
instrumentation.disable();
