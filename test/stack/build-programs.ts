import { PROGRAMS, type ProgramName, programs } from '../../collector-config/stack/programs.mjs';
import { buildBroker } from './support/broker.js';
import { installChromium } from './support/chromium.js';
import { installS3 } from './support/s3.js';

/** Builds the programs before the first test, so that no test's timeout includes minutes of building. */
export default async function buildPrograms() {
  await programs(Object.keys(PROGRAMS) as ProgramName[], console.log);
  await buildBroker();
  await installS3();
  await installChromium();
}
