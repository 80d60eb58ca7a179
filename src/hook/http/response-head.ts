/**
 * The moment at which the head of an HTTP response is made and nothing of the response has left. Node.js keeps the head
 * until the first piece of the body, and whatever makes it goes through `writeHead`.
 *
 * @see https://nodejs.org/api/http.html#responsewriteheadstatuscode-statusmessage-headers
 */
import type { ServerResponse } from 'node:http';
import { reportFailure } from '../../report/report.js';
import { replaceMethod } from '../replace-methods.js';

/** Told whether the head was made; otherwise the response has closed without one. */
export type HeadListener = (made: boolean) => void;

/** The listeners of a response, each told once, and whether those are told that it closes. */
interface Watch {
  readonly listeners: Set<HeadListener>;
  seesClose: boolean;
}

const watches = new WeakMap<ServerResponse, Watch>();

/**
 * Calls back at that moment or, where that is asked for, when the response closes without it. Returns false, and does not
 * call, where the head is made already or the response has closed.
 */
export function onHead(response: ServerResponse, listener: HeadListener, orClosed: boolean): boolean {
  if (response.headersSent || response.destroyed || response.closed) return false;
  const watch = watches.get(response) ?? watchHead(response);
  watch.listeners.add(listener);
  if (orClosed && !watch.seesClose) {
    watch.seesClose = true;
    response.once('close', () => tell(watch, response.headersSent));
  }
  return true;
}

function watchHead(response: ServerResponse): Watch {
  const watch: Watch = { listeners: new Set(), seesClose: false };
  watches.set(response, watch);
  replaceMethod(
    response,
    'writeHead',
    (writeHead) =>
      function (this: unknown, ...args: unknown[]) {
        // What is thrown for a head that is none is the application's to handle, and another head follows.
        const result = writeHead.apply(this, args);
        tell(watch, true);
        return result;
      },
  );
  return watch;
}

/** In the middle of the application's call: nothing of ours may throw. */
function tell({ listeners }: Watch, made: boolean): void {
  for (const listener of listeners) {
    listeners.delete(listener);
    try {
      listener(made);
    } catch (error) {
      reportFailure('recording before an HTTP response', error);
    }
  }
}
