/**
 * Detects MCP traffic that no hook sees: from an SDK that is bundled into the application, or from another implementation.
 * Looks at the first bytes of stdin and the headers of HTTP requests, until MCP has been observed.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** Where the traffic is. */
export type Place = 'stdin' | 'HTTP';

/**
 * Calls back at most once.
 *
 * @param isSeen whether MCP has been observed in this process
 */
export function onUnobserved(process: NodeJS.Process, isSeen: () => boolean, found: (where: Place) => void): void {
  let done = false;
  const look = (where: Place) => {
    // Hooks have attached by the time that the first message has been handled.
    setImmediate(() => {
      if (done || isSeen()) return;
      done = true;
      found(where);
    });
  };
  watchInput(process, () => look('stdin'));
  watchHttp(isSeen, () => look('HTTP'));
}

/** Reading `process.stdin` opens it, which is left to the application. */
function watchInput(process: NodeJS.Process, onMcp: () => void): void {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'stdin');
  const { get } = descriptor ?? {};
  if (descriptor?.configurable !== true || get === undefined) return;
  Object.defineProperty(process, 'stdin', {
    ...descriptor,
    get() {
      Object.defineProperty(process, 'stdin', descriptor);
      const stdin = get.call(process) as Readable;
      peek(stdin, onMcp);
      return stdin;
    },
  });
}

const MAX_PEEKED = 4096;
/** The first message of a client. */
const BEGINNING = /^\s*\{(?=.*"jsonrpc"\s*:\s*"2\.0").*"method"\s*:\s*"(?:initialize|server\/discover)"/s;

/** Looks at the first bytes that come in. */
function peek(stdin: Readable, onMcp: () => void): void {
  let peeked = '';
  const push = stdin.push;
  const own = function (this: Readable, chunk: unknown, encoding?: BufferEncoding): boolean {
    if (look(chunk) && stdin.push === own) Reflect.deleteProperty(stdin, 'push');
    return push.call(this, chunk, encoding);
  };
  /** Returns whether enough has been read. */
  const look = (chunk: unknown): boolean => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return true;
    const length = MAX_PEEKED - peeked.length;
    peeked +=
      typeof chunk === 'string' ? chunk.slice(0, length) : Buffer.from(chunk.subarray(0, length)).toString('latin1');
    if (BEGINNING.test(peeked)) onMcp();
    else if (!peeked.includes('\n') && peeked.length < MAX_PEEKED) return false;
    return true;
  };
  stdin.push = own;
}

const RESPONSE_FINISH = 'http.server.response.finish';
const HEADERS = ['mcp-protocol-version', 'mcp-session-id'] as const;

/** @see https://nodejs.org/api/diagnostics_channel.html#http */
function watchHttp(isSeen: () => boolean, onMcp: () => void): void {
  const finished = (message: unknown) => {
    if (isSeen()) return void unsubscribe(RESPONSE_FINISH, finished);
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const isAnswered = response.statusCode >= 200 && response.statusCode < 300;
    if (isAnswered && HEADERS.some((name) => request.headers[name] !== undefined)) onMcp();
  };
  subscribe(RESPONSE_FINISH, finished);
}
