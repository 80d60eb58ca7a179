/**
 * Who sent the HTTP request that brought a message. The SDKs hand servers the headers only; the address comes from
 * Node's HTTP server, by its diagnostics channel. HTTP/2 servers do not publish on it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Peer } from '../emit/describer.js';
import { reportFailure } from '../util/report.js';

const REQUEST_START = 'http.server.request.start';

interface HttpRequest extends Peer {
  /** As sent, for those who trust it. */
  readonly forwarded: string | undefined;
}

const requests = new AsyncLocalStorage<HttpRequest>();
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
    const { request } = message as { request: IncomingMessage };
    const { remoteAddress, remotePort } = request.socket;
    const { forwarded, 'x-forwarded-for': xForwardedFor } = request.headers;
    requests.enterWith({
      address: remoteAddress,
      port: remotePort,
      httpVersion: request.httpVersion,
      forwarded: forwarded ?? (Array.isArray(xForwardedFor) ? xForwardedFor[0] : xForwardedFor),
    });
  } catch (error) {
    reportFailure('reading an HTTP request', error);
  }
}

/** The peer of the HTTP request being handled, if one is. */
export function currentHttpPeer(trustProxy: boolean): Peer | undefined {
  const request = requests.getStore();
  if (request === undefined || !trustProxy || request.forwarded === undefined) return request;
  const address = forwardedAddress(request.forwarded);
  return address === undefined ? request : { address, port: undefined, httpVersion: request.httpVersion };
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
  return isIP(address) === 0 ? undefined : address;
}
