/**
 * tmcp, the server of Svelte and Storybook. `receive` of its server takes every message and returns the answer; `on` gives
 * its transports what it sends of its own accord.
 */
import { randomUUID } from 'node:crypto';
import { types } from 'node:util';
import { outcomeOfHandlerError } from '../../describe/error-type.js';
import { isRefusedError } from '../../describe/refusals.js';
import type { Pipeline } from '../../emit/pipeline.js';
import { asRecord, classify } from '../../protocol/jsonrpc.js';
import { METHODS } from '../../protocol/methods.js';
import type { StandInKind } from '../../protocol/transports.js';
import { guarded } from '../../report/guarded.js';
import { type Outcome, SUCCESS } from '../../session/outcome.js';
import { callIn, ifThrown, observedPromise } from '../application-call.js';
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
  const receive = (prototype as { receive: AnyFunction }).receive;
  const undoReceive = replaceMethod(prototype, 'receive', (original) => observedReceive(original, pipeline));
  const undoOn = replaceMethod(prototype, 'on', (on) => observedOn(on, receive));
  return () => {
    undoOn();
    undoReceive();
  };
}

function observedReceive(receive: AnyFunction, pipeline: Pipeline): AnyFunction {
  return function (this: object, message: unknown, ...args: unknown[]) {
    const start = pipeline.enabled
      ? guarded('receiving a message', () => received(this, receive, message, args, pipeline))
      : undefined;
    if (start === undefined) return receive.call(this, message, ...args);
    const { sessions, session, observed, call } = start;
    const end = (outcome: Outcome) => guarded('reading an answer', () => ended(session, observed, outcome));
    const state = { returned: false };
    ifThrown(state, () => end(outcomeOfHandlerError(undefined)));
    const result: unknown = currentSession.run(session, () => session.onmessage(observed, call));
    state.returned = true;
    // Subscribe before the transport does, so that the answer is recorded before it is sent.
    // A rejection stays the transport's to handle.
    const answer = observedPromise(
      result,
      (value) => {
        guarded('reading an answer', () => answered(sessions, session, value));
        if (observed !== message) end(SUCCESS);
      },
      (error) => end(outcomeOfHandlerError(error)),
    );
    // Nobody waits for it, not even for a refusal.
    return observed !== message && types.isPromise(answer) ? answer.then(() => null) : answer;
  };
}

function received(
  server: object,
  receive: AnyFunction,
  message: unknown,
  args: readonly unknown[],
  pipeline: Pipeline,
): { sessions: TmcpSessions; session: TmcpSession; observed: unknown; call: ReceiveCall } | undefined {
  const context = contextOf(args[0]);
  const { auth: authInfo, signal } = context;
  const sessions = sessionsOf(server, pipeline);
  return (
    sessions && {
      sessions,
      session: sessions.receiving(context),
      observed: withId(message),
      call: { receive, server, message, args, authInfo, request: { signal } },
    }
  );
}

/**
 * What is observed of a message. tmcp also handles a request that has no id, and does not answer it: its operation gets an id that
 * no peer can guess.
 */
function withId(message: unknown): unknown {
  if (classify(message) === 'request') return message;
  const { method, params } = asRecord(message) ?? {};
  if (typeof method !== 'string' || METHODS.get(method)?.kind !== 'request') return message;
  return { jsonrpc: '2.0', id: `mcp-trail:${randomUUID()}`, method, params };
}

function answered(sessions: TmcpSessions, session: TmcpSession, answer: unknown): void {
  if (asRecord(answer) === undefined) return;
  session.send(answer);
  sessions.answered(session);
}

/** Ends the operation of a request, unless its answer has. */
function ended(session: TmcpSession, message: unknown, outcome: Outcome): void {
  const attachment = attachmentOf(session);
  const id = asRecord(message)?.['id'];
  if (!(attachment instanceof Attachment) || (typeof id !== 'string' && typeof id !== 'number')) return;
  const operation = attachment.connection.find('inbound', id);
  if (operation !== undefined) attachment.pipeline.end(operation, outcome);
}

function observedOn(on: AnyFunction, receive: AnyFunction): AnyFunction {
  return function (this: object, event: unknown, callback: unknown, ...rest: unknown[]) {
    const observes = SEND_EVENTS.has(event) && typeof callback === 'function';
    const listener = observes ? observedListener(this, callback as AnyFunction, receive) : callback;
    return on.call(this, event, listener, ...rest);
  };
}

/** What is used of such an event. */
interface SendEvent {
  readonly request?: unknown;
  readonly subscriptionOrigin?: unknown;
}

/** A message on its way to the transports of a server, each of which gets the same one, with the trace context. */
interface Sent {
  /** Undefined until it may leave. */
  copy: object | undefined;
  /** To the transports that wait for that. */
  readonly forwards: Forward[];
}

/** By the message. */
const sent = new WeakMap<object, Sent>();

function observedListener(server: object, callback: AnyFunction, receive: AnyFunction): AnyFunction {
  return (detail: unknown) => {
    const { request, subscriptionOrigin } = (asRecord(detail) ?? {}) as SendEvent;
    const forward: Forward = (message) => {
      callback(message === request ? detail : { ...(detail as object), request: message });
    };
    if (asRecord(request) === undefined) return forward(request);
    const key = request as object;
    const known = sent.get(key);
    if (known?.copy !== undefined) return forward(known.copy);
    if (known !== undefined) return void known.forwards.push(forward);
    // Undefined before the first message, when there is nobody to send to, and while we are disabled.
    const session = guarded('sending a message', () => knownSessionsOf(server)?.sending(subscriptionOrigin));
    if (session === undefined) return forward(request);
    const state: Sent = { copy: undefined, forwards: [] };
    sent.set(key, state);
    const result: unknown = session.send(request, (message) => {
      state.copy = message as object;
      // What one transport throws does not keep the message from another.
      for (const each of state.forwards) queueMicrotask(() => each(message));
      forward(message);
    });
    if (!types.isPromise(result)) return;
    result.catch((error: unknown) => {
      if (!isRefusedError(error)) throw error;
      // Its caller waits for an answer.
      const { code, message, data } = error;
      void receive.call(server, {
        jsonrpc: '2.0',
        id: (request as { id?: unknown }).id,
        error: { code, message, data },
      });
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
