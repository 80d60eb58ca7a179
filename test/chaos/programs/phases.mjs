/**
 * Calls a tool as often as the first argument says, then has nothing left to do, which ends the trail with a checkpoint;
 * goes on with the same trail, and calls as often as the second argument says.
 */
import { connect } from './in-memory.mjs';

const [first = 0, second = 0] = process.argv.slice(2).map(Number);
const call = await connect('echo');

process.once('beforeExit', async () => {
  for (let count = 0; count < second; count++) await call();
});
for (let count = 0; count < first; count++) await call();
