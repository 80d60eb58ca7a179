/** Reads the records of inputs that match. */
import { statSync } from 'node:fs';
import { attempt } from '../../lib/attempt.js';
import { Archives } from '../archives.js';
import type { World } from '../command.js';
import { recordsIn } from '../exports/found.js';
import { filesOf, inputBytes, reasonOf } from '../inputs.js';
import { LineSplitter, type RawLine, rawLines, textOfLine } from '../read-lines.js';
import type { ReadRecord } from '../read-records.js';
import { counted, visible } from '../text.js';
import type { Filter } from './filters.js';
import { isWithin, type Period } from './period.js';
import { mayMatch, type Needles } from './prefilter.js';

/** What somebody asked for. */
export interface Question {
  readonly filters: readonly Filter[];
  readonly period: Period;
}

/** How inputs are read. */
export interface Reads {
  readonly maxLineBytes: number;
  /** Files of age identities, for encrypted archives. */
  readonly identities: readonly string[];
}

/** Files whose skipped lines are reported one by one. */
const MAX_COMPLAINTS = 100;
const PROGRESS_MS = 500;
const MIB = 1024 * 1024;
/** Records have 32 KiB at most. What is much longer is something else, and must not fill the memory. */
const MAX_RECORD_CHARS = MIB;
const MARK = 'mcp_audit.';

/** The lines that were skipped in one input. */
class Skipped {
  readonly #counts = new Map<string, { count: number; readonly first: number }>();

  add(why: string, line: number): void {
    const known = this.#counts.get(why);
    if (known === undefined) this.#counts.set(why, { count: 1, first: line });
    else known.count += 1;
  }

  *told(name: string): Generator<string> {
    for (const [why, { count, first }] of this.#counts) {
      yield `${name}:${first}: skipped ${counted(count, 'line')}, this one first: ${why}`;
    }
  }
}

/** Receives a record that matches. It may be kept. */
export type Take = (record: ReadRecord) => void;

export class MatchReader {
  readonly #question: Question;
  readonly #needles: readonly Needles[];
  readonly #match: Take;
  readonly #world: World;
  readonly #archives: Archives;
  readonly #maxLineBytes: number;
  readonly #tooLong: string;
  #inputs = 0;
  #lineCount = 0;
  #bytes = 0;
  #complaints = 0;
  #nextProgress = 0;
  /** Something could not be read: the answer may not be complete. */
  unreadable = false;
  /** Records that matched. */
  matched = 0;
  /** Whether there was a record at all, or what looks like one. */
  #anyRecord = false;

  /** @throws a Problem for a file of identities that cannot be used */
  constructor(question: Question, { maxLineBytes, identities }: Reads, world: World, match: Take) {
    this.#question = question;
    this.#needles = question.filters.flatMap(({ needles }) => (needles === undefined ? [] : [needles]));
    this.#archives = new Archives(identities, world.complain);
    this.#maxLineBytes = maxLineBytes;
    this.#tooLong = `longer than ${maxLineBytes / MIB} MiB (see --max-line)`;
    this.#world = world;
    this.#match = match;
  }

  /** Reads everything that paths lead to, file by file. A file that is reached by several names is read once. */
  async readAll(paths: readonly string[]): Promise<void> {
    const read = new Set<string>();
    for (const { path, named } of filesOf(paths, this.cannotRead)) {
      // While a file was read, it may have been rotated: then it is found again, by its new name.
      const identity = path === '-' ? undefined : attempt(() => identityOf(path));
      if (identity !== undefined && read.size === read.add(identity).size) continue;
      await this.readInput(path, named);
    }
    this.#world.progress?.('');
  }

  async readInput(path: string, named: boolean): Promise<void> {
    const skipped = new Skipped();
    this.#inputs += 1;
    try {
      const chunks = this.#watched(inputBytes(path, this.#world.input, this.#archives.decrypt));
      for await (const batch of rawLines(chunks, this.#maxLineBytes, MARK)) {
        this.#lines(batch, skipped);
        await this.#world.out.drained?.();
      }
    } catch (error) {
      // A file that was rotated has another name.
      if (named || reasonOf(error) !== 'ENOENT') this.cannotRead(path, reasonOf(error));
    }
    this.#tell(path, skipped);
  }

  /** What splits an input into lines for {@link take}. */
  splitter(): LineSplitter {
    return new LineSplitter(this.#maxLineBytes, MARK);
  }

  /** Takes lines of an input that somebody else reads. */
  async take(path: string, lines: readonly RawLine[]): Promise<void> {
    const skipped = new Skipped();
    this.#lines(lines, skipped);
    this.#tell(path, skipped);
    await this.#world.out.drained?.();
  }

  readonly cannotRead = (path: string, reason: string): void => {
    this.unreadable = true;
    this.#complain(`cannot read ${nameOf(path)}: ${reason}`);
  };

  #tell(path: string, skipped: Skipped): void {
    for (const text of skipped.told(nameOf(path))) this.#complain(text);
  }

  #lines(lines: readonly RawLine[], skipped: Skipped): void {
    this.#lineCount += lines.length;
    for (const { number, bytes, marked } of lines) {
      if (bytes === undefined) {
        if (marked) skipped.add(this.#tooLong, number);
        continue;
      }
      if (mayMatch(bytes, this.#needles)) this.#line(bytes, number, skipped);
      else this.#anyRecord ||= bytes.includes(MARK);
    }
  }

  #line(bytes: Buffer, number: number, skipped: Skipped): void {
    const text = textOfLine(bytes, number);
    const { records, broken } = recordsIn(text);
    if (broken) skipped.add('not JSON, or hold a record that is cut off', number);
    for (const record of records) {
      this.#anyRecord = true;
      if (!this.#isAskedFor(record)) continue;
      if (text.length > MAX_RECORD_CHARS && JSON.stringify(record).length > MAX_RECORD_CHARS) {
        skipped.add('with a record that is too long for one', number);
        continue;
      }
      this.matched += 1;
      this.#match(record);
    }
  }

  #isAskedFor(record: ReadRecord): boolean {
    const { filters, period } = this.#question;
    return filters.every(({ matches }) => matches(record)) && isWithin(period, record);
  }

  /** Says why there is nothing to show. */
  nothing(): string {
    const where = `${counted(this.#lineCount, 'line')} of ${counted(this.#inputs, 'file')}`;
    return this.#anyRecord ? `no record matches, in ${where}` : `there are no audit records in ${where}`;
  }

  #complain(text: string): void {
    this.#complaints += 1;
    this.#world.progress?.('');
    if (this.#complaints <= MAX_COMPLAINTS) this.#world.complain(text);
  }

  async *#watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { progress } = this.#world;
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      if (progress !== undefined && performance.now() >= this.#nextProgress) {
        this.#nextProgress = performance.now() + PROGRESS_MS;
        progress(`read ${(this.#bytes / 1e6).toFixed(0)} MB, ${counted(this.matched, 'match', 'matches')}`);
      }
      yield chunk;
    }
  }
}

/** What a file is, under whatever name. @throws errors of the file system */
export function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : visible(path);
}
