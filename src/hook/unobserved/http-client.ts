/**
 * Looks at the bodies of HTTP requests as they leave: those of `node:http` and `node:https` as the application writes them,
 * those of `fetch` and undici as undici does.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type * as Http from 'node:http';
import { guarded } from '../../report/guarded.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import type { Detector, Look } from './detector.js';
import { marksOf } from './http-marks.js';
import { loadedModule } from './loaded-module.js';

const SITE = 'watching HTTP clients';
/** Published before a request writes its body, and afterwards where Node.js does not have the first, or over TLS. */
const BEGINNINGS = ['http.client.request.created', 'net.client.socket', 'http.client.request.start'] as const;
const enough: Look = () => true;

export function watchHttpClients(detector: Detector): Undo {
  let undos: Undo[] | undefined;
  const hook = () => {
    const http = loadedModule<typeof Http>('http');
    if (http === undefined || undos !== undefined) return;
    undos = watchRequests(http.ClientRequest.prototype, detector);
    stopWaiting();
  };
  // A process that connects has loaded what it connects with.
  const onBeginning = () => void guarded(SITE, hook);
  const stopWaiting = () => {
    for (const channel of BEGINNINGS) unsubscribe(channel, onBeginning);
  };
  for (const channel of BEGINNINGS) subscribe(channel, onBeginning);
  hook();
  return () => {
    stopWaiting();
    for (const undo of undos ?? []) undo();
    undos = [];
  };
}

function watchRequests(prototype: object, detector: Detector): Undo[] {
  const looks = new WeakMap<object, Look>();
  const see = (request: Http.ClientRequest, chunk: unknown) => {
    if (chunk === undefined || chunk === null || typeof chunk === 'function') return;
    let look = looks.get(request);
    if (look === undefined) {
      look = guarded(SITE, () => lookAt(request, detector)) ?? enough;
      looks.set(request, look);
    }
    look(chunk);
  };
  return ['write', 'end'].map((method) =>
    replaceMethod(
      prototype,
      method,
      (original) =>
        function (this: Http.ClientRequest, ...args: unknown[]) {
          if (this.method === 'POST') see(this, args[0]);
          return original.apply(this, args);
        },
    ),
  );
}

function lookAt(request: Http.ClientRequest, detector: Detector): Look | undefined {
  // Headers given as a flat list are text from the start.
  const { _header: head } = request as { _header?: unknown };
  const header = typeof head === 'string' ? headersOf(head) : (name: string) => request.getHeader(name);
  const marks = marksOf(request.method, header);
  if (marks === undefined) return undefined;
  return detector.inspect('http.client', marks, (scanned) => detector.leaves('http.client', scanned));
}

const UNDICI_REQUEST = 'undici:request:create';
/** More headers than requests have. */
const MAX_HEADERS = 128;

/** A request of undici: `headers` is a list of names and values, or a text in older versions. */
interface UndiciRequest {
  readonly method?: unknown;
  readonly headers?: unknown;
  body?: unknown;
}

export function watchUndici(detector: Detector): Undo {
  const created = (message: unknown) =>
    guarded(SITE, () => {
      const { request } = message as { request: UndiciRequest };
      if (request.method !== 'POST') return;
      const marks = marksOf(request.method, headersOf(request.headers));
      if (marks === undefined) return;
      const look = detector.inspect('http.client', marks, (scanned) => detector.leaves('http.client', scanned));
      if (look !== undefined) watchBody(request, look);
    });
  subscribe(UNDICI_REQUEST, created);
  return () => unsubscribe(UNDICI_REQUEST, created);
}

function headersOf(headers: unknown): (name: string) => unknown {
  const list: readonly unknown[] = Array.isArray(headers)
    ? headers
    : String(headers)
        .split('\r\n', MAX_HEADERS)
        .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const read = new Map<string, unknown>();
  for (let at = 0; at + 1 < Math.min(list.length, 2 * MAX_HEADERS); at += 2) {
    read.set(String(list[at]).toLowerCase(), list[at + 1]);
  }
  return (name) => read.get(name);
}

function watchBody(request: UndiciRequest, look: Look): void {
  const { body } = request;
  if (typeof body === 'string' || body instanceof Uint8Array) look(body);
  // The body of `fetch` is a generator that undici has made.
  else if (isGenerator(body)) request.body = watchChunks(body, look);
}

function isGenerator(body: unknown): body is AsyncGenerator {
  const { next, pipe, [Symbol.asyncIterator]: iterator } = (body ?? {}) as Partial<AsyncGenerator> & { pipe?: unknown };
  return typeof next === 'function' && typeof iterator === 'function' && pipe === undefined;
}

/** The part of a generator that undici uses. */
type Chunks = Pick<AsyncGenerator, 'next' | 'return' | 'throw'> & { [Symbol.asyncIterator](): Chunks };

/** The same promises as the generator's own. */
function watchChunks(body: AsyncGenerator, look: Look): Chunks {
  let enoughSeen = false;
  const next = (...args: [] | [unknown]) => {
    const promise = body.next(...args);
    if (!enoughSeen)
      promise.then(
        ({ value }) => {
          enoughSeen ||= look(value);
        },
        () => {},
      );
    return promise;
  };
  return {
    next,
    return: (value) => body.return(value),
    throw: (error) => body.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
