/**
 * Keeps one order: the outcome is known, then the record is written, then the response is sent.
 *
 * Callers report the outcome here before they pass the response to its transport. The record is written at once, unless
 * the response is the body of an HTTP response without a head so far. It is then written when the head is made: it has the
 * HTTP status and headers, and nothing has been sent.
 */
import { guarded } from '../report/guarded.js';
import type { HttpFacts } from '../session/peer.js';

/** Bound on waiting records. The responses to a batch of requests are sent together, after the last one. */
const MAX_HELD = 1000;

/** A record that is written once. */
export class Held {
  readonly #make: () => void;
  #made = false;

  constructor(make: () => void) {
    this.#make = make;
  }

  /** Writes the record, unless it was written. */
  release(): void {
    if (this.#made) return;
    this.#made = true;
    guarded('writing an audit record', this.#make);
  }
}

export class HandOver {
  readonly #held = new Set<Held>();

  /**
   * Writes a record before its response is sent.
   * @param http the HTTP exchange that carries the response, if any
   * @param lost called after the record is written, if that exchange has ended or ends without a head
   */
  before(http: HttpFacts | undefined, record: Held, lost: () => void): void {
    const waits = http?.onHead((hasHead) => {
      this.#held.delete(record);
      record.release();
      if (!hasHead) guarded('writing an audit record', lost);
    });
    if (waits === true) {
      this.#hold(record);
      return;
    }
    record.release();
    if (http?.isOver()) guarded('writing an audit record', lost);
  }

  /** Writes all waiting records: the process may end before their responses are sent. */
  flush(): void {
    for (const record of this.#held) record.release();
    this.#held.clear();
  }

  /** Beyond the bound, the oldest record is written without an HTTP status. */
  #hold(record: Held): void {
    this.#held.add(record);
    if (this.#held.size <= MAX_HELD) return;
    const [oldest] = this.#held;
    this.#held.delete(oldest as Held);
    oldest?.release();
  }
}
