/**
 * What one sink lost: a gap for each run of records without one between them that it took. Only the record of its own gap
 * links a taken record to the trail, by the hash of the record in front of the gap.
 */
import { rfc3339 } from '../lib/clock.js';
import type { FieldValues } from './record-fields.js';

/** Records that a sink lost. */
export interface Gap {
  readonly records: number;
  /** Numbers in the chain. */
  readonly first: number;
  readonly last: number;
  /** The hash of the record before the first. */
  readonly prevHash: string | undefined;
  readonly since: number;
  readonly until: number;
  readonly causes: readonly string[];
  /** How many of the records the other sinks know of. */
  readonly told: number;
}

/** More than a full disk leaves while small records fit and large ones do not. */
const MAX_GAPS = 64;
/** More causes than occur in practice. */
const MAX_CAUSES = 16;

export class Gaps {
  /** By their numbers; no two touch. */
  #gaps: Gap[] = [];

  get all(): readonly Gap[] {
    return this.#gaps;
  }

  /** Adds lost records. Gaps that touch become one, and so do the last ones when there are too many. */
  add(lost: Gap): void {
    const last = this.#gaps.at(-1);
    if (last !== undefined && last.last + 1 === lost.first) {
      this.#gaps[this.#gaps.length - 1] = merged(last, lost);
      return;
    }
    const touches = ({ first, last }: Gap) => first <= lost.last + 1 && last >= lost.first - 1;
    const gap = this.#gaps.filter(touches).reduce(merged, lost);
    this.#gaps = [...this.#gaps.filter((each) => !touches(each)), gap].sort((a, b) => a.first - b.first);
    if (this.#gaps.length > MAX_GAPS) this.#gaps.push(this.#gaps.splice(-2).reduce(merged));
  }

  /** Removes the oldest gap; undefined if there is none. */
  takeOldest(): Gap | undefined {
    return this.#gaps.shift();
  }

  /** The other sinks know of everything so far. */
  toldAll(): void {
    this.#gaps = this.#gaps.map((gap) => ({ ...gap, told: gap.records }));
  }
}

function merged(one: Gap, other: Gap): Gap {
  const [a, b] = one.first <= other.first ? [one, other] : [other, one];
  return {
    records: a.records + b.records,
    first: a.first,
    last: Math.max(a.last, b.last),
    prevHash: a.prevHash,
    since: Math.min(a.since, b.since),
    until: Math.max(a.until, b.until),
    causes: [...new Set([...a.causes, ...b.causes])].slice(0, MAX_CAUSES),
    told: a.told + b.told,
  };
}

/** The fields of the record of a gap. */
export function gapFields(sink: string, gap: Gap): FieldValues {
  return {
    'mcp_audit.gap.sink': sink,
    'mcp_audit.gap.records': gap.records,
    'mcp_audit.gap.first': gap.first,
    'mcp_audit.gap.last': gap.last,
    'mcp_audit.gap.prev_hash': gap.prevHash,
    'mcp_audit.gap.since': rfc3339(gap.since),
    'mcp_audit.gap.until': rfc3339(gap.until),
    'mcp_audit.gap.causes': [...gap.causes].sort(),
  };
}
