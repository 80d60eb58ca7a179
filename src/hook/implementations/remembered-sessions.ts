/** Sessions by their ids, bounded. Any client can make up ids, which therefore never replace a session that began properly. */

/** Bound on the sessions with and without `initialize`, each. One that returns after being dropped counts as new. */
const MAX_SESSIONS = 1000;

export class RememberedSessions<S> {
  // The one used last comes last.
  readonly #begun = new Map<string, S>();
  readonly #others = new Map<string, S>();
  readonly #onDrop: (session: S) => void;

  /** @param onDrop called with each session that is no longer remembered because there are too many */
  constructor(onDrop: (session: S) => void) {
    this.#onDrop = onDrop;
  }

  get(id: string): S | undefined {
    return this.#begun.get(id) ?? this.#others.get(id);
  }

  /** Notes that a session is used. */
  used(id: string, session: S): void {
    this.#put(this.#begun.has(id) ? this.#begun : this.#others, id, session);
  }

  /** Notes that a session has answered `initialize`. */
  begun(id: string, session: S): void {
    this.#others.delete(id);
    this.#put(this.#begun, id, session);
  }

  forget(id: string): void {
    this.#begun.delete(id);
    this.#others.delete(id);
  }

  #put(sessions: Map<string, S>, id: string, session: S): void {
    sessions.delete(id);
    sessions.set(id, session);
    if (sessions.size <= MAX_SESSIONS) return;
    for (const [oldest, dropped] of sessions) {
      sessions.delete(oldest);
      this.#onDrop(dropped);
      break;
    }
  }
}
