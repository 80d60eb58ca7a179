/** Numbers that are missing from a chain, and the losses that explain them. Pure. */
import type { GapDetails } from './details.js';
import { addLost, type Lost, lostByNone } from './losers.js';

/** Consecutive numbers that are missing. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What the record of a gap says is lost. */
export interface Loss extends GapDetails {
  /** It is believed about ranges that begin after this number. */
  readonly after: number;
}

/** How many missing numbers each sink lost, and how many nothing explains. */
export interface Explained<R extends Range> {
  readonly lost: Lost;
  readonly left: ReadonlyMap<R, number>;
}

/** A part of a range that is wholly in each loss, or wholly out of it. */
interface Piece<R> {
  readonly range: R;
  readonly first: number;
  /** Numbers that nothing explains yet. */
  open: number;
}

/**
 * Explains as many numbers between the first and the last of each loss as it says are lost, and each number once.
 *
 * @param ranges disjoint, in order
 */
export function explain<R extends Range>(ranges: readonly R[], losses: readonly Loss[]): Explained<R> {
  const pieces = piecesOf(ranges, losses);
  const unfinished = new Unfinished(pieces.length);
  const lost = lostByNone();
  for (const { first, last, records, sink, after } of [...losses].sort(inTurn)) {
    const start = lowest(pieces.length, (at) => {
      const piece = pieces[at] as Piece<R>;
      return piece.first >= first && piece.range.first > after;
    });
    let left = records;
    for (let at = unfinished.from(start); left > 0 && at < pieces.length; at = unfinished.from(at)) {
      const piece = pieces[at] as Piece<R>;
      if (piece.first > last) break;
      const taken = Math.min(piece.open, left);
      piece.open -= taken;
      left -= taken;
      addLost(lost, sink, taken);
      if (piece.open === 0) unfinished.finish(at);
    }
  }
  const left = new Map<R, number>();
  for (const { range, open } of pieces) if (open > 0) left.set(range, (left.get(range) ?? 0) + open);
  return { lost, left };
}

/** What a file lost cannot be elsewhere. Of others, the one that ends first has the fewest numbers to choose from. */
function inTurn(a: Loss, b: Loss): number {
  if ((a.sink === 'file') !== (b.sink === 'file')) return a.sink === 'file' ? -1 : 1;
  return a.last - b.last;
}

function piecesOf<R extends Range>(ranges: readonly R[], losses: readonly Loss[]): Piece<R>[] {
  const cuts = losses.flatMap(({ first, last }) => [first, last + 1]).sort((a, b) => a - b);
  const pieces: Piece<R>[] = [];
  let cut = 0;
  for (const range of ranges) {
    for (let first = range.first; first <= range.last; ) {
      while ((cuts[cut] ?? Number.POSITIVE_INFINITY) <= first) cut += 1;
      const end = Math.min(range.last + 1, cuts[cut] ?? Number.POSITIVE_INFINITY);
      pieces.push({ range, first, open: end - first });
      first = end;
    }
  }
  return pieces;
}

/** The first of `count` indices for which a condition holds that holds for all after it, too. */
export function lowest(count: number, holds: (index: number) => boolean): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Indices that are not finished; finding the next one costs almost nothing, however many are. */
class Unfinished {
  readonly #next: Uint32Array;

  constructor(count: number) {
    this.#next = Uint32Array.from({ length: count + 1 }, (_, index) => index);
  }

  /** The first one at or after an index; the count if there is none. */
  from(index: number): number {
    const next = this.#next;
    let at = index;
    while (next[at] !== at) {
      next[at] = next[next[at] as number] as number;
      at = next[at] as number;
    }
    return at;
  }

  finish(index: number): void {
    this.#next[index] = index + 1;
  }
}
