/** What is known of one transport: client and server, negotiated version, session. */
import type { Context, SpanContext } from '@opentelemetry/api';
import { serverCommand, serverEndpoint, type TransportKind, transportKind } from '../protocol/transports.js';

/** An implementation, as it describes itself. */
export interface Implementation {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly title?: unknown;
}

/** The other end of a connection; for a server also how the client is configured to reach it. Frozen. */
export interface McpPeerInfo {
  /** What the other end is: `server` where this process is the client. */
  readonly role: 'client' | 'server';
  /** `unknown` for the application's own transports. */
  readonly transport: 'stdio' | 'http' | 'websocket' | 'in_memory' | 'unknown';
  /** Host of the URL that the client connects to. */
  readonly host?: string;
  /** Port of that URL, or the default port of its scheme. */
  readonly port?: number;
  /** The command that the client starts, over stdio. */
  readonly command?: string;
  /** Arguments of that command; they may hold secrets. */
  readonly args?: readonly string[];
  /**
   * Its name, as far as known: **a claim, which nothing proves**. Redacted, at most 256 characters. Do not base
   * decisions on it.
   */
  readonly name?: string;
  /** The version that it claims. */
  readonly version?: string;
}

/** A session, for its duration. */
export interface Session {
  /** Milliseconds of the pipeline's clock. */
  readonly startedAt: number;
  /** Context of the request that began it. */
  readonly context: Context;
  readonly peer: McpPeerInfo;
  /** False if a process in front of this one measures it. */
  readonly isMeasured: boolean;
}

/** Direction of a message, as this process sees it. */
export type Direction = 'outbound' | 'inbound';

/** Role of this process on a connection; `unknown` for bare transports. */
export type Role = 'client' | 'server' | 'unknown';

export class ConnectionInfo {
  readonly transport: { readonly sessionId?: unknown };
  readonly kind: TransportKind;
  role: Role;
  /** Host and port that a client connects to. */
  endpoint: { readonly address: string; readonly port?: number } | undefined;
  /** The command that a client started. */
  readonly command: { readonly command: string; readonly args: readonly string[] } | undefined;
  /** The role that messages of a bare transport have revealed. */
  seenAs: 'client' | 'server' | undefined;
  /** The client, as it describes itself. */
  client: Implementation | undefined;
  /** The server, as it describes itself. */
  server: Implementation | undefined;
  /** Negotiated by `initialize`, or known to the SDK. Messages of 2026-07-28 carry their own instead. */
  protocolVersion: string | undefined;
  /** HTTP version of requests to a server. */
  httpVersion: string | undefined;
  /** A client that ends its session has no id when it closes. */
  hadSessionId = false;
  /** Begun by `initialize`; undefined on connections without sessions. */
  session: Session | undefined;
  /** A tool list declared output schemas. */
  declaresResults = false;
  readonly #outboundTasks = new Map<string, SpanContext>();
  readonly #inboundTasks = new Map<string, SpanContext>();
  /** Reads the version that the SDK keeps, if it does. */
  negotiatedVersion: (() => string | undefined) | undefined;

  constructor(transport: object, role: Role) {
    this.transport = transport;
    this.kind = transportKind(transport);
    this.role = role;
    this.endpoint = role === 'server' ? undefined : serverEndpoint(transport);
    this.command = role === 'server' ? undefined : serverCommand(transport);
  }

  /** How often it was closed. */
  closings = 0;

  /** Sets the role of a bare transport that is connected to a client or server after it was tapped. */
  narrow(role: Role): void {
    if (this.role !== 'unknown') return;
    this.role = role;
    if (role === 'server') this.endpoint = undefined;
  }

  /** This process serves its parent process over stdio. */
  get servesStdio(): boolean {
    if (this.kind.name !== 'stdio') return false;
    return this.role === 'server' || (this.role === 'unknown' && !('_serverParams' in this.transport));
  }

  /** The current session id of the transport. */
  get sessionId(): string | undefined {
    const { sessionId } = this.transport;
    if (typeof sessionId !== 'string' || sessionId === '') return undefined;
    this.hadSessionId = true;
    return sessionId;
  }

  /** Calls that made tasks, by task id; `session/tasks.ts` fills it. */
  tasks(direction: Direction): Map<string, SpanContext> {
    return direction === 'outbound' ? this.#outboundTasks : this.#inboundTasks;
  }

  /** The connection is closed: its tasks are not asked about again. */
  forget(): void {
    this.closings += 1;
    this.#outboundTasks.clear();
    this.#inboundTasks.clear();
  }
}
