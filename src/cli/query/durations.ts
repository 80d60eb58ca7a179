/**
 * Durations of many groups, for their percentiles. Each is kept as it is, until there are more different ones than memory is
 * meant for; from then on, all are rounded, so that memory stays the same and the error is known.
 */

/** Different durations, over all groups: about 60 MB. */
const MAX_DISTINCT = 1_000_000;
/** Digits of the binary number that are kept at first, once they are rounded, and at least. */
const FIRST_DIGITS = 10;
const LEAST_DIGITS = 4;

/** How often a group had each duration. */
export type Histogram = Map<number, number>;

export class Durations {
  readonly #maxDistinct: number;
  readonly #histograms = new Set<Histogram>();
  #distinct = 0;
  #digits: number | undefined;

  constructor(maxDistinct = MAX_DISTINCT) {
    this.#maxDistinct = maxDistinct;
  }

  /** By how much a percentile can be wrong, as a share of it. */
  get error(): number {
    return this.#digits === undefined ? 0 : 2 ** (1 - this.#digits);
  }

  group(): Histogram {
    const histogram: Histogram = new Map();
    this.#histograms.add(histogram);
    return histogram;
  }

  add(histogram: Histogram, ms: number): void {
    const value = this.#digits === undefined ? ms : rounded(ms, this.#digits);
    const count = histogram.get(value);
    histogram.set(value, (count ?? 0) + 1);
    if (count !== undefined) return;
    this.#distinct += 1;
    while (this.#distinct > this.#maxDistinct && this.#digits !== LEAST_DIGITS) this.#round();
  }

  #round(): void {
    this.#digits = this.#digits === undefined ? FIRST_DIGITS : this.#digits - 1;
    this.#distinct = 0;
    for (const histogram of this.#histograms) {
      const counts = [...histogram];
      histogram.clear();
      for (const [ms, count] of counts) {
        const value = rounded(ms, this.#digits);
        histogram.set(value, (histogram.get(value) ?? 0) + count);
      }
      this.#distinct += histogram.size;
    }
  }
}

/** To so many binary digits. All roundings of a value together change it by less than twice the last one. */
function rounded(ms: number, digits: number): number {
  if (ms <= 0) return 0;
  const step = 2 ** (Math.floor(Math.log2(ms)) + 1 - digits);
  return Math.round(ms / step) * step;
}

/** The smallest duration that so many of all are not above, by the nearest rank; undefined without any. */
export function percentile(histogram: Histogram, share: number): number | undefined {
  let total = 0;
  for (const count of histogram.values()) total += count;
  let rank = Math.ceil(total * share);
  for (const [ms, count] of [...histogram].sort(([a], [b]) => a - b)) {
    rank -= count;
    if (rank <= 0) return ms;
  }
  return undefined;
}
