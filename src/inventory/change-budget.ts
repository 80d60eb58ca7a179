/** How much one server may have to say: a server that changes with every call must not flood the audit trail. */
import { HOUR_MS } from './limits.js';

/** Changes of one thing (a tool, the facts, a list) that are reported per hour. */
const MAX_PER_THING = 10;
/** Changes of one server that are reported per hour. */
const MAX_PER_SERVER = 200;

export class ChangeBudget {
  #startedAt = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #noticed = false;
  readonly #things = new Map<string, number>();

  /** Whether a change of this thing may be reported now. It counts as reported when it may. */
  spend(thing: string, now: number): boolean {
    this.#renew(now);
    const spent = this.#things.get(thing) ?? 0;
    if (spent >= MAX_PER_THING || this.#spent >= MAX_PER_SERVER) return false;
    this.#things.set(thing, spent + 1);
    this.#spent++;
    return true;
  }

  /** True for the first change of an hour that may not be reported: that much is said. */
  notice(now: number): boolean {
    this.#renew(now);
    if (this.#noticed) return false;
    this.#noticed = true;
    return true;
  }

  /** The hour begins with its first change, and again when the clock was set back. */
  #renew(now: number): void {
    if (now >= this.#startedAt && now - this.#startedAt < HOUR_MS) return;
    this.#startedAt = now;
    this.#spent = 0;
    this.#noticed = false;
    this.#things.clear();
  }
}
