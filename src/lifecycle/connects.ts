/**
 * Connections of detached work that are being made. What a socket does can be let go, but not its being connected, which
 * a host that drops packets leaves undecided for minutes: that is given up, and an exporter tries again.
 */
import type { Socket } from 'node:net';
import { END_LIMIT_MS } from './time-limit.js';

/** For so long after one was given up, others get only a moment: gRPC tries again without a pause. */
const DOUBTFUL_MS = 10_000;
const MOMENT_MS = 200;

export class Connects {
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
