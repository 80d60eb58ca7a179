const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { McpInstrumentation } = require('mcp-trail');
const { flushOnExit } = require('./flush-on-exit.cjs');
const { startProviders } = require('./providers.cjs');

const providers = startProviders();
const instrumentation = new McpInstrumentation();
registerInstrumentations({ instrumentations: [instrumentation] });
flushOnExit(() => {
  instrumentation.disable();
  return providers.shutdown();
});
