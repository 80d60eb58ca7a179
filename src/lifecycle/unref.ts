/**
 * Work that never keeps the process alive: the timers and sockets that it makes are let go from their creation on.
 * Whoever needs its result waits for it with a timer of their own.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { Socket } from 'node:net';
import { END_LIMIT_MS } from './time-limit.js';

/** For so long after one was given up, others get only a moment: gRPC tries again without a pause. */
const DOUBTFUL_MS = 10_000;
const MOMENT_MS = 200;

class Connects {
  limitMs = END_LIMIT_MS;
  /** Told that for so long nobody answered. */
  onGivenUp: (milliseconds: number) => void = () => {};
  #doubtfulUntil = 0;

  limit(socket: Socket): void {
    const start = performance.now();
    const limitMs = start < this.#doubtfulUntil ? Math.min(MOMENT_MS, this.limitMs) : this.limitMs;
    const timer = setTimeout(() => {
      if (!socket.connecting) return;
      if (start >= this.#doubtfulUntil) this.#doubtfulUntil = performance.now() + DOUBTFUL_MS;
      // As a system does that gives up itself.
      socket.destroy(Object.assign(new Error(`no connection in ${limitMs} ms`), { code: 'ETIMEDOUT' }));
      this.onGivenUp(limitMs);
    }, limitMs).unref();
    const over = () => clearTimeout(timer);
    socket.once('connect', over).once('close', over);
  }
}

/** Marks what is done within `detached`, whatever it leads to. */
const detachedWork = new AsyncLocalStorage<boolean>();

/** The one thing that cannot be let go. */
export const connects: Connects = new Connects();

interface Resource {
  ref?(): unknown;
  unref?(): unknown;
  /** Of a client's HTTP request. */
  readonly req?: { readonly socket?: Resource };
}

/** What keeps an event loop alive, by the names of `async_hooks`. */
const LET_GO: Readonly<Record<string, (resource: Resource) => void>> = {
  Timeout: letGo,
  // A socket's handle is told of before it is made.
  TCPWRAP: (handle) => queueMicrotask(() => letGoSocket(handle)),
  PIPEWRAP: (handle) => queueMicrotask(() => letGoSocket(handle)),
  // Over a connection that was kept alive from before.
  HTTPCLIENTREQUEST: ({ req }) => req?.socket?.unref?.(),
  HTTP2STREAM: (stream) => queueMicrotask(() => ownerOf<{ session?: Resource }>(stream)?.session?.unref?.()),
};

/** Agents and HTTP/2 clients take hold of a socket again with each request; gRPC does so with a timer. */
function letGo(resource: Resource): void {
  resource.unref?.();
  resource.ref = () => resource;
}

function letGoSocket(handle: Resource): void {
  letGo(handle);
  const socket = ownerOf(handle);
  if (socket instanceof Socket && socket.connecting) attached(() => connects.limit(socket));
}

/** What a handle belongs to: Node.js keeps it there under a symbol of its own. */
function ownerOf<T>(handle: object): T | undefined {
  const owner = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol');
  return owner && (handle as Record<symbol, T | undefined>)[owner];
}

const hook = createHook({
  init(_id, type, _trigger, resource) {
    const release = LET_GO[type];
    if (release !== undefined && detachedWork.getStore() === true) release(resource);
  },
  // Spares promises, where Node.js can: no hook is as dear as theirs.
  ...{ trackPromises: false },
});

let underWay = 0;

/** Runs what returns a promise, or nothing. The hook is on until that has settled, and off while nothing is under way. */
export function detached<T>(run: () => T): T {
  if (underWay++ === 0) hook.enable();
  const over = () => {
    if (--underWay === 0) hook.disable();
  };
  let result: T | undefined;
  try {
    result = detachedWork.run(true, run);
    return result;
  } finally {
    Promise.resolve(result).then(over, over);
  }
}

/** Runs what is the application's own, in the middle of detached work. */
export function attached<T>(run: () => T): T {
  return detachedWork.run(false, run);
}
