/**
 * Work that does not keep the process alive: the timers and sockets it makes are unreferenced as soon as they exist. Code
 * that needs its result waits with a separate timer.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { Socket } from 'node:net';
import { ConnectionLimit } from './connection-limit.js';
import { END_LIMIT_MS } from './time-limit.js';

export const connectionLimit: ConnectionLimit = new ConnectionLimit(END_LIMIT_MS);

interface Resource {
  ref?(): unknown;
  unref?(): unknown;
  /** Of a client's HTTP request. */
  readonly req?: { readonly socket?: Resource };
}

/** How to unreference what keeps an event loop alive, by the types of `async_hooks`. */
const UNREF: Readonly<Record<string, (resource: Resource) => void>> = {
  Timeout: unref,
  // The hook runs before the socket has its handle.
  TCPWRAP: (handle) => queueMicrotask(() => unrefSocket(handle)),
  PIPEWRAP: (handle) => queueMicrotask(() => unrefSocket(handle)),
  // Over a connection that was kept alive from before.
  HTTPCLIENTREQUEST: ({ req }) => req?.socket?.unref?.(),
  HTTP2STREAM: (stream) => queueMicrotask(() => ownerOf<{ session?: Resource }>(stream)?.session?.unref?.()),
};

/** Agents and HTTP/2 clients reference a socket again for each request, and gRPC a timer: `ref` does nothing from now on. */
function unref(resource: Resource): void {
  resource.unref?.();
  resource.ref = () => resource;
}

function unrefSocket(handle: Resource): void {
  unref(handle);
  const socket = ownerOf(handle);
  if (socket instanceof Socket && socket.connecting) referenced(() => connectionLimit.apply(socket));
}

/** The object that a handle belongs to: Node.js keeps it there under a symbol. */
function ownerOf<T>(handle: object): T | undefined {
  const owner = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol');
  return owner && (handle as Record<symbol, T | undefined>)[owner];
}

/** The unreferenced work of the process. Its `async_hooks` hook is enabled only while there is some. */
class UnreferencedWork {
  readonly #isUnreferenced = new AsyncLocalStorage<boolean>();
  readonly #hook = createHook({
    init: (_id, type, _trigger, resource) => {
      const release = UNREF[type];
      if (release !== undefined && this.#isUnreferenced.getStore() === true) release(resource);
    },
    // Where Node.js supports it, promises are left out: hooks on them are the most expensive.
    ...{ trackPromises: false },
  });
  #running = 0;

  run<T>(work: () => T): T {
    if (this.#running++ === 0) this.#hook.enable();
    const over = () => {
      if (--this.#running === 0) this.#hook.disable();
    };
    let result: T | undefined;
    try {
      result = this.#isUnreferenced.run(true, work);
      return result;
    } finally {
      Promise.resolve(result).then(over, over);
    }
  }

  leave<T>(work: () => T): T {
    return this.#isUnreferenced.run(false, work);
  }
}

const unreferencedWork = new UnreferencedWork();

/** Runs work that does not keep the process alive, until the promise that it returns has settled. */
export function unreferenced<T>(work: () => T): T {
  return unreferencedWork.run(work);
}

/** Runs the application's own code in the middle of unreferenced work. */
export function referenced<T>(work: () => T): T {
  return unreferencedWork.leave(work);
}
