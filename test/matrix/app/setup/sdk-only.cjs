const { NodeSDK } = require('@opentelemetry/sdk-node');
const { flushOnExit } = require('./flush-on-exit.cjs');

const sdk = new NodeSDK();
sdk.start();
flushOnExit(() => sdk.shutdown());
