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
  /** How many of these: others between them were written. */
  readonly records: number;
  /** The hash of the record before the first. */
  readonly prevHash: string;
}

type Numbers = Pick<Run, 'chain' | 'first' | 'last'>;

/** A run while a file is read. */
interface Piece extends Run {
  first: number;
  last: number;
  prevHash: string;
  headHash: string;
  /** The one that it became a part of. */
  into: Piece | undefined;
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
  readonly #open = new Map<string, Piece>();
  readonly #pieces = new Set<Piece>();
  /** With the piece whose record told of it. */
  readonly #lost: (readonly [lost: Lost, told: Piece])[] = [];
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
        run.last = number;
        run.headHash = hash;
        return;
      }
      this.problem ??= `has record ${number} of chain ${chain}, which does not fit the one before it`;
    }
    // A copy.
    if (run !== undefined && number === run.last && hash === run.headHash) return;
    // A process writes the records of a chain in order. Whether another one is a copy, only all hashes would tell.
    if (run !== undefined && number <= run.last)
      this.problem ??= `has record ${number} of chain ${chain} out of its order, or in another version`;
    if (this.#pieces.size >= MAX_RUNS) {
      this.problem ??= `has more than ${MAX_RUNS} parts of chains`;
      return;
    }
    const piece = { chain, first: number, last: number, prevHash: prev, headHash: hash, into: undefined };
    this.#pieces.add(piece);
    this.#open.set(chain, piece);
  }

  /**
   * The record that was added last tells of a gap. Once it is deleted, nothing would explain to `verify` what it explains now.
   */
  lose(lost: Lost): void {
    const told = this.#open.get(lost.chain);
    if (told === undefined) return;
    if (this.#lost.length < MAX_RUNS) this.#lost.push([lost, told]);
    else this.problem ??= `has more than ${MAX_RUNS} gaps`;
  }

  get facts(): Omit<Facts, 'sha256' | 'bytes'> {
    const none = this.records === 0;
    return {
      records: this.records,
      oldest: none || this.#oldest === Number.POSITIVE_INFINITY ? Number.NaN : this.#oldest,
      newest: none || this.#newest === Number.NEGATIVE_INFINITY ? Number.NaN : this.#newest,
      runs: bridged(this.#pieces, this.#lost),
      problem: this.problem,
    };
  }
}

/**
 * Runs that go on over what was lost in between: the record behind a gap has the hash of the last one that was lost. Anybody could
 * have written the record of a gap that is not linked to it.
 */
function bridged(pieces: ReadonlySet<Piece>, lost: readonly (readonly [Lost, Piece])[]): readonly Run[] {
  const byEnd = new Map<string, Piece>();
  for (const piece of pieces) byEnd.set(`${piece.chain} ${piece.last} ${piece.headHash}`, piece);
  const held = [...pieces].map(({ chain, first, last }) => ({ chain, first, last }));
  // The latest gap first: a record can tell of a gap that spans a later one.
  for (const [{ chain, first, last, records, prevHash }, told] of lost.toSorted(([a], [b]) => b.first - a.first)) {
    let behind = told;
    while (behind.into !== undefined) behind = behind.into;
    if (behind.first !== last + 1 || first > last) continue;
    // What was written in between has to be in this file: elsewhere, it is there still.
    const between = last - first + 1 - records;
    if (between > 0 && countIn({ chain, first, last }, held) < between) continue;
    const before = byEnd.get(`${chain} ${first - 1} ${prevHash}`);
    behind.first = before?.first ?? first;
    behind.prevHash = before?.prevHash ?? prevHash;
    if (before !== undefined) before.into = behind;
  }
  return [...pieces]
    .filter(({ into }) => into === undefined)
    .map(({ chain, first, last, prevHash, headHash }) => ({ chain, first, last, prevHash, headHash }));
}

/** How many records of a chain some numbers have. */
function countIn({ chain, first, last }: Numbers, held: readonly Numbers[]): number {
  const within = held.filter((each) => each.chain === chain && each.first >= first && each.last <= last);
  return within.reduce((sum, each) => sum + each.last - each.first + 1, 0);
}
