/** What a server is called where nobody says it: what it calls itself, as soon as it has. */
import { runLater } from '../lib/timers.js';

/** How long telemetry waits for a server that does not say its name. */
const WAIT_MS = 2000;

export class ServiceName {
  /** For OpenTelemetry, which sends nothing before it is settled. */
  readonly settled: Promise<string>;
  #settle: (name: string) => void = () => {};
  #isSettled = false;
  readonly #fallback: string;
  #stop: () => void = () => {};

  /** @param fallback used until the server has said its name, and if it does not in time */
  constructor(fallback: string) {
    this.#fallback = fallback;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Something waits. */
  limitWaiting(): void {
    this.#stop = runLater(WAIT_MS, () => this.end());
  }

  /** The server has said its name. Returns whether that counts: spans and records must not differ. */
  said(name: string): boolean {
    if (this.#isSettled) return false;
    this.#settleAs(name);
    return true;
  }

  /** No name comes any more. Idempotent. */
  end(): void {
    if (!this.#isSettled) this.#settleAs(this.#fallback);
  }

  #settleAs(name: string): void {
    this.#isSettled = true;
    this.#stop();
    this.#settle(name);
  }
}
