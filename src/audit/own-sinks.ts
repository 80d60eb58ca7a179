/** Sinks of the application's own. What they do wrong costs them records, and nobody else anything. */
import { processStore } from '../lib/process-store.js';
import { waitAtEnd } from '../lifecycle/pending-work.js';
import { Delays, TimeLimit } from '../lifecycle/time-limit.js';
import type { CheckedSink } from '../options/sinks.js';
import { reportFailure, warnOperator } from '../report/report.js';
import type { AuditRecord } from '../semconv/audit-record.js';
import type { Finished, Lost, Sink, Taken } from './lost-records.js';
import { failureClassOf } from './sinks.js';

/** How long the end of the process waits for sinks. */
const CLOSE_MS = 2000;

const inside = processStore<true>('audit-sink');

/** Whether a sink does this: its record would cause the next one, and so on. */
export function isDoneBySink(): boolean {
  return inside.getStore() === true;
}

export class OwnSink implements Sink {
  readonly name: string;
  readonly durable: boolean;
  readonly #sink: CheckedSink;
  readonly #label: string;
  #isAccepting = false;

  constructor(sink: CheckedSink) {
    this.#sink = sink;
    this.name = sink.name;
    this.durable = sink.durable;
    this.#label = `the audit sink ${JSON.stringify(sink.name)}`;
  }

  accept(finished: Finished, lost: Lost): Taken {
    // A record that it causes while it takes one, by another way than its own calls.
    if (this.#isAccepting) return false;
    this.#isAccepting = true;
    const refused = (isCounted: boolean) => {
      this.#warn('returned false');
      lost('not_accepted', isCounted);
    };
    const failed = (error: unknown, isCounted: boolean) => {
      const cause = failureClassOf(error);
      this.#warn(`failed (${cause})`);
      lost(cause, isCounted);
    };
    try {
      const { text } = finished;
      const answer = answerOf(() => this.#sink.accept(recordOf(text), text));
      if (answer === false) refused(false);
      if (!(answer instanceof Promise)) return answer !== false;
      void answer.then(
        (kept: unknown) => kept === false && refused(true),
        (error: unknown) => failed(error, true),
      );
      return 'unconfirmed';
    } catch (error) {
      failed(error, false);
      return false;
    } finally {
      this.#isAccepting = false;
    }
  }

  /** It is closed with each end of the trail: nothing asynchronous could follow when the process exits. */
  endTrail(target?: object): void {
    if (target !== undefined) return;
    const site = `closing ${this.#label}`;
    try {
      const closing = answerOf(() => this.#sink.close());
      if (!(closing instanceof Promise)) return;
      const closed = closing.catch((error: unknown) => reportFailure(site, error));
      const late = `${this.#label} was not closed within ${CLOSE_MS / 1000} s: what it holds may be lost`;
      waitFor(closed, () => warnOperator(late));
    } catch (error) {
      reportFailure(site, error);
    }
  }

  #warn(why: string): void {
    warnOperator(`audit records are lost: ${this.#label} ${why}`);
  }
}

/** What a sink answers; where it can be waited for, a promise of ours. All that it does for that counts as done by it, also in a `then`. */
function answerOf(ask: () => unknown): unknown {
  return inside.run(true, () => {
    const answer = ask();
    const isWaitable = (typeof answer === 'object' && answer !== null) || typeof answer === 'function';
    // Of a promise, `await` does not call a `then` that it was given.
    return isWaitable ? (async () => await answer)() : answer;
  });
}

let last = '';
let record: AuditRecord | undefined;

/** The record for all sinks, none of which can change what the others get. */
function recordOf(text: string): AuditRecord {
  if (record === undefined || text !== last) {
    record = JSON.parse(text) as AuditRecord;
    for (const value of Object.values(record)) if (typeof value === 'object') Object.freeze(value);
    Object.freeze(record);
    last = text;
  }
  return record;
}

const limit = new TimeLimit(() => CLOSE_MS, undefined, new Delays());
const closing = new Set<Promise<void>>();
waitAtEnd(() => (closing.size === 0 ? undefined : Promise.all(closing)));

/** Keeps the process alive until a sink is closed, and not for longer than it may take. */
function waitFor(closed: Promise<unknown>, onLate: () => void): void {
  const waiting = limit.hold(closed).then((inTime) => {
    if (!inTime) onLate();
    closing.delete(waiting);
  });
  closing.add(waiting);
}
