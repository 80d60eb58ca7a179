/**
 * tmcp, the server of Svelte and Storybook. `receive` of its server takes every message and returns the answer; `on` gives
 * its transports what it sends of its own accord.
 */
import { outcomeOfHandlerError } from '../../describe/error-type.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord } from '../../protocol/jsonrpc.js';
import type { StandInKind } from '../../protocol/transports.js';
import { guarded } from '../../report/guarded.js';
import { callIn, observedPromise } from '../application-call.js';
import { type AnyFunction, replaceMethod, type Undo } from '../replace-methods.js';
import { Attachment, attachmentOf } from '../transport/attachment.js';
import {
  contextOf,
  currentSession,
  currentTransport,
  type Forward,
  knownSessionsOf,
  noteStdioListening,
  type ReceiveCall,
  sessionEnded,
  sessionsOf,
  type TmcpSession,
  type TmcpSessions,
} from './tmcp-sessions.js';

/** The events with a message that the server sends. */
const SEND_EVENTS: ReadonlySet<unknown> = new Set(['send', 'broadcast']);

/** Patches the class of servers. Classes of this name in the SDKs have other methods. */
export function patchServer(prototype: object, pipeline: Pipeline): Undo {
  if (!Object.hasOwn(prototype, 'receive') || !Object.hasOwn(prototype, 'on')) return () => {};
  const undoReceive = replaceMethod(prototype, 'receive', (receive) => observedReceive(receive, pipeline));
  const undoOn = replaceMethod(prototype, 'on', observedOn);
  return () => {
    undoOn();
    undoReceive();
  };
}

function observedReceive(receive: AnyFunction, pipeline: Pipeline): AnyFunction {
  return function (this: object, message: unknown, ...args: unknown[]) {
    const start = pipeline.enabled
      ? guarded('receiving a message', () => received(this, receive, args, pipeline))
      : undefined;
    if (start === undefined) return receive.call(this, message, ...args);
    const { sessions, session, call } = start;
    const result: unknown = currentSession.run(session, () => session.onmessage(message, call));
    // Subscribe before the transport does, so that the answer is recorded before it is sent.
    // A rejection stays the transport's to handle.
    return observedPromise(
      result,
      (answer) => guarded('reading an answer', () => answered(sessions, session, answer)),
      (error) => guarded('reading an answer', () => rejected(session, message, error)),
    );
  };
}

function received(
  server: object,
  receive: AnyFunction,
  args: readonly unknown[],
  pipeline: Pipeline,
): { sessions: TmcpSessions; session: TmcpSession; call: ReceiveCall } | undefined {
  const context = contextOf(args[0]);
  const { auth: authInfo, signal } = context;
  const sessions = sessionsOf(server, pipeline);
  return (
    sessions && {
      sessions,
      session: sessions.receiving(context),
      call: { receive, server, args, authInfo, request: { signal } },
    }
  );
}

function answered(sessions: TmcpSessions, session: TmcpSession, answer: unknown): void {
  if (asRecord(answer) === undefined) return;
  session.send(answer);
  sessions.answered(session);
}

function rejected(session: TmcpSession, message: unknown, error: unknown): void {
  const attachment = attachmentOf(session);
  const id = asRecord(message)?.['id'];
  if (!(attachment instanceof Attachment) || (typeof id !== 'string' && typeof id !== 'number')) return;
  const operation = attachment.connection.find('inbound', id);
  if (operation !== undefined) attachment.pipeline.end(operation, outcomeOfHandlerError(error));
}

function observedOn(on: AnyFunction): AnyFunction {
  return function (this: object, event: unknown, callback: unknown, ...rest: unknown[]) {
    const observes = SEND_EVENTS.has(event) && typeof callback === 'function';
    const listener = observes ? observedListener(this, callback as AnyFunction) : callback;
    return on.call(this, event, listener, ...rest);
  };
}

/** What is used of such an event. */
interface SendEvent {
  readonly request?: unknown;
  readonly subscriptionOrigin?: unknown;
}

/** Copies with the trace context, by the message: every transport of a server gets the same one. */
const copies = new WeakMap<object, unknown>();

function observedListener(server: object, callback: AnyFunction): AnyFunction {
  return (detail: unknown) => {
    const { request, subscriptionOrigin } = (asRecord(detail) ?? {}) as SendEvent;
    const forward: Forward = (message) => {
      callback(message === request ? detail : { ...(detail as object), request: message });
    };
    if (asRecord(request) === undefined) return forward(request);
    const key = request as object;
    if (copies.has(key)) return forward(copies.get(key));
    // Undefined before the first message, when there is nobody to send to, and while we are disabled.
    const session = guarded('sending a message', () => knownSessionsOf(server)?.sending(subscriptionOrigin));
    if (session === undefined) return forward(request);
    session.send(request, (message) => {
      copies.set(key, message);
      forward(message);
    });
  };
}

/** Patches the class of stdio transports. */
export function patchStdio(prototype: object, _pipeline: Pipeline): Undo {
  if (!Object.hasOwn(prototype, 'listen')) return () => {};
  return replaceMethod(
    prototype,
    'listen',
    (listen) =>
      function (this: unknown, ...args: unknown[]) {
        noteStdioListening();
        return listen.apply(this, args);
      },
  );
}

/** Patches a class of HTTP transports, which handle web requests. */
export function patchHttp(kind: StandInKind): (prototype: object, pipeline: Pipeline) => Undo {
  return (prototype) => {
    if (!Object.hasOwn(prototype, 'respond')) return () => {};
    return replaceMethod(
      prototype,
      'respond',
      (respond) =>
        function (this: object, ...args: unknown[]) {
          const call = { fn: respond, self: this, first: args[0], second: args[1] };
          const response: unknown = currentTransport.run({ kind, transport: this }, callIn, undefined, call);
          const id = guarded('reading an HTTP request', () => sessionToEnd(args[0]));
          if (id === undefined) return response;
          const end = (answer: unknown) => guarded('ending a session', () => isOk(answer) && sessionEnded(this, id));
          return observedPromise(response, end, () => {});
        },
    );
  };
}

/** The session that a request ends. */
function sessionToEnd(request: unknown): string | undefined {
  if (!(request instanceof Request) || request.method !== 'DELETE') return undefined;
  return request.headers.get('mcp-session-id') ?? undefined;
}

function isOk(response: unknown): boolean {
  return asRecord(response)?.['ok'] === true;
}
