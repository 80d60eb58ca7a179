/**
 * Outcome known → record finished → answer leaves: the one place that keeps this order.
 *
 * Whoever knows how an operation ends says so here before the answer is given to its transport. What makes the record
 * runs at once, or, where the answer becomes the body of an HTTP response whose head is still to come, at the moment at
 * which that head is made: then the record has its status and its headers, and no byte has left.
 */
import { guarded } from '../report/guarded.js';
import type { HttpFacts } from '../session/peer.js';

/** Records that wait at the same time: a batch is answered at once, when the last of its requests is. */
const MAX_HELD = 1000;

/** A record that is made once, when somebody says so. */
export class Held {
  readonly #make: () => void;
  #made = false;

  constructor(make: () => void) {
    this.#make = make;
  }

  /** Has it made now, unless that is done. */
  release(): void {
    if (this.#made) return;
    this.#made = true;
    guarded('writing an audit record', this.#make);
  }
}

export class HandOver {
  readonly #held = new Set<Held>();

  /**
   * Has a record made before an answer leaves.
   * @param http the request whose response the answer leaves in; nothing where it leaves another way
   * @param lost called, after the record is made, when that response closes without a head, or is over already
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

  /** Has everything made that waits: the process may end before the answers leave. */
  flush(): void {
    for (const record of this.#held) record.release();
    this.#held.clear();
  }

  /** Of very many, the oldest goes without its HTTP status. */
  #hold(record: Held): void {
    this.#held.add(record);
    if (this.#held.size <= MAX_HELD) return;
    const [oldest] = this.#held;
    this.#held.delete(oldest as Held);
    oldest?.release();
  }
}
