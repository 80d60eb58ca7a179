const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { McpInstrumentation } = require('mcp-trail');
const { flushOnExit } = require('./flush-on-exit.cjs');
const { startProviders } = require('./providers.cjs');

const providers = startProviders();
registerInstrumentations({ instrumentations: [new McpInstrumentation()] });
flushOnExit(providers.shutdown);
