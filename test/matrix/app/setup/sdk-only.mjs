import { NodeSDK } from '@opentelemetry/sdk-node';
import { flushOnExit } from './flush-on-exit.cjs';

const sdk = new NodeSDK();
sdk.start();
flushOnExit(() => sdk.shutdown());
