/** Reads files as they grow, also when they are rotated. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { attempt } from '../../lib/attempt.js';
import { filesOf, reasonOf } from '../inputs.js';
import type { LineSplitter } from '../read-lines.js';
import { packedAs, START_BYTES, Unreadable } from '../unpack.js';
import { identityOf, type MatchReader } from './read.js';

/** How often the files are looked at. */
const INTERVAL_MS = 250;
/** Files that are kept open. Of more, those that have not grown for longest are closed until they do. */
const MAX_OPEN = 256;
/** How often a file that no path leads to any more is looked at: its writer may not have noticed yet. */
const LAST_LOOKS = 20;
const CHUNK_BYTES = 256 * 1024;

interface Followed {
  /** The name that it had last. */
  path: string;
  fd: number | undefined;
  offset: number;
  splitter: LineSplitter;
  /** Compressed or encrypted: nobody appends to it. */
  packed: boolean;
  /** How often no path led to it. */
  missing: number;
}

/** Passes the lines of files to a reader, and then those that are appended. */
export class Follower {
  readonly #paths: readonly string[];
  readonly #reader: MatchReader;
  /** By what they are, not by their names. The last one has grown last. */
  readonly #files = new Map<string, Followed>();

  constructor(paths: readonly string[], reader: MatchReader) {
    this.#paths = paths;
    this.#reader = reader;
  }

  /** Reads what there is. */
  async start(): Promise<void> {
    for (const { path, named } of filesOf(this.#paths, this.#reader.cannotRead)) {
      try {
        const [identity, file] = this.#find(path);
        if (file.packed) await this.#reader.readInput(path, named);
        else await this.#drain(identity, file);
      } catch (error) {
        if (named) this.#reader.cannotRead(path, reasonOf(error));
      }
    }
    this.#tidy();
  }

  /** Waits, and reads what is new: first the rest of files that were there before, which may have other names now. */
  async next(): Promise<void> {
    await pause(INTERVAL_MS);
    const before = [...this.#files];
    for (const [, file] of before) file.missing += 1;
    for (const { path } of filesOf(this.#paths, () => {})) attempt(() => this.#find(path));
    const all = new Map([...before, ...this.#files]);
    for (const [identity, file] of all) await this.#drain(identity, file).catch(() => {});
    this.#tidy();
  }

  /**
   * The file at a path, opened if it is new.
   *
   * @throws errors of the file system
   */
  #find(path: string): [identity: string, file: Followed] {
    if (!statSync(path).isFile()) throw new Unreadable('it is not a file');
    const identity = identityOf(path);
    const known = this.#files.get(identity);
    if (known !== undefined) {
      known.path = path;
      known.missing = 0;
      return [identity, known];
    }
    const fd = openSync(path, 'r');
    const start = Buffer.alloc(START_BYTES);
    const packed = packedAs(start.subarray(0, readSync(fd, start, 0, start.length, 0))) !== undefined;
    const file: Followed = { path, fd, offset: 0, splitter: this.#reader.splitter(), packed, missing: 0 };
    this.#files.set(identity, file);
    return [identity, file];
  }

  /**
   * Reads to the end of a file.
   *
   * @throws errors of the file system
   */
  async #drain(identity: string, file: Followed): Promise<void> {
    if (file.packed) return;
    const { size } = file.fd === undefined ? statSync(file.path) : fstatSync(file.fd);
    if (size === file.offset) return;
    file.fd ??= openSync(file.path, 'r');
    // It was emptied to be written again.
    if (size < file.offset) {
      file.offset = 0;
      file.splitter = this.#reader.splitter();
    }
    while (file.offset < size) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - file.offset));
      const read = readSync(file.fd, chunk, 0, chunk.length, file.offset);
      if (read === 0) break;
      file.offset += read;
      await this.#reader.take(file.path, file.splitter.push(chunk.subarray(0, read)));
    }
    this.#files.delete(identity);
    this.#files.set(identity, file);
  }

  #tidy(): void {
    let open = 0;
    for (const [identity, file] of [...this.#files].reverse()) {
      const gone = file.missing > LAST_LOOKS;
      if (gone) this.#files.delete(identity);
      if (file.fd === undefined) continue;
      if (!gone && !file.packed && ++open <= MAX_OPEN) continue;
      closeSync(file.fd);
      file.fd = undefined;
    }
  }
}
