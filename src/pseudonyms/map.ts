/** The pseudonyms of a state directory in a running process, which shares them with others. */
import { randomBytes } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, SECRET, tooOpen, USED_ANYWAY } from '../lib/files.js';
import { runEvery, type Stop } from '../lib/timers.js';
import { appendLines } from './append.js';
import { keepAside, type Range } from './damage.js';
import { entryLine, MAP_FILE, type PseudonymKind, parseLine } from './lines.js';
import { readLines, withMap } from './read.js';

/** How long an erasure by another process may go unnoticed: half of what is promised. */
const LOOK_MS = 500;
const RANDOM_BYTES = 12;
const MAX_LINES = 1_000_000;
const MAX_BYTES = 256 * 1024 * 1024;
/** Damaged lines that are taken out at once. */
const MAX_DAMAGED = 10_000;
/** Copies of damaged maps that one process makes. */
const MAX_ASIDE = 3;

const DIGESTS = 'Records have digests of ids instead of new pseudonyms';

export interface PseudonymMapOptions {
  readonly directory: string;
  /** Takes a text for the operator, which may come again. */
  readonly problem: (text: string) => void;
  /** Milliseconds that never go back. @defaultValue `performance.now` */
  readonly now?: () => number;
  /** 24 random hexadecimal digits. @defaultValue from `node:crypto` */
  readonly random?: () => string;
  /** @defaultValue 1,000,000 lines and 256 MiB */
  readonly limits?: { readonly lines: number; readonly bytes: number };
}

type Names = Readonly<Record<PseudonymKind, Map<string, string>>>;

const noNames = (): Names => ({ actor: new Map(), detail: new Map() });

export class PseudonymMap {
  readonly #path: string;
  readonly #options: PseudonymMapOptions;
  readonly #limits: { readonly lines: number; readonly bytes: number };
  #names = noNames();
  /** The file as it was last looked at. */
  #known: BigIntStats | undefined;
  /** Up to where its lines are read. */
  #readTo = 0;
  #lines = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Nothing in it may be used: it cannot be read now, or is of a newer version. */
  #unusable = false;
  #asides = 0;
  #stopLooking: Stop | undefined;

  constructor(options: PseudonymMapOptions) {
    this.#options = options;
    this.#path = join(options.directory, MAP_FILE);
    this.#limits = options.limits ?? { lines: MAX_LINES, bytes: MAX_BYTES };
  }

