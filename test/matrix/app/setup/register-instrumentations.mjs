import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { McpInstrumentation } from 'mcp-trail';
import { flushOnExit } from './flush-on-exit.cjs';
import { startProviders } from './providers.cjs';

const providers = startProviders();
registerInstrumentations({ instrumentations: [new McpInstrumentation()] });
flushOnExit(providers.shutdown);
