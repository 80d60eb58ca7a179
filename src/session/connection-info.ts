/** What is known of one transport: who is at its ends, what was negotiated, and whether there is a session. */
import type { Context, SpanContext } from '@opentelemetry/api';
import { serverCommand, serverEndpoint, type TransportKind, transportKind } from '../protocol/transports.js';

/** What an implementation says of itself. */
export interface Implementation {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly title?: unknown;
}

/** The other end of a connection. Of a server, how the client reaches it, as it was configured. Frozen. */
export interface McpPeerInfo {
  /** What the other end is: `server` where this process is the client. */
  readonly role: 'client' | 'server';
  /** `unknown` for transports of the application's own. */
  readonly transport: 'stdio' | 'http' | 'websocket' | 'in_memory' | 'unknown';
  /** Host of the URL that the client connects to. */
  readonly host?: string;
  /** Port of that URL; of one that has none, that of its scheme. */
  readonly port?: number;
  /** The program that the client starts, over stdio. */
  readonly command?: string;
  /** The arguments of that program: they can hold secrets. */
  readonly args?: readonly string[];
  /**
   * What it calls itself, as far as that is known yet: **a claim, which nothing proves**. Redacted, at most 256
   * characters. Decide nothing by it that matters.
   */
  readonly name?: string;
  /** The version that it says it has: a claim as well. */
  readonly version?: string;
}

/** A session, for its measurement. */
export interface Session {
  /** Milliseconds of the pipeline's clock. */
  readonly startedAt: number;
  /** The context of the request that began it. */
  readonly context: Context;
  readonly peer: McpPeerInfo;
}

/** Which way a message goes, as this process sees it. */
export type Direction = 'outbound' | 'inbound';

/** The part this process plays on a connection; `unknown` for bare transports. */
export type Role = 'client' | 'server' | 'unknown';

export class ConnectionInfo {
  readonly transport: { readonly sessionId?: unknown };
  readonly kind: TransportKind;
  role: Role;
  /** Host and port a client connects to. */
  endpoint: { readonly address: string; readonly port?: number } | undefined;
  /** The program that a client has started to connect to. */
  readonly command: { readonly command: string; readonly args: readonly string[] } | undefined;
  /** The part that messages of a bare transport have shown this process to play. */
  seenAs: 'client' | 'server' | undefined;
  /** Who is at the client's end, as it says. */
  client: Implementation | undefined;
  /** Who is at the server's end, as it says. */
  server: Implementation | undefined;
  /** Negotiated by `initialize`, or told by the SDK; a 2026-07-28 message carries its own instead. */
  protocolVersion: string | undefined;
  /** HTTP version of the requests that reach a server. */
  httpVersion: string | undefined;
  /** Whether there ever was a session id: a client that ends its session has none by the time it closes. */
  hadSessionId = false;
  /** What `initialize` has begun; a connection without it is no session. */
  session: Session | undefined;
  /** A client has been told what results of some tool look like. */
  declaresResults = false;
  readonly #outboundTasks = new Map<string, SpanContext>();
  readonly #inboundTasks = new Map<string, SpanContext>();
  /** Asks the SDK for the version, where it keeps one. */
  negotiatedVersion: (() => string | undefined) | undefined;

  constructor(transport: object, role: Role) {
    this.transport = transport;
    this.kind = transportKind(transport);
    this.role = role;
    this.endpoint = role === 'server' ? undefined : serverEndpoint(transport);
    this.command = role === 'server' ? undefined : serverCommand(transport);
  }

  /** Learns its role late: a bare transport that was tapped first, and then connected to a client or server. */
  narrow(role: Role): void {
    if (this.role !== 'unknown') return;
    this.role = role;
    if (role === 'server') this.endpoint = undefined;
  }

  /** Whether this process serves whoever has started it. */
  get servesStdio(): boolean {
    if (this.kind.name !== 'stdio') return false;
    return this.role === 'server' || (this.role === 'unknown' && !('_serverParams' in this.transport));
  }

  /** The legacy session id, as the transport has it now. */
  get sessionId(): string | undefined {
    const { sessionId } = this.transport;
    if (typeof sessionId !== 'string' || sessionId === '') return undefined;
    this.hadSessionId = true;
    return sessionId;
  }

  /** The calls that made tasks, in one direction: `session/tasks.ts` fills it. */
  tasks(direction: Direction): Map<string, SpanContext> {
    return direction === 'outbound' ? this.#outboundTasks : this.#inboundTasks;
  }

  /** It is closed: nobody will ask about what it has made. */
  forget(): void {
    this.#outboundTasks.clear();
    this.#inboundTasks.clear();
  }
}
