/**
 * The moment at which the head of an HTTP response has been made and no byte of it has been sent. Node.js keeps the head
 * until the first piece of the body, and every way of making it goes through `writeHead`.
 *
 * @see https://nodejs.org/api/http.html#responsewriteheadstatuscode-statusmessage-headers
 */
import type { ServerResponse } from 'node:http';
import { reportFailure } from '../../report/report.js';
import { replaceMethod } from '../replace-methods.js';

/** Called with true if the head was made, with false if the response closed without one. */
export type HeadListener = (made: boolean) => void;

/** The callbacks that wait for the head of a response. */
interface HeadWait {
  readonly listeners: Set<HeadListener>;
  seesClose: boolean;
}

const waits = new WeakMap<ServerResponse, HeadWait>();

/**
 * Calls back once, at that moment or, if `orClosed` is set, when the response closes without it. Returns false, and does
 * not call back, if the head has been made already or the response has closed.
 */
export function onHead(response: ServerResponse, listener: HeadListener, orClosed: boolean): boolean {
  if (response.headersSent || response.destroyed || response.closed) return false;
  const wait = waits.get(response) ?? waitForHead(response);
  wait.listeners.add(listener);
  if (orClosed && !wait.seesClose) {
    wait.seesClose = true;
    response.once('close', () => notify(wait, response.headersSent));
  }
  return true;
}

function waitForHead(response: ServerResponse): HeadWait {
  const wait: HeadWait = { listeners: new Set(), seesClose: false };
  waits.set(response, wait);
  replaceMethod(
    response,
    'writeHead',
    (writeHead) =>
      function (this: unknown, ...args: unknown[]) {
        // An invalid head throws. The application handles that, and makes another head.
        const result = writeHead.apply(this, args);
        notify(wait, true);
        return result;
      },
  );
  return wait;
}

/** Runs within the application's call: it must not throw. */
function notify({ listeners }: HeadWait, made: boolean): void {
  for (const listener of listeners) {
    listeners.delete(listener);
    try {
      listener(made);
    } catch (error) {
      reportFailure('recording before an HTTP response', error);
    }
  }
}
