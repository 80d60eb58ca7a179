/**
 * The sessions of a tmcp server. tmcp has no object per connection: each message comes with a context that says which session
 * it belongs to. A stand-in per session has the `send` and `onmessage` of a transport, so that it is attached to as one.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord, asString } from '../../protocol/jsonrpc.js';
import { KIND, type StandInKind } from '../../protocol/transports.js';
import type { Connection } from '../../session/connection.js';
import type { AnyFunction } from '../replace-methods.js';
import { stdioServers } from '../stdio/stdio-servers.js';
import { attachTransport } from '../transport/attach-transport.js';
import { Attachment, attachmentOf, mark } from '../transport/attachment.js';
import { RememberedSessions } from './remembered-sessions.js';

/** What is used of the context that transports pass with a message. */
export interface ReceiveContext {
  readonly sessionId?: unknown;
  readonly auth?: unknown;
  readonly signal?: AbortSignal;
  /** Since 1.20: who sent the message, if there is no session. */
  readonly subscriptionOrigin?: unknown;
}

/** A call of the server's `receive`, in the place of what transports pass with a message. */
export interface ReceiveCall {
  readonly receive: AnyFunction;
  readonly server: object;
  /** As the server gets it. */
  readonly message: unknown;
  readonly args: readonly unknown[];
  readonly authInfo: unknown;
  readonly request: { readonly signal: AbortSignal | undefined };
}

/** Passes a message on to the application's transports. */
export type Forward = (message: unknown) => void;

/** Stands in for the transport of one session. */
export class TmcpSession {
  readonly [KIND]: StandInKind;
  readonly sessionId: string | undefined;
  /** By which it is remembered. */
  readonly key: string | undefined;
  onmessage = (_observed: unknown, { receive, server, message, args }: ReceiveCall): unknown =>
    receive.call(server, message, ...args);

  constructor(kind: StandInKind, sessionId?: string, key?: string) {
    this[KIND] = kind;
    this.sessionId = sessionId;
    this.key = key;
  }

  /** An answer has no `forward`: it is the return value of `receive`. */
  send(message: unknown, forward?: Forward): void {
    forward?.(message);
  }
}

/** The stdio session has the streams that {@link stdioServers} watches. */
class StdioSession extends TmcpSession {
  readonly _stdin = process.stdin;
  readonly _stdout = process.stdout;

  constructor() {
    super('stdio');
  }
}

/** The transport that handles an HTTP request. */
export const currentTransport: AsyncLocalStorage<{ readonly kind: StandInKind; readonly transport: object }> =
  new AsyncLocalStorage();
/** The session whose message is being handled. */
export const currentSession: AsyncLocalStorage<TmcpSession> = new AsyncLocalStorage();

let stdioListens = false;

/** Notes that a stdio transport of tmcp listens in this process. */
export function noteStdioListening(): void {
  stdioListens = true;
}

function isStdioListening(): boolean {
  return stdioListens;
}

export class TmcpSessions {
  readonly pipeline: Pipeline;
  /** Stands for the server where no session is known. */
  readonly #server = new TmcpSession('unknown');
  #stdio: TmcpSession | undefined;
  readonly #remembered = new RememberedSessions<TmcpSession>((dropped) => {
    const connection = connectionOf(dropped);
    // Calls that it is still handling end as they end.
    if (connection !== undefined) this.pipeline.sessionOver(connection);
  });
  /** One of its connections, whose answers have told what the server is. */
  #introduced: Connection | undefined;

  constructor(server: object, pipeline: Pipeline) {
    this.pipeline = pipeline;
    const connection = attachTransport(this.#server, pipeline, 'server');
    if (connection !== undefined) connection.refuse = asReturned;
    if (connection !== undefined) mark(server, new Attachment(pipeline, connection));
  }

  /** The session of a message that arrives. */
  receiving(context: ReceiveContext): TmcpSession {
    const over = currentTransport.getStore();
    if (over !== undefined) ofTransports.set(over.transport, this);
    const kind = over?.kind ?? kindOf(context);
    const id = asString(context.sessionId);
    const key = id ?? asString(context.subscriptionOrigin);
    if (kind === 'stdio') {
      this.#stdio ??= this.#attached(new StdioSession(), (session, connection) =>
        stdioServers.connecting(session, () => this.pipeline.sessionOver(connection)),
      );
      return this.#stdio;
    }
    if (key === undefined) return kind === 'unknown' ? this.#server : this.#attached(new TmcpSession(kind));
    const session = this.#remembered.get(key) ?? this.#attached(new TmcpSession(kind, id, key));
    this.#remembered.used(key, session);
    return session;
  }

  /** A session has answered a message, perhaps `initialize`. */
  answered(session: TmcpSession): void {
    const { key } = session;
    if (key !== undefined && connectionOf(session)?.session !== undefined) this.#remembered.begun(key, session);
  }

  /** The session that a message goes to: that of the message being handled, if there is one. */
  sending(origin: unknown): TmcpSession {
    const key = asString(origin);
    const known = key === undefined ? undefined : this.#remembered.get(key);
    return known ?? currentSession.getStore() ?? this.#stdio ?? this.#server;
  }

  /** The client has ended its session. */
  ended(id: string): void {
    const session = this.#remembered.get(id);
    this.#remembered.forget(id);
    const connection = session && connectionOf(session);
    if (connection !== undefined) this.pipeline.closed(connection);
  }

  #attached<S extends TmcpSession>(session: S, then?: (session: S, connection: Connection) => void): S {
    const connection = attachTransport(session, this.pipeline, 'server');
    if (connection !== undefined) {
      connection.refuse = asReturned;
      if (this.#introduced?.server === undefined) this.#introduced = connection;
      else connection.server = this.#introduced.server;
      then?.(session, connection);
    }
    return session;
  }
}

/** What `receive` of the server returns is sent. */
const asReturned = (answer: unknown): Promise<unknown> => Promise.resolve(answer);

function connectionOf(session: TmcpSession): Connection | undefined {
  const attachment = attachmentOf(session);
  return attachment instanceof Attachment ? attachment.connection : undefined;
}

/** By the shape of the context, for a transport that is not tmcp's own. */
function kindOf(context: ReceiveContext): StandInKind {
  if ('auth' in context) return 'http';
  if (context.sessionId !== undefined) return 'in_memory';
  return isStdioListening() ? 'stdio' : 'unknown';
}

const ofServers = new WeakMap<object, TmcpSessions>();
/** By the transport that brings the messages. */
const ofTransports = new WeakMap<object, TmcpSessions>();

/** The sessions of a server; undefined if another copy of this package observes it. */
export function sessionsOf(server: object, pipeline: Pipeline): TmcpSessions | undefined {
  const known = ofServers.get(server);
  if (known?.pipeline.enabled) return known;
  if (attachmentOf(server) === 'foreign') return undefined;
  const sessions = new TmcpSessions(server, pipeline);
  ofServers.set(server, sessions);
  return sessions;
}

/** The sessions of a server that has had a message. */
export function knownSessionsOf(server: object): TmcpSessions | undefined {
  const known = ofServers.get(server);
  return known?.pipeline.enabled ? known : undefined;
}

/** The client of a transport has ended its session. */
export function sessionEnded(transport: object, id: string): void {
  ofTransports.get(transport)?.ended(id);
}

export function contextOf(value: unknown): ReceiveContext {
  return asRecord(value) ?? {};
}