  /** The pseudonym of an id, which is on file before it is returned; undefined if it cannot be kept. Never throws. */
  of(kind: PseudonymKind, id: string): string | undefined {
    const isDue = this.#now() - this.#lookedAt >= LOOK_MS;
    if (isDue) this.#look();
    if (this.#unusable) return undefined;
    return this.#names[kind].get(id) ?? this.#add(kind, id, isDue);
  }

  /** Reads the map, which may take a second, before it is needed. */
  open(): void {
    this.#look();
  }

  /** Lets go of everything. */
  close(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
    this.#forget();
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }

  #add(kind: PseudonymKind, id: string, isFresh: boolean): string | undefined {
    if (!isFresh) this.#look();
    if (this.#unusable) return undefined;
    const known = this.#names[kind].get(id);
    if (known !== undefined) return known;
    if (this.#isFull(kind)) return this.#problem(`is full (${this.#lines} lines)`);
    const { random = () => randomBytes(RANDOM_BYTES).toString('hex') } = this.#options;
    try {
      appendLines(this.#path, [entryLine(`${kind}-${random()}`, id)], true);
    } catch (error) {
      return this.#problem(`cannot be written (${codeOf(error) ?? 'unknown error'})`);
    }
    // Of two processes that meet somebody at once, the one whose line is first has chosen.
    this.#look();
    return this.#unusable ? undefined : this.#names[kind].get(id);
  }

  /** What describes clients, whom anybody can imitate, must not take the room of ids. */
  #isFull(kind: PseudonymKind): boolean {
    const { lines, bytes } = this.#limits;
    if (this.#lines >= lines || (this.#known?.size ?? 0n) >= bytes) return true;
    return kind === 'detail' && this.#names.detail.size >= lines / 2;
  }

  /** Takes what other processes have appended and erased. */
  #look(): void {
    this.#lookedAt = this.#now();
    this.#stopLooking ??= runEvery(LOOK_MS, () => this.#look());
    try {
      const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
      const known = this.#known;
      if (found === undefined) {
        this.#forget();
        this.#unusable = false;
      } else if (known === undefined || known.ino !== found.ino || found.size <= known.size) {
        if (!isSame(known, found)) this.#read(0, found);
      } else this.#read(this.#readTo, found);
    } catch (error) {
      this.#forget();
      this.#unusable = true;
      this.#problem(`cannot be used (${codeOf(error) ?? 'unknown error'})`);
    }
  }

  /**
   * @param found as it was before: what changes meanwhile is seen the next time
   * @throws errors of the file system
   */
  #read(from: number, found: BigIntStats): void {
    const names = from === 0 ? noNames() : this.#names;
    const erased = new Set<string>();
    const damaged: Range[] = [];
    let good = 0;
    let isNewer = false;
    const isFirst = this.#known === undefined;
    withMap(this.#path, 'read', (fd) => {
      if (isFirst) this.#warnOfMode(Number(found.mode));
      this.#readTo = readLines(fd, from, Number(found.size), ({ at, length, bytes, whole }) => {
        if (!whole) return;
        const line = parseLine(bytes);
        if (line.is === 'damaged') damaged.push({ at, length });
        else if (line.is === 'newer') isNewer = true;
        else if (line.is !== 'blank') good += 1;
        if (line.is === 'notice' || line.is === 'tombstone') erased.add(line.pseudonym);
        if (line.is !== 'entry') return;
        const ofKind = names[line.kind];
        const known = ofKind.get(line.id);
        if (known === undefined || erased.has(known)) ofKind.set(line.id, line.pseudonym);
      });
    });
    // Somebody may have written the file anew: then it did not begin a line there.
    if (from > 0 && damaged.length > 0) {
      this.#read(0, found);
      return;
    }
    this.#known = found;
    this.#lines = good + (from === 0 ? 0 : this.#lines);
    for (const ofKind of erased.size === 0 ? [] : Object.values(names)) {
      for (const [id, pseudonym] of ofKind) if (erased.has(pseudonym)) ofKind.delete(id);
    }
    this.#names = names;
    this.#unusable = isNewer || (damaged.length > 0 && this.#lines === 0);
    if (isNewer) this.#problem('was written by a newer version of mcp-trail, and is left as it is');
    else if (this.#unusable) this.#problem('has no line that can be read, and is left as it is');
    else if (damaged.length > 0) this.#repair(damaged);
    if (!this.#unusable) return;
    this.#names = noNames();
    this.#readTo = 0;
  }

  #repair(damaged: readonly Range[]): void {
    if (this.#asides >= MAX_ASIDE) return;
    this.#asides += 1;
    const count = `${damaged.length} line${damaged.length === 1 ? '' : 's'}`;
    try {
      const aside = keepAside(this.#path, damaged.slice(0, MAX_DAMAGED), Date.now());
      if (aside === undefined) return;
      this.#say(`is damaged: ${count} cannot be read. A copy is kept as ${aside}, and the whole lines are used`);
    } catch (error) {
      // Another process is keeping it aside.
      if (codeOf(error) === 'EEXIST') return;
      const why = codeOf(error) ?? 'unknown error';
      this.#say(`is damaged: ${count} cannot be read. It cannot be kept aside (${why}), and the whole lines are used`);
    }
  }

  #warnOfMode(mode: number): void {
    const open = tooOpen(mode, SECRET);
    if (open !== undefined) this.#say(`${open}. ${USED_ANYWAY}`);
  }

  #forget(): void {
    this.#names = noNames();
    this.#known = undefined;
    this.#readTo = 0;
    this.#lines = 0;
  }

  #problem(what: string): undefined {
    this.#say(`${what}. ${DIGESTS}`);
    return undefined;
  }

  #say(what: string): void {
    this.#options.problem(`the map of pseudonyms ${this.#path} ${what}`);
  }
}

function isSame(known: BigIntStats | undefined, found: BigIntStats): boolean {
  return known?.ino === found.ino && known.size === found.size && known.mtimeNs === found.mtimeNs;
}
