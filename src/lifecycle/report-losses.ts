/** Lost exports are reported when nothing more can be sent: after the delivery at exit if there is one, else on `exit`. */
import { tellLosses, whenLossesArePossible } from '../emit/lost-exports.js';

let arranged = false;
let takenOver = false;

/** Reports losses on `exit`, unless the delivery at exit does. Idempotent. */
export function reportLossesAtExit(): void {
  if (arranged) return;
  arranged = true;
  whenLossesArePossible(() => {
    if (!takenOver) process.once('exit', tellLosses);
  });
}

/** Leaves the report to the caller, who delivers more at exit. Returns the function that reports. */
export function takeOverLosses(): () => void {
  takenOver = true;
  process.removeListener('exit', tellLosses);
  return tellLosses;
}
