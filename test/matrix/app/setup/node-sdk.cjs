const { NodeSDK } = require('@opentelemetry/sdk-node');
const { McpInstrumentation } = require('mcp-trail');
const { flushOnExit } = require('./flush-on-exit.cjs');

const sdk = new NodeSDK({ instrumentations: [new McpInstrumentation()] });
sdk.start();
flushOnExit(() => sdk.shutdown());
