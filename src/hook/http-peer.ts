/**
 * Who sent the HTTP request that brought a message. The SDKs hand servers the headers only; the rest comes from Node's
 * HTTP server, by its diagnostics channel. HTTP/2 servers do not publish on it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { HttpFacts, Peer } from '../session/peer.js';
import { reportFailure } from '../util/report.js';
import { HttpRequest } from './http-request.js';

export const REQUEST_START = 'http.server.request.start';

/** One per process: what is noted by the application's copy of this package is found by the copy that was preloaded. */
const REQUESTS = Symbol.for('mcp-trail.http-requests');
const shared = globalThis as { [REQUESTS]?: AsyncLocalStorage<HttpRequest | undefined> };
shared[REQUESTS] ??= new AsyncLocalStorage();
const requests = shared[REQUESTS];

let watchers = 0;

/** Starts to note who is calling; returns how to stop. */
export function watchHttpServer(): () => void {
  if (watchers++ === 0) subscribe(REQUEST_START, noteRequest);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    if (--watchers === 0) unsubscribe(REQUEST_START, noteRequest);
  };
}

// What a subscriber throws becomes the application's uncaught exception.
function noteRequest(message: unknown): void {
  try {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    // Another copy of this package has been here.
    if (requests.getStore()?.isOf(request)) return;
    // Also when there is nothing to enter: a connection that is kept alive still has its last request there.
    requests.enterWith(read(request, response));
  } catch (error) {
    reportFailure('reading an HTTP request', error);
  }
}

function read(request: IncomingMessage, response: ServerResponse): HttpRequest | undefined {
  try {
    return new HttpRequest(request, response);
  } catch (error) {
    reportFailure('reading an HTTP request', error);
    return undefined;
  }
}

/** The HTTP request being handled, if one is. */
export function currentHttpRequest(): HttpFacts | undefined {
  return requests.getStore();
}

/** The peer of the HTTP request being handled, if one is. */
export function currentHttpPeer(trustProxy: boolean): Peer | undefined {
  const http = requests.getStore();
  return http === undefined ? undefined : peerOf(http, trustProxy);
}

/** Who sent a request: the other end of the connection or, where a proxy is trusted, whom it names. */
export function peerOf(http: HttpRequest, trustProxy: boolean): Peer {
  const { peerAddress, port, httpVersion } = http;
  const forwarded = trustProxy ? (http.header('forwarded') ?? http.header('x-forwarded-for')) : undefined;
  const address = forwarded === undefined ? undefined : forwardedAddress(forwarded);
  return address === undefined
    ? { address: peerAddress, port, httpVersion, http }
    : { address, port: undefined, httpVersion, http };
}

/** Longest header that is looked at. */
const MAX_FORWARDED_LENGTH = 1024;

/**
 * The first address of an `X-Forwarded-For` list or the first `for=` of a `Forwarded` one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-6
 */
export function forwardedAddress(header: string): string | undefined {
  if (header.length > MAX_FORWARDED_LENGTH) return undefined;
  const first = (header.split(',', 1)[0] as string).trim();
  const node = /(?:^|;)\s*for="?([^";]+)"?/i.exec(first)?.[1] ?? first;
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(node)?.[1] ?? node.replace(/^([\d.]+):\d+$/, '$1');
  // A zone may be any text, and means nothing to anybody else.
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
