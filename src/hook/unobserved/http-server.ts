/**
 * Looks at the bodies of requests to HTTP servers, as they arrive. A request counts if it was answered as MCP is.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as Http2 from 'node:http2';
import { guarded } from '../../report/guarded.js';
import { REQUEST_START } from '../http/current-request.js';
import { replaceMethod, type Undo } from '../replace-methods.js';
import type { Detector, Found, Look } from './detector.js';
import { isMcpAnswer, marksOf } from './http-marks.js';
import { loadedModule } from './loaded-module.js';
import { watchCalls } from './watch-calls.js';

const RESPONSE_FINISH = 'http.server.response.finish';
const SERVER_SOCKET = 'net.server.socket';
const SITE = 'watching HTTP servers';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function watchHttpServers(detector: Detector): Undo {
  const found = new WeakMap<IncomingMessage, Found>();
  const started = (message: unknown) =>
    guarded(SITE, () => {
      const { request, response } = message as Exchange;
      if (request.method !== 'POST') return;
      const marks = marksOf(request.method, (name) => request.headers[name]);
      if (marks === undefined) return;
      const isAnswered = () => response.headersSent && isMcpAnswer(response.statusCode, contentTypeOf(response));
      const look = detector.inspect('http.server', marks, (scanned) => {
        const each = detector.arrives('http.server', scanned, isAnswered);
        found.set(request, each);
        // A response that is cut off never finishes.
        response.once('close', () => ended(each));
      });
      if (look !== undefined) watchCalls(request, ['push'], look);
    });
  const ended = (each: Found) => {
    guarded(SITE, () => detector.ended(each));
  };
  const finished = (message: unknown) => {
    const each = found.get((message as Exchange).request);
    if (each !== undefined) ended(each);
  };
  subscribe(REQUEST_START, started);
  subscribe(RESPONSE_FINISH, finished);
  return () => {
    unsubscribe(REQUEST_START, started);
    unsubscribe(RESPONSE_FINISH, finished);
  };
}

const CONTENT_TYPE = /\r\ncontent-type:([^\r]*)/i;
const MAX_HEAD = 65_536;

/** Headers that are given to `writeHead` alone are in the text that was sent, and nowhere else. */
function contentTypeOf(response: ServerResponse): unknown {
  const { _header: head } = response as { _header?: unknown };
  return typeof head === 'string' ? CONTENT_TYPE.exec(head.slice(0, MAX_HEAD))?.[1] : undefined;
}

/** HTTP/2 servers publish on no channel: their requests have a class, which gets a method while this watches. */
export function watchHttp2Servers(detector: Detector): Undo {
  let undo: Undo | undefined;
  const look = () => {
    const http2 = loadedModule<typeof Http2>('http2');
    if (http2 === undefined || undo !== undefined) return;
    unsubscribe(SERVER_SOCKET, onSocket);
    undo = watchRequests(http2.Http2ServerRequest.prototype, detector);
  };
  // A server that accepts a connection has loaded its module.
  const onSocket = () => void guarded(SITE, look);
  subscribe(SERVER_SOCKET, onSocket);
  return () => {
    unsubscribe(SERVER_SOCKET, onSocket);
    undo?.();
    undo = () => {};
  };
}

function watchRequests(prototype: object, detector: Detector): Undo {
  const looks = new WeakMap<object, Look>();
  const enough: Look = () => true;
  return replaceMethod(
    prototype,
    'push',
    (push) =>
      function (this: Http2.Http2ServerRequest, chunk: unknown, ...rest: unknown[]) {
        if (chunk !== null) {
          let look = looks.get(this);
          if (look === undefined) {
            look = guarded(SITE, () => lookAt(this, detector)) ?? enough;
            looks.set(this, look);
          }
          look(chunk);
        }
        return push.call(this, chunk, ...rest);
      },
  );
}

function lookAt(request: Http2.Http2ServerRequest, detector: Detector): Look | undefined {
  const marks = marksOf(request.method, (name) => request.headers[name]);
  if (marks === undefined) return undefined;
  const { stream } = request;
  return detector.inspect('http.server', marks, (scanned) => {
    const isAnswered = () => isMcpAnswer(stream.sentHeaders?.[':status'], stream.sentHeaders?.['content-type']);
    const found = detector.arrives('http.server', scanned, isAnswered);
    stream.once('close', () => {
      guarded(SITE, () => detector.ended(found));
    });
  });
}
