/** What a file holds, as its deletion has to tell: which parts of which chains. Pure. */

/** Records of a chain that follow each other, each with the hash of the one before. */
export interface Run {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  /** The hash in the first of them. */
  readonly prevHash: string;
  /** The hash of the last of them. */
  readonly headHash: string;
}

/** A record with its place. */
export interface Placed {
  readonly chain: string;
  readonly number: number;
  readonly prev: string;
  readonly hash: string;
  /** The later one of its times, and the earlier one, in milliseconds since 1970; NaN if it has none. */
  readonly newest: number;
  readonly oldest: number;
}

/** A file's content. */
export interface Facts {
  /** Of its plain bytes. */
  readonly sha256: string;
  readonly bytes: number;
  /** Records with a place in a chain, copies included. */
  readonly records: number;
  /** NaN without records. */
  readonly oldest: number;
  readonly newest: number;
  readonly runs: readonly Run[];
  /** Why it must not be deleted: a sentence without its subject. */
  readonly problem: string | undefined;
}

/** More pieces than any file of ours has. Each becomes a record. */
const MAX_RUNS = 10_000;

export class FactsOfRecords {
  readonly #open = new Map<string, Run>();
  readonly #runs: Run[] = [];
  records = 0;
  #oldest = Number.POSITIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  problem: string | undefined;

  add({ chain, number, prev, hash, newest, oldest }: Placed): void {
    this.records += 1;
    if (Number.isNaN(newest)) this.problem ??= 'has a record without a time';
    else this.#newest = Math.max(this.#newest, newest);
    if (oldest < this.#oldest) this.#oldest = oldest;
    const run = this.#open.get(chain);
    if (run !== undefined && number === run.last + 1) {
      if (prev === run.headHash) {
        this.#open.set(chain, { ...run, last: number, headHash: hash });
        return;
      }
      this.problem ??= `has record ${number} of chain ${chain}, which does not fit the one before it`;
    }
    // A copy.
    if (run !== undefined && number === run.last && hash === run.headHash) return;
    if (this.#runs.length + this.#open.size >= MAX_RUNS) {
      this.problem ??= `has more than ${MAX_RUNS} parts of chains`;
      return;
    }
    if (run !== undefined) this.#runs.push(run);
    this.#open.set(chain, { chain, first: number, last: number, prevHash: prev, headHash: hash });
  }

  get facts(): Omit<Facts, 'sha256' | 'bytes'> {
    const none = this.records === 0;
    return {
      records: this.records,
      oldest: none || this.#oldest === Number.POSITIVE_INFINITY ? Number.NaN : this.#oldest,
      newest: none || this.#newest === Number.NEGATIVE_INFINITY ? Number.NaN : this.#newest,
      runs: [...this.#runs, ...this.#open.values()],
      problem: this.problem,
    };
  }
}
