const { NodeSDK } = require('@opentelemetry/sdk-node');
const { McpInstrumentation } = require('mcp-trail');
const { flushOnExit } = require('./flush-on-exit.cjs');

const instrumentation = new McpInstrumentation();
const sdk = new NodeSDK({ instrumentations: [instrumentation] });
sdk.start();
flushOnExit(() => {
  instrumentation.disable();
  return sdk.shutdown();
});
