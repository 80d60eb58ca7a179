/** Output that is open after its command has ended. */
import type { Readable, Writable } from 'node:stream';
import { runLater, type Stop } from '../lib/timers.js';

/** How long output may be silent after the command has ended. */
const QUIET_MS = 250;

/** Ends the output of a command that has ended: it may have left it to another process, which keeps it open. */
export function endWhenQuiet(output: Readable, to: Writable): void {
  let stop = () => {};
  const wait = () => {
    stop();
    stop = runLater(QUIET_MS, () => {
      if (to.writableNeedDrain) wait();
      // What has come while this process was not run, or while the host took nothing, is read first.
      else stop = afterReading(() => output.destroy());
    });
  };
  wait();
  output.on('data', wait);
  output.once('close', () => stop());
}

/** Runs something once what can be read has been read. */
function afterReading(run: () => void): Stop {
  let next = setImmediate(() => {
    next = setImmediate(run);
  });
  return () => clearImmediate(next);
}
