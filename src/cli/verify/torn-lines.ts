/** Lines that are broken: which records they were, as far as can be read, and whether those are elsewhere. */
import { NO_RECORD_HASH } from '../../chain/hash.js';
import type { EntryView } from './entry.js';
import type { Finding } from './findings.js';
import type { Range } from './missing.js';

/** What can be read of a record. */
export interface TornLine {
  readonly file: number;
  readonly chain: string | undefined;
  readonly number: number | undefined;
  /** The beginning of the hash that it has of the record before it, in hex. */
  readonly prev: string;
  /** For a line that is merely cut off. */
  readonly finding?: Finding;
}

interface Kept extends TornLine {
  /** Whether the record is elsewhere, as a whole. */
  whole: boolean;
}

const MAX_LINES = 10_000;
/** Lines between two records that are looked at. */
const MAX_BETWEEN = 1000;
const PREV = /audit\.prev\.hash\\*":\s?\\*"([0-9a-f]{1,64})/g;
/** So much of a hash is that of one record only. */
const ENOUGH = 16;

/** The beginning of the hash of the record before, in a record that is broken. */
export function prevIn(text: string): string {
  return [...text.matchAll(PREV)].at(-1)?.[1] ?? '';
}

export class TornLines {
  /** By their files, in order. */
  readonly #byFile = new Map<number, Kept[]>();
  /** By the first word of the hash that they have. */
  readonly #byPrev = new Map<string, Kept[]>();
  readonly #all: Kept[] = [];

  /** Returns false if there are too many. */
  add(line: TornLine): boolean {
    if (this.#all.length === MAX_LINES) return false;
    const kept = { ...line, whole: false };
    this.#all.push(kept);
    append(this.#byFile, line.file, kept);
    if (line.prev.length >= ENOUGH && !NO_RECORD_HASH.startsWith(line.prev)) {
      append(this.#byPrev, line.prev.slice(0, ENOUGH), kept);
    }
    return true;
  }

  /** A whole record. */
  see(entry: EntryView): void {
    if (this.#byPrev.size === 0) return;
    const { prev } = entry;
    for (const line of this.#byPrev.get(prev.slice(0, ENOUGH)) ?? []) line.whole ||= prev.startsWith(line.prev);
  }

  /** Whether one of the lines between two records of an input, or one of the chain anywhere, may be a missing record. */
  isOneOf(missing: Range, before: EntryView | undefined, next: EntryView): boolean {
    const { chainId } = next;
    if (this.#all.some(({ chain, number }) => chain === chainId && isIn(missing, number))) return true;
    if (before === undefined || before.file !== next.file) return false;
    const [from, to] = [before.broken, next.broken].sort((a, b) => a - b) as [number, number];
    const lines = this.#byFile.get(next.file) ?? [];
    if (to > lines.length || to - from > MAX_BETWEEN) return from !== to;
    return lines.slice(from, to).some(({ chain, number, prev, whole }) => {
      if (whole || (chain !== undefined && chain !== chainId)) return false;
      if (number !== undefined) return isIn(missing, number);
      return missing.first !== missing.last || before.hash.startsWith(prev);
    });
  }

  /** Lines that are cut off, of records that are not elsewhere. */
  *findings(): Generator<Finding> {
    for (const { whole, finding } of this.#all) if (!whole && finding !== undefined) yield finding;
  }
}

function isIn({ first, last }: Range, number: number | undefined): boolean {
  return number !== undefined && number >= first && number <= last;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
