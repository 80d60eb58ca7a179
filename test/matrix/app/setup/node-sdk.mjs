import { NodeSDK } from '@opentelemetry/sdk-node';
import { McpInstrumentation } from 'mcp-trail';
import { flushOnExit } from './flush-on-exit.cjs';

const instrumentation = new McpInstrumentation();
const sdk = new NodeSDK({ instrumentations: [instrumentation] });
sdk.start();
flushOnExit(() => {
  instrumentation.disable();
  return sdk.shutdown();
});
