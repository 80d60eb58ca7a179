import { describeGoldens } from './suite.js';
import { TRANSPORTS } from './transports.js';

describeGoldens(TRANSPORTS.inMemory);
