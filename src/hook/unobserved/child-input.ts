/** Looks at the first lines that the application writes to each child process. */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guarded } from '../../report/guarded.js';
import type { Undo } from '../replace-methods.js';
import type { Detector } from './detector.js';
import { watchCalls } from './watch-calls.js';

const CHANNEL = 'child_process';
const SITE = 'watching child processes';

export function watchChildren(detector: Detector): Undo {
  const created = (message: unknown) =>
    guarded(SITE, () => {
      const { process: child } = message as { process: ChildProcess };
      onStdin(child, (stdin) => guarded(SITE, () => watch(stdin, detector)));
    });
  subscribe(CHANNEL, created);
  return () => unsubscribe(CHANNEL, created);
}

/** The channel announces a child that has no streams yet: they are assigned while it is spawned. */
function onStdin(child: ChildProcess, assigned: (stdin: unknown) => void): void {
  if (child.stdin !== undefined) {
    assigned(child.stdin);
    return;
  }
  Object.defineProperty(child, 'stdin', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set(value: unknown) {
      Object.defineProperty(child, 'stdin', { value, configurable: true, enumerable: true, writable: true });
      assigned(value);
    },
  });
}

function watch(stdin: unknown, detector: Detector): void {
  if (typeof stdin !== 'object' || stdin === null) return;
  const look = detector.inspectLines('child', (request) => detector.leaves('child', request));
  if (look !== undefined) watchCalls(stdin, ['write', 'end'], look);
}
