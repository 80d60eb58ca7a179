import { PROGRAMS, type ProgramName, programs } from '../../collector-config/stack/programs.mjs';
import { buildBroker } from './support/broker.js';
import { installS3 } from './support/s3.js';

/** Before the first test: minutes of building are no part of any test's time. */
export default async function buildPrograms() {
  await programs(Object.keys(PROGRAMS) as ProgramName[], console.log);
  await buildBroker();
  await installS3();
}
