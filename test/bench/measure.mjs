/**
 * One round of one variant, in a separate process: `node --expose-gc measure.mjs SDK VARIANT CALLS WARMUP`.
 * Prints one line of JSON.
 */
import { AssertionError } from 'node:assert';
import { prepare } from './subject.mjs';

const [sdk, variant, calls, warmup] = [
  process.argv[2],
  process.argv[3],
  Number(process.argv[4]),
  Number(process.argv[5]),
];

try {
  const subject = await prepare(sdk, variant);
  await subject.call(warmup);
  globalThis.gc?.();
  const cpuAtStart = process.cpuUsage();
  const start = performance.now();
  await subject.call(calls);
  const wall = ((performance.now() - start) * 1000) / calls;
  const { user, system } = process.cpuUsage(cpuAtStart);
  const cpu = (user + system) / calls;
  await subject.verify(warmup + calls);
  await subject.close();
  console.log(JSON.stringify({ sdk, variant, calls, warmup, microseconds: { wall, cpu } }));
} catch (error) {
  console.error(error instanceof AssertionError ? error.message : error);
  process.exit(1);
}
