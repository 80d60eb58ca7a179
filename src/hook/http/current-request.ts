/**
 * Who sent the HTTP request that brought a message. The SDKs hand servers the headers only; the rest comes from Node's
 * HTTP server, by its diagnostics channel. HTTP/2 servers do not publish on it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { normalAddress } from '../../protocol/address.js';
import { reportFailure } from '../../report/report.js';
import type { HttpFacts, Peer } from '../../session/peer.js';
import { HttpRequest, mayBeMcp } from './request.js';

export const REQUEST_START = 'http.server.request.start';

/** A request and its response as Node's HTTP server publishes them, and what was made of them. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  [MADE]?: HttpRequest | undefined;
}

/** One per process: what is noted by the application's copy of this package is found by the copy that was preloaded. */
const REQUESTS = Symbol.for('mcp-trail.http-requests');
const MADE = Symbol.for('mcp-trail.http-request');
const shared = globalThis as { [REQUESTS]?: AsyncLocalStorage<Exchange> };
shared[REQUESTS] ??= new AsyncLocalStorage();
const requests = shared[REQUESTS];

let noting = false;
/** Who wants to know of every request, while its connection stands. */
let watchers = 0;

/**
 * Remembers requests of MCP clients before anything is instrumented: a server that is made for a request, and
 * instrumented there, begins after it. No other request pays for the asynchronous context.
 */
export function noteHttpRequests(): void {
  if (noting) return;
  noting = true;
  subscribe(REQUEST_START, noteRequest);
}

/** Starts to look closer at who is calling; returns how to stop. */
export function watchHttpServer(): () => void {
  noteHttpRequests();
  watchers++;
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    watchers--;
  };
}

// What a subscriber throws becomes the application's uncaught exception.
function noteRequest(message: unknown): void {
  try {
    const exchange = message as Exchange;
    // Another copy of this package has been here.
    const { request: noted } = requests.getStore() ?? {};
    if (noted === exchange.request) return;
    // Where one is noted, a connection that is kept alive still has its last request there.
    if (noted === undefined && watchers === 0 && !mayBeMcp(exchange.request)) return;
    requests.enterWith(exchange);
    if (watchers > 0) requestOf(exchange);
  } catch (error) {
    reportFailure('reading an HTTP request', error);
  }
}

function requestOf(exchange: Exchange): HttpRequest | undefined {
  if (!(MADE in exchange)) exchange[MADE] = read(exchange);
  return exchange[MADE];
}

function read({ request, response }: Exchange): HttpRequest | undefined {
  try {
    return new HttpRequest(request, response);
  } catch (error) {
    reportFailure('reading an HTTP request', error);
    return undefined;
  }
}

function current(): HttpRequest | undefined {
  const exchange = requests.getStore();
  return exchange && requestOf(exchange);
}

/** The HTTP request being handled, if one is. */
export function currentHttpRequest(): HttpFacts | undefined {
  return current();
}

/** The peer of the HTTP request being handled, if one is. */
export function currentHttpPeer(trustProxy: boolean): Peer | undefined {
  const http = current();
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
  return isIP(address) === 0 ? undefined : normalAddress(address);
}
