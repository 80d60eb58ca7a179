/** What retention records state about other chains, as far as those records are proven themselves. */

import { DeletedRanges } from './deleted-ranges.js';
import type { DetailsStore } from './details.js';
import type { EntryView } from './entry.js';
import type { Range } from './missing.js';

/** A statement: its hashes are where its details are. */
interface Stated extends Range {
  readonly details: number;
}

/** A retention record of a chain that is being checked. */
interface Candidate {
  readonly number: number;
  readonly details: number;
  readonly at: string;
}

/** Statements that count: of a hundred files a day, those of almost seven years. */
const MAX_STATED = 250_000;

export class Deletions {
  readonly #details: DetailsStore;
  /** Chains that have such records: what is missing of them is never explained by others. */
  readonly #sources: ReadonlySet<string>;
  readonly #byChain = new Map<string, Stated[]>();
  #candidates: Candidate[] = [];
  #stated = 0;
  /** Records that explain nothing, and where the first of them is. */
  ignored = 0;
  firstIgnored: string | undefined;
  /** Records that are not looked at. */
  forgotten = 0;

  constructor(details: DetailsStore, sources: ReadonlySet<string>) {
    this.#details = details;
    this.#sources = sources;
  }

  /** A retention record of the chain that is being checked. */
  see(entry: EntryView, at: string): void {
    if (this.#stated + this.#candidates.length >= MAX_STATED) this.forgotten += 1;
    else this.#candidates.push({ number: entry.number, details: entry.details, at });
  }

  /** The chain was checked. */
  settle(isProven: (number: number) => boolean): void {
    for (const { number, details, at } of this.#candidates) {
      const { chain, first, last } = this.#details.retention(details);
      if (!isProven(number) || this.#sources.has(chain)) {
        this.ignored += 1;
        this.firstIgnored ??= at;
        continue;
      }
      const stated = this.#byChain.get(chain) ?? [];
      this.#byChain.set(chain, stated);
      stated.push({ first, last, details });
      this.#stated += 1;
    }
    this.#candidates = [];
  }

  /** What is stated about a chain. */
  of(chainId: string): DeletedRanges | undefined {
    const stated = this.#byChain.get(chainId);
    return stated && new DeletedRanges(stated.map(({ details }) => this.#details.retention(details)));
  }
}
