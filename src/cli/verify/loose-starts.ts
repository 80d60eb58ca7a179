/** Records without the one before them: whether that one is elsewhere, under another number or in another chain. */
import { type EntryView, FLAG } from './entry.js';
import type { Finding } from './findings.js';

/** A record whose predecessor is missing. */
export interface LooseStart {
  readonly chainId: string;
  readonly number: number;
  readonly at: string;
  /** The hash of the missing one, in hex. */
  readonly prev: string;
}

const MAX_STARTS = 32_768;

/** A start, and the record that was in front of it. */
export class LooseStarts {
  readonly #byHash = new Map<string, LooseStart>();

  readonly add = (start: LooseStart): void => {
    if (this.#byHash.size < MAX_STARTS) this.#byHash.set(start.prev, start);
  };

  /** Looks for them among all entries. */
  *find(entries: () => Iterable<EntryView>, nameOf: (file: number) => string): Generator<Finding> {
    if (this.#byHash.size === 0) return;
    const words = new Set([...this.#byHash.keys()].map(firstWord));
    for (const entry of entries()) {
      if (!words.has(entry.hashWord) || entry.has(FLAG.PIN)) continue;
      const start = this.#byHash.get(entry.hash);
      if (start === undefined) continue;
      const before = `record ${entry.number} of chain ${entry.chainId} (${nameOf(entry.file)}:${entry.line})`;
      const text = `record ${start.number} of chain ${start.chainId} (${start.at}) was the one after ${before}: its chain or number was changed`;
      yield { severity: 'tampered', kind: 'moved', number: start.number, at: start.at, text };
    }
  }
}

function firstWord(hash: string): number {
  const bytes = Buffer.from(hash.slice(0, 8), 'hex');
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4))[0] as number;
}
