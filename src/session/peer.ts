/** Who is at the other end of the HTTP request that brought a message, and what that request was. Types only. */

/** The sender of a message that came by HTTP. */
export interface Peer {
  /** The client's address: of the socket or, where a proxy is trusted, what the proxy says. */
  readonly address: string | undefined;
  /** The client's port; a proxy does not tell it. */
  readonly port: number | undefined;
  readonly httpVersion: string | undefined;
  readonly http?: HttpFacts;
  /** What the SDK was told of the caller's authorisation, with this message. */
  readonly auth?: AuthFacts;
}

/**
 * An HTTP request and its response, to be read when needed. What sockets forget was read when the request came. No
 * member throws. Headers and notes may hold secrets; they are not enumerable, so that no copy or dump shows them.
 */
export interface HttpFacts {
  readonly method: string | undefined;
  /** The path of the URL: no origin, no query, no fragment. */
  readonly path: string | undefined;
  /** Address of the socket, also behind a trusted proxy. */
  readonly peerAddress: string | undefined;
  /** A request header by its lower-case name: the first value, where Node.js keeps several. */
  header(name: string): string | undefined;
  /** All request headers, by lower-case name: Node's own object, neither copied nor to be written to. */
  headers(): Readonly<Record<string, string | string[] | undefined>>;
  /** The client's TLS certificate; nothing without TLS, without a certificate, or when the connection is gone. */
  certificate(): ClientCertificate | undefined;
  /** The status, once the response's headers are sent. */
  status(): number | undefined;
  /** A response header by name, in any case: as it was set or sent. */
  responseHeader(name: string): string | string[] | number | undefined;
  /** Lower-case names of the response headers; of all of them once they are sent. */
  responseHeaderNames(): string[];
  /**
   * Calls back once the head of the response is made, before any of it leaves; with false if the response closes without
   * one. Returns false, and does not call, where the head is made already or the response has closed.
   */
  onHead(listener: (made: boolean) => void): boolean;
  /** Whether the response is over, or its connection is gone: nothing more leaves in it. */
  isOver(): boolean;
  readonly notes: HttpNotes;
}

export interface ClientCertificate {
  /**
   * The subject as a string, most specific part first: `CN=agent,O=Example`; empty if the certificate has none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc4514#section-2
   */
  readonly subject: string;
  /** Fingerprint of the certificate: 64 hexadecimal digits, lower case. */
  readonly sha256: string;
  /** Whether the server's certificate authorities vouch for it. */
  readonly authorized: boolean;
}

/** Written down during an HTTP request, for those who come later in it or have no MCP operation to ask. */
export interface HttpNotes {
  decision?: unknown;
  /** The id of the operation that the request may bring, once something has been recorded about it. */
  operationId?: string;
  auth?: AuthFacts;
  /** The correlation id that we gave it, where none of its own is taken. */
  correlation?: string;
  /** The trails that have a record of its refusal: several copies of this package may be watching. */
  refused?: Set<string>;
  /** How many MCP operations began in this HTTP request. */
  operations: number;
}

/** What a token verifier found out about the caller. */
export interface AuthFacts {
  readonly clientId?: string;
  readonly subject?: string;
  readonly scopes?: readonly string[];
  /** The verifier's own additions, such as the token's claims: the verifier's own object. Not enumerable. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Never emitted: known so that it can be kept out of everything else. Not enumerable. */
  readonly token?: string;
}
