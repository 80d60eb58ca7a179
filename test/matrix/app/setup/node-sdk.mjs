import { NodeSDK } from '@opentelemetry/sdk-node';
import { McpInstrumentation } from 'mcp-trail';
import { flushOnExit } from './flush-on-exit.cjs';

const sdk = new NodeSDK({ instrumentations: [new McpInstrumentation()] });
sdk.start();
flushOnExit(() => sdk.shutdown());
