/** Sorts more entries than fit into memory: sorted runs in a temporary file, merged as they are read. */
import { BYTES, compare, Entries, type Entry, type EntryView, WORDS } from './entry.js';
import { TemporaryFile } from './temporary-file.js';

/** Entries that are sorted in memory: 30 MiB of them. */
const RUN_ENTRIES = 262_144;
/** Room for entries at first. */
const FIRST_ENTRIES = 1024;
/** Memory of a merge, and what each run gets of it at least. */
const MERGE_BYTES = 32 * 1024 * 1024;
const MIN_BLOCK_ENTRIES = 16;
const MAX_BLOCK_ENTRIES = 8192;

interface Run {
  readonly start: number;
  readonly entries: number;
}

export class Sorter {
  readonly #runEntries: number;
  #current: Entries;
  #capacity: number;
  #count = 0;
  readonly #runs: Run[] = [];
  #file: TemporaryFile | undefined;
  #sorted: Uint32Array | undefined;

  /** @param runEntries entries that are sorted in memory */
  constructor(runEntries = RUN_ENTRIES) {
    this.#runEntries = runEntries;
    this.#capacity = Math.min(runEntries, FIRST_ENTRIES);
    this.#current = new Entries(this.#capacity);
  }

  /** @throws Problem if there is no room */
  add(entry: Entry): void {
    if (this.#count === this.#runEntries) this.#spill();
    else if (this.#count === this.#capacity) this.#grow();
    this.#current.set(this.#count, entry);
    this.#count += 1;
  }

  /**
   * All entries in order; may be called again, once nothing is added any more. A view is valid until the next one.
   *
   * @throws Problem if there is no room
   */
  *sorted(): Generator<EntryView> {
    if (this.#runs.length === 0) {
      this.#sorted ??= this.#order();
      const view = this.#current.view(0);
      for (const index of this.#sorted) {
        view.at = index * WORDS;
        yield view;
      }
      return;
    }
    if (this.#count > 0) this.#spill();
    yield* merged(this.#file as TemporaryFile, this.#runs);
  }

  close(): void {
    this.#file?.close();
  }

  #grow(): void {
    this.#capacity = Math.min(this.#runEntries, this.#capacity * 2);
    const wider = new Entries(this.#capacity);
    this.#current.bytes.copy(wider.bytes);
    this.#current = wider;
  }

  #order(): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index);
    const entries = this.#current;
    for (let index = 1; index < order.length; index++) {
      // Mostly, a file has the records of one chain, in order.
      if (entries.compare(index - 1, index) > 0) return order.sort((a, b) => entries.compare(a, b));
    }
    return order;
  }

  #spill(): void {
    this.#file ??= new TemporaryFile();
    const block = Buffer.allocUnsafe(MAX_BLOCK_ENTRIES * BYTES);
    let used = 0;
    let start: number | undefined;
    const flush = () => {
      const at = (this.#file as TemporaryFile).append(block.subarray(0, used));
      start ??= at;
      used = 0;
    };
    for (const index of this.#order()) {
      this.#current.bytes.copy(block, used, index * BYTES, (index + 1) * BYTES);
      used += BYTES;
      if (used === block.length) flush();
    }
    if (used > 0) flush();
    this.#runs.push({ start: start as number, entries: this.#count });
    this.#count = 0;
  }
}

/** The entries of a run, a block at a time. */
class Cursor {
  readonly #file: TemporaryFile;
  readonly #block: Entries;
  readonly #blockEntries: number;
  #next: number;
  #left: number;
  #inBlock = 0;
  readonly view: EntryView;

  constructor(file: TemporaryFile, { start, entries }: Run, blockEntries: number) {
    this.#file = file;
    this.#blockEntries = blockEntries;
    this.#block = new Entries(blockEntries);
    this.#next = start;
    this.#left = entries;
    this.view = this.#block.view(0);
    this.#fill();
  }

  /** False at the end. */
  advance(): boolean {
    this.view.at += WORDS;
    if (this.view.at < this.#inBlock * WORDS) return true;
    return this.#left > 0 && this.#fill();
  }

  #fill(): true {
    this.#inBlock = Math.min(this.#blockEntries, this.#left);
    this.#file.read(this.#block.bytes.subarray(0, this.#inBlock * BYTES), this.#next);
    this.#next += this.#inBlock * BYTES;
    this.#left -= this.#inBlock;
    this.view.at = 0;
    return true;
  }
}

/** Merges runs by a heap of their cursors: the first of `heap` has the least entry. */
function* merged(file: TemporaryFile, runs: readonly Run[]): Generator<EntryView> {
  const share = Math.floor(MERGE_BYTES / BYTES / runs.length);
  const blockEntries = Math.min(Math.max(share, MIN_BLOCK_ENTRIES), MAX_BLOCK_ENTRIES);
  const heap = runs.map((run) => new Cursor(file, run, blockEntries));
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at);
  while (heap.length > 0) {
    const least = heap[0] as Cursor;
    yield least.view;
    if (!least.advance()) {
      const last = heap.pop() as Cursor;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(heap, 0);
  }
}

function sink(heap: Cursor[], from: number): void {
  const sunk = heap[from] as Cursor;
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && before(heap[child + 1] as Cursor, heap[child] as Cursor)) child += 1;
    const least = heap[child] as Cursor;
    if (!before(least, sunk)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = sunk;
}

function before({ view: a }: Cursor, { view: b }: Cursor): boolean {
  return compare(a.words, a.at, b.words, b.at) < 0;
}
