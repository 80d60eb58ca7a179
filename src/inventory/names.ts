/** Names that peers chose, made safe to keep: well-formed, without control characters, redacted, short. */
import { startOf } from '../lib/text.js';
import { MAX_NAME } from './bounds.js';

/** How much of a name is read: a secret that lies across the end of the kept part must be seen whole. */
const MAX_READ = 2048;

const MAX_REMEMBERED = 2000;
export const UNREADABLE = '[REDACTED:hook_error]';

export class Names {
  readonly #redact: ((name: string, again: boolean) => string) | undefined;
  /** A cache: the same few names come with every call. */
  readonly #remembered = new Map<string, string>();
  readonly #recorded = new Map<string, string>();

  constructor(redact: ((name: string, again: boolean) => string) | undefined) {
    this.#redact = redact;
  }

  /** The form of a name that is kept and compared. */
  kept(name: string, max: number = MAX_NAME): string {
    return this.#remember(this.#remembered, name, max, false);
  }

  /** The same for a name from a record, which is redacted already. */
  recorded(name: string): string {
    return this.#remember(this.#recorded, name, MAX_NAME, true);
  }

  #remember(remembered: Map<string, string>, name: string, max: number, again: boolean): string {
    if (name.length > MAX_NAME) return startOf(this.#redacted(name, again), max);
    let kept = remembered.get(name);
    if (kept === undefined) {
      kept = startOf(this.#redacted(name, again), MAX_NAME);
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.set(name, kept);
    }
    return startOf(kept, max);
  }

  /** If the hook fails, the name is dropped. */
  #redacted(name: string, again: boolean): string {
    const read = name.slice(0, MAX_READ);
    if (this.#redact === undefined) return plain(read);
    try {
      const redacted: unknown = this.#redact(read, again);
      return typeof redacted === 'string' ? plain(redacted.slice(0, MAX_READ)) : UNREADABLE;
    } catch {
      return UNREADABLE;
    }
  }
}

function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '').replace(/\p{Surrogate}/gu, '\ufffd');
}
