/** A request to a Node.js HTTP server and its response, which can be read at any later time. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { normalAddress } from '../../protocol/address.js';
import { asString } from '../../protocol/jsonrpc.js';
import { guarded } from '../../report/guarded.js';
import type { ClientCertificate, HttpFacts, HttpNotes } from '../../session/peer.js';
import { certificateOf } from './client-certificate.js';
import { type HeadListener, onHead } from './response-head.js';

type RequestHeaders = ReturnType<HttpFacts['headers']>;

const NO_HEADERS: RequestHeaders = Object.freeze({});

/**
 * Headers that only MCP clients send: those of the session-based protocol (`Mcp-Session-Id`, `MCP-Protocol-Version`
 * after the handshake), and those of revision 2026-07-28 on each request.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
const MCP_HEADERS: ReadonlySet<string> = new Set(['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name']);
/** The prefix of headers that carry a tool's arguments. */
const MCP_PARAMETER_PREFIX = 'mcp-param-';

const ACCEPT = /^accept$/i;
const EVENT_STREAM = /text\/event-stream/i;

export class HttpRequest implements HttpFacts {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly peerAddress: string | undefined;
  readonly port: number | undefined;
  readonly httpVersion: string | undefined;
  /** When it arrived, in milliseconds since 1970. */
  readonly startedAt = Date.now();
  readonly #startedMs = performance.now();
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #notes: HttpNotes = { operations: 0 };

  /** @throws if `request` is not a request */
  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    const { remoteAddress, remotePort } = request.socket;
    this.method = asString(request.method);
    // Frameworks rewrite `url`, and keep the original.
    this.path = pathOf((request as { originalUrl?: unknown }).originalUrl ?? request.url);
    this.peerAddress = remoteAddress === undefined ? undefined : normalAddress(remoteAddress);
    this.port = remotePort;
    this.httpVersion = request.httpVersion;
  }

  get notes(): HttpNotes {
    return this.#notes;
  }

  /** Milliseconds since it arrived. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Whether it wraps this request of Node's. */
  isOf(request: unknown): boolean {
    return request === this.#request;
  }

  header(name: string): string | undefined {
    const value: unknown = this.headers()[name];
    return asString(Array.isArray(value) ? value[0] : value);
  }

  headers(): RequestHeaders {
    return guarded('reading an HTTP request', () => this.#request.headers) ?? NO_HEADERS;
  }

  certificate(): ClientCertificate | undefined {
    return guarded('reading an HTTP request', () => certificateOf(this.#request.socket));
  }

  status(): number | undefined {
    return guarded('reading an HTTP request', () =>
      this.#response.headersSent ? this.#response.statusCode : undefined,
    );
  }

  onHead(listener: HeadListener, orClosed = true): boolean {
    return guarded('reading an HTTP request', () => onHead(this.#response, listener, orClosed)) ?? false;
  }

  isOver(): boolean {
    return guarded('reading an HTTP request', () => this.#response.destroyed || this.#response.writableEnded) ?? false;
  }

  responseHeader(name: string): string | string[] | number | undefined {
    return guarded(
      'reading an HTTP request',
      () => this.#response.getHeader(name) ?? this.#sentHeader(name.toLowerCase()),
    );
  }

  responseHeaderNames(): string[] {
    const sent =
      guarded('reading an HTTP request', () => [...new Set(headersSent(this.#response).map(([name]) => name))]) ?? [];
    return sent.length > 0 ? sent : (guarded('reading an HTTP request', () => this.#response.getHeaderNames()) ?? []);
  }

  /** Whether it has a header that only MCP clients send. */
  hasMcpHeader(): boolean {
    return guarded('reading an HTTP request', () => hasMcpHeader(this.#request.rawHeaders)) ?? false;
  }

  #sentHeader(wanted: string): string | string[] | undefined {
    const values = headersSent(this.#response).flatMap(([name, value]) => (name === wanted ? value : []));
    return values.length > 1 ? values : values[0];
  }
}

/** Requests to proxies have whole URLs, which may contain a password. */
function pathOf(url: unknown): string | undefined {
  return asString(url)
    ?.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/s, '');
}

/**
 * Whether a request may bring an MCP message: it has a header of MCP, or accepts an event stream, as the first message does.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server
 */
export function mayBeMcp({ rawHeaders }: IncomingMessage): boolean {
  return hasMcpHeader(rawHeaders) || acceptsEvents(rawHeaders);
}

// Reads `rawHeaders`: Node.js builds the `headers` object on first access, and most requests are not MCP.
function acceptsEvents(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!ACCEPT.test(rawHeaders[index] as string)) continue;
    if (EVENT_STREAM.test(rawHeaders[index + 1] as string)) return true;
  }
  return false;
}

function hasMcpHeader(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name[3] !== '-') continue;
    const lower = name.toLowerCase();
    if (MCP_HEADERS.has(lower) || lower.startsWith(MCP_PARAMETER_PREFIX)) return true;
  }
  return false;
}

/**
 * The headers as they were sent, by lower-case name. Both SDKs' adapters pass headers to `writeHead`, which `getHeader`
 * does not return, so this reads the text of the head. Empty if a later version of Node.js does not keep it.
 */
function headersSent(response: ServerResponse): [name: string, value: string][] {
  const text = asString((response as { readonly _header?: unknown })._header) ?? '';
  return text.split('\r\n').flatMap((line, index) => {
    const colon = line.indexOf(':');
    return index === 0 || colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
  });
}
