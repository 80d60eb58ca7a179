/**
 * The HTTP request that brought a message. The SDKs pass servers only the headers; the rest comes from Node's HTTP server, by
 * its diagnostics channel. HTTP/2 servers do not publish on it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { reportFailure } from '../../report/report.js';
import type { HttpFacts, Peer } from '../../session/peer.js';
import { peerOf } from './client-address.js';
import { HttpRequest, mayBeMcp } from './request.js';

export const REQUEST_START = 'http.server.request.start';

/** A request and its response as Node's HTTP server publishes them, and what was read of them. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  [READ]?: HttpRequest | undefined;
}

/** One per process, so that the application's copy of this package finds what the preloaded copy has noted. */
const REQUESTS = Symbol.for('mcp-trail.http-requests');
const READ = Symbol.for('mcp-trail.http-request');

class CurrentRequests {
  readonly #exchanges: AsyncLocalStorage<Exchange>;
  #subscribed = false;
  /** How many watch every request: not only those that may be MCP. */
  #watchers = 0;

  constructor() {
    const shared = globalThis as { [REQUESTS]?: AsyncLocalStorage<Exchange> };
    shared[REQUESTS] ??= new AsyncLocalStorage();
    this.#exchanges = shared[REQUESTS];
  }

  note(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    subscribe(REQUEST_START, this.#onRequest);
  }

  watchAll(): () => void {
    this.note();
    this.#watchers++;
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      this.#watchers--;
    };
  }

  get current(): HttpRequest | undefined {
    const exchange = this.#exchanges.getStore();
    return exchange && requestOf(exchange);
  }

  // An exception here would become the application's uncaught exception.
  readonly #onRequest = (message: unknown): void => {
    try {
      const exchange = message as Exchange;
      const { request: noted } = this.#exchanges.getStore() ?? {};
      // Another copy of this package has noted it.
      if (noted === exchange.request) return;
      // A kept-alive connection still has its last request in the store, which has to be replaced.
      if (noted === undefined && this.#watchers === 0 && !mayBeMcp(exchange.request)) return;
      this.#exchanges.enterWith(exchange);
      if (this.#watchers > 0) requestOf(exchange);
    } catch (error) {
      reportFailure('reading an HTTP request', error);
    }
  };
}

function requestOf(exchange: Exchange): HttpRequest | undefined {
  if (!(READ in exchange)) exchange[READ] = read(exchange);
  return exchange[READ];
}

function read({ request, response }: Exchange): HttpRequest | undefined {
  try {
    return new HttpRequest(request, response);
  } catch (error) {
    reportFailure('reading an HTTP request', error);
    return undefined;
  }
}

const requests = new CurrentRequests();

/**
 * Notes requests of MCP clients before anything is instrumented: a server that is made and instrumented for a request comes
 * after it. Other requests do not pay for the asynchronous context.
 */
export function noteHttpRequests(): void {
  requests.note();
}

/** Notes every request, and reads it while its connection exists. Returns a function that stops this. */
export function watchHttpServer(): () => void {
  return requests.watchAll();
}

/** The HTTP request that is being handled, if any. */
export function currentHttpRequest(): HttpFacts | undefined {
  return requests.current;
}

/** The peer of the HTTP request that is being handled, if any. */
export function currentHttpPeer(trustProxy: boolean): Peer | undefined {
  const http = requests.current;
  return http === undefined ? undefined : peerOf(http, trustProxy);
}
