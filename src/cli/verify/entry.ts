/**
 * What is kept of a record while its chain is put in order: 120 bytes, as 32-bit words. Pure.
 *
 * The words come in the order in which entries are sorted: chain, number, hash, place.
 */

/** Words of an entry. */
export const WORDS = 30;
export const BYTES = WORDS * 4;

const CHAIN = 0;
const NUMBER = 4;
const HASH = 6;
const FILE = 14;
const LINE = 15;
const PREV = 16;
const TIME = 24;
const DETAILS = 26;
const BROKEN = 28;
const FLAGS = 29;

const HASH_BYTES = 32;
const WORD = 2 ** 32;
/** Of the words that put entries in order. */
const KEY_WORDS = 16;

/** What is known about a record beside its place in a chain. */
export const FLAG = {
  /** It has details: a checkpoint, a change of keys, or a gap. */
  CHECKPOINT: 1,
  GAP: 2,
  /** It comes from the second place: the record itself, or the one that it covers. */
  PIN: 4,
  PINNED_HEAD: 8,
  /** Its time is not between `--from` and `--to`. */
  OUTSIDE: 16,
  /** It has details: it states which records of another chain were deleted. */
  RETENTION: 32,
} as const;

/** An entry as it is put in. */
export interface Entry {
  /** A UUID. */
  readonly chainId: string;
  readonly number: number;
  /** In hex. */
  readonly hash: string;
  readonly prev: string;
  /** Milliseconds since 1970; NaN if unknown. */
  readonly time: number;
  /** The place: index of the input, and number of the line. */
  readonly file: number;
  readonly line: number;
  /** How many lines before it in the same input are broken. */
  readonly broken: number;
  readonly flags: number;
  /** Where its details are. */
  readonly details: number;
}

/** Entries in a row. */
export class Entries {
  readonly words: Uint32Array;
  readonly bytes: Buffer;
  readonly #doubles: Float64Array;

  constructor(count: number) {
    const memory = new ArrayBuffer(count * BYTES);
    this.words = new Uint32Array(memory);
    this.bytes = Buffer.from(memory);
    this.#doubles = new Float64Array(memory);
  }

  set(index: number, entry: Entry): void {
    const { words, bytes } = this;
    const at = index * WORDS;
    const { chainId } = entry;
    words[at + CHAIN] = Number.parseInt(chainId.slice(0, 8), 16);
    words[at + CHAIN + 1] = Number.parseInt(chainId.slice(9, 13) + chainId.slice(14, 18), 16);
    words[at + CHAIN + 2] = Number.parseInt(chainId.slice(19, 23) + chainId.slice(24, 28), 16);
    words[at + CHAIN + 3] = Number.parseInt(chainId.slice(28), 16);
    setWide(words, at + NUMBER, entry.number);
    bytes.write(entry.hash, (at + HASH) * 4, HASH_BYTES, 'hex');
    words[at + FILE] = entry.file;
    words[at + LINE] = entry.line;
    bytes.write(entry.prev, (at + PREV) * 4, HASH_BYTES, 'hex');
    this.#doubles[(at + TIME) / 2] = entry.time;
    setWide(words, at + DETAILS, entry.details);
    words[at + BROKEN] = entry.broken;
    words[at + FLAGS] = entry.flags;
  }

  /** The order of two entries: negative if the first comes first. */
  compare(a: number, b: number): number {
    return compare(this.words, a * WORDS, this.words, b * WORDS);
  }

  view(index: number): EntryView {
    return new EntryView(this.words, this.#doubles, index * WORDS);
  }
}

/** Where an entry is, and what is in it. */
export class EntryView {
  readonly words: Uint32Array;
  readonly #doubles: Float64Array;
  at: number;

  constructor(words: Uint32Array, doubles: Float64Array, at: number) {
    this.words = words;
    this.#doubles = doubles;
    this.at = at;
  }

  /** A copy that stays when the memory is used for others. */
  copy(): EntryView {
    const words = this.words.slice(this.at, this.at + WORDS);
    return new EntryView(words, new Float64Array(words.buffer), 0);
  }

  get number(): number {
    return wide(this.words, this.at + NUMBER);
  }

  get file(): number {
    return this.words[this.at + FILE] as number;
  }

  get line(): number {
    return this.words[this.at + LINE] as number;
  }

  get broken(): number {
    return this.words[this.at + BROKEN] as number;
  }

  get details(): number {
    return wide(this.words, this.at + DETAILS);
  }

  get time(): number {
    return this.#doubles[(this.at + TIME) / 2] as number;
  }

  has(flag: number): boolean {
    return ((this.words[this.at + FLAGS] as number) & flag) !== 0;
  }

  sameChain(other: EntryView): boolean {
    return equal(this.words, this.at + CHAIN, other.words, other.at + CHAIN, NUMBER - CHAIN);
  }

  sameHash(other: EntryView): boolean {
    return equal(this.words, this.at + HASH, other.words, other.at + HASH, HASH_BYTES / 4);
  }

  /** Whether it says that `other` comes before it. */
  follows(other: EntryView): boolean {
    return equal(this.words, this.at + PREV, other.words, other.at + HASH, HASH_BYTES / 4);
  }

  get chainId(): string {
    const hex = Array.from(this.words.subarray(this.at, this.at + NUMBER), (word) =>
      word.toString(16).padStart(8, '0'),
    );
    return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  /** The first 32 bits of the hash. */
  get hashWord(): number {
    return this.words[this.at + HASH] as number;
  }

  get hash(): string {
    return this.#hex(HASH);
  }

  get prev(): string {
    return this.#hex(PREV);
  }

  #hex(from: number): string {
    const { buffer, byteOffset } = this.words;
    return Buffer.from(buffer, byteOffset + (this.at + from) * 4, HASH_BYTES).toString('hex');
  }
}

/** The order of two entries, wherever they are. */
export function compare(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let word = 0; word < KEY_WORDS; word++) {
    const difference = (a[atA + word] as number) - (b[atB + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function equal(a: Uint32Array, atA: number, b: Uint32Array, atB: number, count: number): boolean {
  for (let word = 0; word < count; word++) if (a[atA + word] !== b[atB + word]) return false;
  return true;
}

function setWide(words: Uint32Array, at: number, value: number): void {
  words[at] = Math.floor(value / WORD);
  words[at + 1] = value % WORD;
}

function wide(words: Uint32Array, at: number): number {
  return (words[at] as number) * WORD + (words[at + 1] as number);
}
