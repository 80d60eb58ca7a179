/** HTTP requests that were refused before any MCP message was read. No transport sees them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { guarded } from '../../report/guarded.js';
import type { Peer } from '../../session/peer.js';
import { peerOf } from './client-address.js';
import { currentHttpRequest, REQUEST_START, watchHttpServer } from './current-request.js';
import { McpPaths } from './mcp-paths.js';
import type { HttpRequest } from './request.js';
import { type ChallengeError, readChallenge } from './www-authenticate.js';

const RESPONSE_FINISH = 'http.server.response.finish';

const REFUSALS = [401, 403, 429] as const;

type RefusalStatus = (typeof REFUSALS)[number];

/** A refused request. Texts are as the client or the application sent them, not yet redacted. */
export interface HttpRefusal {
  readonly status: RefusalStatus;
  readonly peer: Peer;
  /** When the request arrived, in milliseconds since 1970. */
  readonly at: number;
  /** From then until the refusal is reported, in fractional milliseconds. */
  readonly durationMs: number;
  /** The connection closed before the response had a head. */
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
  /** Paths of MCP endpoints. A `*` at the end matches every path with that prefix. */
  readonly paths: readonly string[];
  readonly trustProxy: boolean;
  /**
   * Called once per refused request, before any byte of the refusal is sent. May return a function, which is called if the
   * refusal is not sent completely. Errors are reported, not thrown.
   */
  onRefused(refusal: HttpRefusal): (() => void) | undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Reports requests that were answered with 401, 403 or 429 and in which no MCP operation began, if their path, their
 * headers or the response's `resource_metadata` shows that they were meant for MCP. Returns a function that stops this.
 *
 * Not seen: requests to HTTP/2 servers, and aborted requests that only their response would show to be MCP.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#http
 */
export function watchHttpRefusals({ paths, trustProxy, onRefused }: HttpRefusalOptions): () => void {
  const mcpPaths = new McpPaths(paths);
  let stopped = false;
  const unfinished = new WeakMap<IncomingMessage, HttpRequest>();

  const isKnown = (http: HttpRequest) => mcpPaths.has(http.path) || http.hasMcpHeader();

  function begin(exchange: Exchange): void {
    const http = currentHttpRequest() as HttpRequest | undefined;
    if (http === undefined || !http.isOf(exchange.request)) return;
    unfinished.set(exchange.request, http);
    const known = isKnown(http);
    // The certificate is gone when the connection breaks.
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
    if (http.notes.operations > 0) mcpPaths.learn(http.path);
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
  // First, so that the request is noted before it is read here.
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
