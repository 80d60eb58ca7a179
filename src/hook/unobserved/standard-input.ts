/** Looks at the first lines that arrive on standard input, if the application reads it. Never opens it, and never reads. */
import type { Readable } from 'node:stream';
import { RUNTIME } from '../../lib/runtime.js';
import { runLater } from '../../lib/timers.js';
import { guarded } from '../../report/guarded.js';
import type { Undo } from '../replace-methods.js';
import type { Detector, Found } from './detector.js';
import { watchCalls } from './watch-calls.js';

/**
 * How long after it was read a request is given to reach a hook: a server may load its SDK meanwhile. At the end of the process
 * there is no need to wait.
 */
const GRACE_MS = 5000;
const MAX_GRACE_MS = 60_000;

/** `process.stdin` is opened by reading the property, which is left to the application. */
export function watchStandardInput(detector: Detector, process: NodeJS.Process): Undo {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'stdin');
  const { get } = descriptor ?? {};
  // Bun opens it when it is asked for the descriptor, and reads nothing yet.
  if (RUNTIME === 'bun') return watch(process.stdin, detector);
  if (descriptor?.configurable !== true || get === undefined) return () => {};
  let stop: Undo = () => {};
  const own = () => {
    restore();
    const stdin = get.call(process) as Readable;
    guarded('watching standard input', () => {
      stop = watch(stdin, detector);
    });
    return stdin;
  };
  const restore = () => {
    if (Object.getOwnPropertyDescriptor(process, 'stdin')?.get === own)
      Object.defineProperty(process, 'stdin', descriptor);
  };
  Object.defineProperty(process, 'stdin', { ...descriptor, get: own });
  return () => {
    restore();
    stop();
  };
}

function watch(stdin: Readable, detector: Detector): Undo {
  const look = detector.inspectLines('stdin', (request) => {
    // What is still in the stream's buffer has not been read.
    const found = detector.arrives('stdin', request, () => stdin.readableLength === 0);
    decideLater(detector, found, GRACE_MS);
  });
  return look === undefined ? () => {} : watchCalls(stdin, ['push'], look);
}

function decideLater(detector: Detector, found: Found, delayMs: number): void {
  runLater(delayMs, () => {
    const decided = guarded('watching standard input', () => detector.decide(found));
    if (decided === false) decideLater(detector, found, Math.min(2 * delayMs, MAX_GRACE_MS));
  });
}
