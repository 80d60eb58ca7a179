import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { McpInstrumentation } from 'mcp-trail';
import { flushOnExit } from './flush-on-exit.cjs';
import { startProviders } from './providers.cjs';

const providers = startProviders();
const instrumentation = new McpInstrumentation();
registerInstrumentations({ instrumentations: [instrumentation] });
flushOnExit(() => {
  instrumentation.disable();
  return providers.shutdown();
});
