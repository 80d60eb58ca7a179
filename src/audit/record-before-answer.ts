/**
 * Outcome known → record finished → answer leaves: the one place that keeps this order.
 *
 * Callers report the outcome here before they pass the answer to its transport. The record is made at once, or, if the
 * answer is the body of an HTTP response whose head is not made yet, when that head is made: the record then has its
 * status and headers, and no byte has left.
 */
import { guarded } from '../report/guarded.js';
import type { HttpFacts } from '../session/peer.js';

/** Bound on waiting records. A batch of requests is answered at once, after the last of them. */
const MAX_HELD = 1000;

/** A record that is made once. */
export class Held {
  readonly #make: () => void;
  #made = false;

  constructor(make: () => void) {
    this.#make = make;
  }

  /** Makes the record, unless it is made. */
  release(): void {
    if (this.#made) return;
    this.#made = true;
    guarded('writing an audit record', this.#make);
  }
}

export class HandOver {
  readonly #held = new Set<Held>();

  /**
   * Makes a record before its answer leaves.
   * @param http the request whose response carries the answer, if one does
   * @param lost called after the record is made, if that response closes without a head or is over
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

  /** Makes all waiting records: the process may end before the answers leave. */
  flush(): void {
    for (const record of this.#held) record.release();
    this.#held.clear();
  }

  /** Beyond the bound, the oldest record is made without its HTTP status. */
  #hold(record: Held): void {
    this.#held.add(record);
    if (this.#held.size <= MAX_HELD) return;
    const [oldest] = this.#held;
    this.#held.delete(oldest as Held);
    oldest?.release();
  }
}
