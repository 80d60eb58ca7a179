/** The HTTP request that brought a message, and its sender. Types only. */

/** The sender of a message over HTTP. */
export interface Peer {
  /** Address of the socket or, from a trusted proxy, of the client. */
  readonly address: string | undefined;
  /** Port of the client; unknown behind a proxy. */
  readonly port: number | undefined;
  readonly httpVersion: string | undefined;
  readonly http?: HttpFacts;
  /** The caller's authorisation, as the SDK passed it with the message. */
  readonly auth?: AuthFacts;
}

/**
 * An HTTP request and its response, read on demand; socket data is read when the request arrives. Members do not throw.
 * Headers and notes may hold secrets: they are not enumerable, so no copy or dump shows them.
 */
export interface HttpFacts {
  readonly method: string | undefined;
  /** Path of the URL, without origin, query and fragment. */
  readonly path: string | undefined;
  /** Address of the socket, also behind a trusted proxy. */
  readonly peerAddress: string | undefined;
  /** A request header by lower-case name; the first of several values. */
  header(name: string): string | undefined;
  /** All request headers by lower-case name: Node's own object, read-only. */
  headers(): Readonly<Record<string, string | string[] | undefined>>;
  /** TLS certificate of the client; undefined without one, or if the connection is gone. */
  certificate(): ClientCertificate | undefined;
  /** Status, once the head is sent. */
  status(): number | undefined;
  /** A response header by name in any case, as set or sent. */
  responseHeader(name: string): string | string[] | number | undefined;
  /** Lower-case names of response headers; complete once they are sent. */
  responseHeaderNames(): string[];
  /**
   * Calls back when the head of the response is made, before any byte is sent; with false if the response closes without
   * one. Returns false, without a callback, if either has happened.
   */
  onHead(listener: (made: boolean) => void): boolean;
  /** The response is complete or its connection is gone. */
  isOver(): boolean;
  readonly notes: HttpNotes;
}

export interface ClientCertificate {
  /**
   * Subject, most specific part first: `CN=agent,O=Example`; empty if the certificate has none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc4514#section-2
   */
  readonly subject: string;
  /** SHA-256 fingerprint, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** A certificate authority of the server signed it. */
  readonly authorized: boolean;
}

/** State of an HTTP request, shared by its operations and by code outside of them. */
export interface HttpNotes {
  decision?: unknown;
  /** Operation id that was recorded before the operation began. */
  operationId?: string;
  auth?: AuthFacts;
  /** Correlation id that we assigned. */
  correlation?: string;
  /** Trails that recorded its refusal; several copies of this package may watch. */
  refused?: Set<string>;
  /** Number of MCP operations in this request. */
  operations: number;
}

/** Result of a token verifier. */
export interface AuthFacts {
  readonly clientId?: string;
  readonly subject?: string;
  readonly scopes?: readonly string[];
  /** Additions of the verifier, such as claims: its own object. Not enumerable. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The token, to remove it from records. Never recorded, not enumerable. */
  readonly token?: string;
}
