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

/** Records that were lost when they were to be written to the file, as a record of the gap states. */
export interface Lost {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  /** The hash of the record before the first. */
  readonly prevHash: string;
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
  readonly #lost: Lost[] = [];
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

  /** Without the record of a gap, nothing would explain to `verify` what it explains now. */
  lose(lost: Lost): void {
    if (this.#lost.length < MAX_RUNS) this.#lost.push(lost);
    else this.problem ??= `has more than ${MAX_RUNS} gaps`;
  }

  get facts(): Omit<Facts, 'sha256' | 'bytes'> {
    const none = this.records === 0;
    return {
      records: this.records,
      oldest: none || this.#oldest === Number.POSITIVE_INFINITY ? Number.NaN : this.#oldest,
      newest: none || this.#newest === Number.NEGATIVE_INFINITY ? Number.NaN : this.#newest,
      runs: bridged([...this.#runs, ...this.#open.values()], this.#lost),
      problem: this.problem,
    };
  }
}

/** Runs that go on over what was lost in between: the record behind a gap has the hash of the last one that was lost. */
function bridged(runs: readonly Run[], lost: readonly Lost[]): readonly Run[] {
  if (lost.length === 0) return runs;
  const [byFirst, byLast] = [new Map<string, Run>(), new Map<string, Run>()];
  const all = new Set(runs);
  const put = (run: Run): void => {
    all.add(run);
    byFirst.set(`${run.chain} ${run.first}`, run);
    byLast.set(`${run.chain} ${run.last}`, run);
  };
  for (const run of runs) put(run);
  for (const { chain, first, last, prevHash } of lost.toSorted((a, b) => a.first - b.first)) {
    const behind = byFirst.get(`${chain} ${last + 1}`);
    if (behind === undefined) continue;
    all.delete(behind);
    const before = byLast.get(`${chain} ${first - 1}`);
    if (before?.headHash !== prevHash) {
      put({ ...behind, first, prevHash });
      continue;
    }
    all.delete(before);
    put({ ...behind, first: before.first, prevHash: before.prevHash });
  }
  return [...all];
}
