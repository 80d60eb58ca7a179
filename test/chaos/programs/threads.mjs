/**
 * The main thread and four workers, each with a server and a client of its own; the first worker is terminated while it
 * makes calls. Prints how many calls of each thread were answered.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { connect } from './in-memory.mjs';

const WORKERS = 4;
/** More than there are in two checkpoints. */
const CALLS = 100;
const CALLS_OF_TERMINATED = 40;

/** Counts what is answered where other threads see it. @param {Int32Array} answered @param {number} thread @param {number} calls */
async function work(answered, thread, calls) {
  const call = await connect(`echo-${thread}`);
  for (let count = 0; count < calls; count++) {
    await call();
    Atomics.add(answered, thread, 1);
    Atomics.notify(answered, thread);
  }
}

if (isMainThread) {
  const answered = new Int32Array(new SharedArrayBuffer(4 * (WORKERS + 1)));
  const workers = Array.from({ length: WORKERS }, (_, index) => {
    const thread = index + 1;
    const calls = thread === 1 ? Number.POSITIVE_INFINITY : CALLS;
    return new Worker(new URL(import.meta.url), { workerData: { answered, thread, calls } });
  });
  const [first, ...others] = workers;
  const ends = others.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  await work(answered, 0, CALLS);
  for (let count = 0; count < CALLS_OF_TERMINATED; count = Atomics.load(answered, 1)) {
    await Atomics.waitAsync(answered, 1, count).value;
  }
  await first?.terminate();
  await Promise.all(ends);
  console.log(JSON.stringify([...answered]));
} else {
  const { answered, thread, calls } = workerData;
  await work(answered, thread, calls);
}
