import { PROGRAMS, type ProgramName, programs } from '../../collector-config/stack/programs.mjs';
import { builtBroker } from './support/broker.js';
import { installedS3 } from './support/s3.js';

/** Before the first test: minutes of building are no part of any test's time, and two files would build the same at once. */
export default async function buildPrograms() {
  await programs(Object.keys(PROGRAMS) as ProgramName[], console.log);
  await builtBroker();
  await installedS3();
}
