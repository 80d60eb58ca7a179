/** HTTP requests that were refused before any MCP message was read: no transport ever hears of them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { guarded } from '../../report/guarded.js';
import type { Peer } from '../../session/peer.js';
import { currentHttpRequest, peerOf, REQUEST_START, watchHttpServer } from './current-request.js';
import { HttpEndpoints } from './mcp-paths.js';
import type { HttpRequest } from './request.js';
import { type ChallengeError, readChallenge } from './www-authenticate.js';

const RESPONSE_FINISH = 'http.server.response.finish';

const REFUSALS = [401, 403, 429] as const;

type RefusalStatus = (typeof REFUSALS)[number];

/** All that is known of a refused request. Texts are as the client or the application sent them: not yet redacted. */
export interface HttpRefusal {
  readonly status: RefusalStatus;
  readonly peer: Peer;
  /** When the request came, in milliseconds since 1970. */
  readonly at: number;
  /** From then until the refusal is handed over, in milliseconds and parts of them. */
  readonly durationMs: number;
  /** The connection was gone before the response had a head. */
  readonly aborted: boolean;
  /** The error of the `WWW-Authenticate` challenge; never its description. */
  readonly error?: ChallengeError;
  /** The scopes that the challenge asks for. */
  readonly scope?: readonly string[];
  /** The request's `x-request-id`. */
  readonly requestId?: string;
  /** The request's `traceparent`. */
  readonly traceparent?: string;
}

export interface HttpRefusalOptions {
  /** Paths of MCP endpoints, exact or with a `*` at the end for all that begin so. */
  readonly paths: readonly string[];
  readonly trustProxy: boolean;
  /**
   * Called once per refused request, before any of the refusal leaves. Returns what is to be called should it not leave
   * as a whole. What it throws is reported and goes no further.
   */
  onRefused(refusal: HttpRefusal): (() => void) | undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Tells of requests that were answered 401, 403 or 429 and in which no MCP operation began, if they were meant for
 * MCP: by their path, their headers or the answer's `resource_metadata`. Returns how to stop.
 *
 * HTTP/2 servers publish nothing. A request that only its answer shows to be MCP is not seen if it is aborted.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
export function watchHttpRefusals({ paths, trustProxy, onRefused }: HttpRefusalOptions): () => void {
  const endpoints = new HttpEndpoints(paths);
  let stopped = false;
  const unfinished = new WeakMap<IncomingMessage, HttpRequest>();

  const isKnown = (http: HttpRequest) => endpoints.has(http.path) || http.hasMcpHeader();

  function begin(exchange: Exchange): void {
    const http = currentHttpRequest() as HttpRequest | undefined;
    if (http === undefined || !http.isOf(exchange.request)) return;
    unfinished.set(exchange.request, http);
    const known = isKnown(http);
    // The certificate is not there any more when the connection breaks.
    if (known) http.certificate();
    http.onHead(
      (made) => guarded('watching for refused HTTP requests', () => judge(http, exchange.response, !made)),
      known,
    );
  }

  function finish({ request }: Exchange): void {
    const http = unfinished.get(request);
    if (http === undefined) return;
    unfinished.delete(request);
    if (http.notes.operations > 0) endpoints.learn(http.path);
  }

  function judge(http: HttpRequest, response: ServerResponse, aborted: boolean): void {
    const status = REFUSALS.find((refusal) => refusal === response.statusCode);
    if (status === undefined || http.notes.operations > 0 || stopped) return;
    const { hasResourceMetadata, ...challenge } = readChallenge(http.responseHeader('www-authenticate'));
    if (!hasResourceMetadata && !isKnown(http)) return;
    const [requestId, traceparent] = [http.header('x-request-id'), http.header('traceparent')];
    const undelivered = onRefused({
      status,
      peer: peerOf(http, trustProxy),
      at: http.startedAt,
      durationMs: http.elapsedMs,
      aborted,
      ...challenge,
      ...(requestId !== undefined && { requestId }),
      ...(traceparent !== undefined && { traceparent }),
    });
    if (undelivered === undefined || aborted) return;
    response.once('close', () => {
      if (!response.writableFinished) guarded('watching for refused HTTP requests', undelivered);
    });
  }

  const started = (message: unknown) => guarded('watching for refused HTTP requests', () => begin(message as Exchange));
  const finished = (message: unknown) =>
    guarded('watching for refused HTTP requests', () => finish(message as Exchange));
  // First, so that the request is known before it is looked at here.
  const stopServer = watchHttpServer();
  subscribe(REQUEST_START, started);
  subscribe(RESPONSE_FINISH, finished);
  return () => {
    if (stopped) return;
    stopped = true;
    unsubscribe(REQUEST_START, started);
    unsubscribe(RESPONSE_FINISH, finished);
    stopServer();
  };
}
