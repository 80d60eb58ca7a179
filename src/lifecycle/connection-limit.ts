/** How long a connection may take. */
import type { Socket } from 'node:net';
import { runLater } from '../lib/timers.js';
import { TimeLimit } from './time-limit.js';

/** After a connection attempt was abandoned, for how long others get less time: gRPC retries without a pause. */
const DOUBTFUL_MS = 10_000;
const DOUBTFUL_LIMIT_MS = 200;

/** When an attempt was abandoned last: those at the same time delay the end once. */
let abandonedAt = Number.NEGATIVE_INFINITY;

/**
 * Limits the time that a connection takes. A socket that is connecting cannot be unreferenced, and a host that drops
 * packets leaves it connecting for minutes. It is destroyed, and the exporter tries again.
 */
export class ConnectionLimit {
  limitMs: number;
  #doubtfulUntil = 0;
  /** An abandoned attempt has delayed the end, too. */
  readonly #end = new TimeLimit();

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  apply(socket: Socket): void {
    const start = performance.now();
    const limitMs = start < this.#doubtfulUntil ? Math.min(DOUBTFUL_LIMIT_MS, this.limitMs) : this.limitMs;
    const stop = runLater(limitMs, () => {
      if (!socket.connecting) return;
      if (start >= this.#doubtfulUntil) this.#doubtfulUntil = performance.now() + DOUBTFUL_MS;
      // The error that the operating system's own timeout causes.
      socket.destroy(Object.assign(new Error(`no connection in ${limitMs} ms`), { code: 'ETIMEDOUT' }));
      const now = performance.now();
      this.#end.spend(now - Math.max(start, abandonedAt));
      abandonedAt = now;
    });
    socket.once('connect', stop).once('close', stop);
  }
}
