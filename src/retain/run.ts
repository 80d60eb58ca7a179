/** A run of `retain`: deletes what is due, once that is recorded, and archives what is due. Safe to be killed at any point. */
import { accessSync, constants, lstatSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PublicKey, SigningKey } from '../chain/keys.js';
import { putAside } from '../export/rotating-file.js';
import { attempt } from '../lib/attempt.js';
import { codeOf, isFolder, makeFolder } from '../lib/files.js';
import { type Archived, archive, describedAt } from './archive.js';
import { Cannot } from './cannot.js';
import { factsOf, hashOfFile, isSame, type NewCollector, openFile, startsWith, Unusable } from './content.js';
import { isSignedBy } from './description.js';
import type { Encrypt } from './encrypt.js';
import type { Facts, Run } from './facts.js';
import type { Hold } from './hold.js';
import { type Lock, takeLock } from './lock.js';
import { ARCHIVE_FOLDER, descriptionName, isUnfinished, LOCK, readArchiveName } from './names.js';
import { before, type Period } from './period.js';
import { type FileFound, type Limits, planOf } from './plan.js';
import { findWriters, type WriterOf } from './writers.js';

/** A file that is about to be deleted. */
export interface Gone {
  /** Its original name. */
  readonly name: string;
  readonly runs: readonly Run[];
  /** The time of its newest record, in milliseconds since 1970. */
  readonly newest: number;
}

export interface Retaining {
  readonly folder: string;
  readonly archiveAfter: Period | undefined;
  readonly deleteAfter: Period | undefined;
  readonly encrypt: Encrypt | undefined;
  readonly hold: Hold;
  readonly key: SigningKey | undefined;
  /** Other keys whose signatures count. */
  readonly trusted: readonly PublicKey[];
  /** Nothing is changed. */
  readonly dryRun: boolean;
  readonly now: () => number;
  readonly newCollector: NewCollector;
  /** Records deletions, durably. Resolves to why that did not work. */
  readonly record: (gone: readonly Gone[]) => Promise<string | undefined>;
  readonly told: (item: Item) => void;
}

/** What was done with a file. */
export type Item =
  | { readonly did: 'archived'; readonly name: string; readonly archived: Archived | undefined }
  | { readonly did: 'deleted'; readonly name: string; readonly records: number; readonly newest: number }
  | { readonly did: 'held'; readonly name: string; readonly line: number }
  | { readonly did: 'put aside'; readonly name: string }
  /** Why: a sentence without its subject. */
  | { readonly did: 'left'; readonly name: string; readonly why: string };

/** What there is besides. */
export interface Rest {
  /** Files that are not due. */
  readonly waiting: number;
  /** Files with such a name, and without records of a chain. */
  readonly others: number;
}

/** What is recorded at once, before it is deleted. */
const MAX_FILES = 100;
const MAX_RUNS = 1000;
/** Not of one file, but of the whole disk. */
const OF_DISK: ReadonlySet<string> = new Set(['EDQUOT', 'EIO', 'ENOSPC', 'EROFS']);
const OF_SYSTEM = /^E[A-Z0-9]+$/;

/** @throws Cannot */
export async function retain(asked: Retaining): Promise<Rest> {
  if (!isFolder(asked.folder)) throw new Cannot('is not a folder that can be looked into');
  const lock = asked.dryRun ? undefined : await locked(asked.folder);
  try {
    return await new Running(asked, lock).run();
  } catch (error) {
    if (error instanceof Cannot) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Cannot(`cannot be worked on (${code}). What was not finished is as it was`);
  } finally {
    lock?.release();
  }
}

async function locked(folder: string): Promise<Lock> {
  let lock: Lock | undefined;
  try {
    lock = await takeLock(join(folder, LOCK));
  } catch (error) {
    throw new Cannot(`cannot be locked: ${LOCK} cannot be written there (${codeOf(error) ?? 'unknown error'})`);
  }
  if (lock === undefined) throw new Cannot(`is being worked on by another run, which holds ${LOCK}`);
  return lock;
}

/** A file that may go. */
interface Candidate extends Gone {
  readonly path: string;
  /** Deleted with it, after it. */
  readonly description: string | undefined;
  readonly facts: Facts;
  readonly found: Stats;
}

/** What the record of a deletion has of a file's content. */
function partsOf({ runs, newest }: Facts): Pick<Gone, 'runs' | 'newest'> {
  return { runs, newest };
}

class Running {
  readonly #asked: Retaining;
  readonly #lock: Lock | undefined;
  readonly #archives: string;
  readonly #limits: Limits;
  /** To be deleted, once that is recorded. */
  #candidates: Candidate[] = [];
  #others = 0;
  #waiting = 0;
  #writerOf: WriterOf | undefined;

  constructor(asked: Retaining, lock: Lock | undefined) {
    const now = asked.now();
    this.#asked = asked;
    this.#lock = lock;
    this.#archives = join(asked.folder, ARCHIVE_FOLDER);
    this.#limits = {
      now,
      archive: asked.archiveAfter && before(now, asked.archiveAfter),
      delete: asked.deleteAfter && before(now, asked.deleteAfter),
    };
  }

  async run(): Promise<Rest> {
    const { folder, dryRun } = this.#asked;
    const archives = lstatSync(this.#archives, { throwIfNoEntry: false });
    if (archives?.isDirectory() === false)
      throw new Cannot(`has something in the place of the folder ${ARCHIVE_FOLDER}`);
    if (!dryRun) for (const each of [folder, this.#archives]) await this.#removeUnfinished(each);
    const archived = plainFiles(this.#archives);
    const described = archived.map(({ name }) => ({ name, newest: this.#newestIn(name) }));
    const plan = planOf(plainFiles(folder), described, this.#limits);
    this.#waiting = plan.waiting;
    for (const name of plan.ofFuture) this.#leave(name, 'is of the future: the clock was set, or is wrong now');
    for (const name of plan.toPutAside) await this.#putAside(name);
    const toArchive = [...plan.toArchive];
    for (const name of plan.toDelete) if (await this.#consider(name)) toArchive.push(name);
    for (const name of plan.archivesToDelete) await this.#considerArchive(name);
    await this.#deleteAll();
    if (!dryRun) this.#removeLoose(archived);
    if (toArchive.length > 0 && !dryRun) makeFolder(this.#archives);
    for (const name of toArchive) await this.#archive(name);
    return { waiting: this.#waiting, others: this.#others };
  }

  #check = (): void => {
    if (this.#lock?.held() === false) throw new Cannot('was taken over by another run, as this one stood still');
  };

  #leave(name: string, why: string): void {
    this.#asked.told({ did: 'left', name, why });
  }

  /** Runs something for a file; what is wrong with the file is told, and is not the end of the run. */
  async #guarded<T>(
    name: string,
    what: 'archived' | 'deleted' | 'put aside',
    action: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      const code = codeOf(error) ?? '';
      const isOfFile = OF_SYSTEM.test(code) && !OF_DISK.has(code);
      if (!(error instanceof Unusable || isOfFile)) throw error;
      this.#leave(name, error instanceof Unusable ? error.message : `cannot be ${what} (${code})`);
      return undefined;
    }
  }

  /**
   * A file that begins with records of a chain, and that nobody writes; undefined for others, which are counted.
   *
   * @throws Unusable
   */
  async #ours(path: string, what: 'hasRecords' | 'hasEvents' = 'hasRecords'): Promise<Stats | undefined> {
    const { file, found } = await openFile(path);
    const isOurs = await startsWith(what, file, this.#asked.newCollector).finally(() => file.close());
    if (!isOurs) {
      this.#others += 1;
      return undefined;
    }
    this.#writerOf ??= await findWriters();
    const writer = this.#writerOf(found);
    if (writer !== undefined) throw new Unusable(`is open for writing in process ${writer}, which may write more`);
    return found;
  }

  #newestIn(archived: string): number | undefined {
    if (readArchiveName(archived) === undefined) return undefined;
    const newest = describedAt(this.#archives, archived)?.description.newest;
    return Number.isNaN(newest) ? undefined : newest;
  }

  async #putAside(name: string): Promise<void> {
    const { folder, dryRun, now, told } = this.#asked;
    const path = join(folder, name);
    await this.#guarded(name, 'put aside', async () => {
      // The checkpoints of a second place, which may be in the same folder, are not a trail.
      const found = await this.#ours(path, 'hasEvents');
      if (found === undefined) return;
      this.#check();
      if (!dryRun) putAside(path, now(), ({ ino, size }) => Number(ino) === found.ino && Number(size) === found.size);
      told({ did: 'put aside', name });
    });
  }

  /** A closed file that may be due for deletion. Returns whether it is for the archive. */
  async #consider(name: string): Promise<boolean> {
    const path = join(this.#asked.folder, name);
    const read = await this.#guarded(name, 'deleted', async () =>
      (await this.#ours(path)) === undefined ? undefined : factsOf(path, false, this.#asked.newCollector),
    );
    if (read === undefined) return false;
    const goes = await this.#judge({ path, name, ...partsOf(read.facts), description: undefined, ...read });
    const isDue = this.#limits.archive !== undefined;
    if (goes === 'young' && !isDue) this.#waiting += 1;
    return goes !== 'goes' && isDue;
  }

  async #considerArchive(name: string): Promise<void> {
    const archived = readArchiveName(name);
    if (archived === undefined) return;
    const path = join(this.#archives, name);
    const read = await this.#guarded(name, 'deleted', async () =>
      archived.encrypted ? this.#described(name, path) : factsOf(path, true, this.#asked.newCollector),
    );
    if (read === undefined) return;
    const { facts } = read;
    const isOther = !facts.sha256.startsWith(archived.hash);
    if (isOther || facts.records === 0) {
      this.#leave(name, isOther ? 'holds something else than its name says' : 'has no records of a chain');
      return;
    }
    const description = join(this.#archives, descriptionName(name));
    const goes = await this.#judge({ path, name: archived.original.name, ...partsOf(facts), description, ...read });
    if (goes === 'young') this.#waiting += 1;
  }

  /** What an archive holds that cannot be opened here: as its description says, if that can be relied on. @throws Unusable */
  async #described(name: string, path: string): Promise<{ readonly facts: Facts; readonly found: Stats }> {
    const { key, trusted } = this.#asked;
    const read = describedAt(this.#archives, name);
    if (read === undefined) throw new Unusable('is encrypted, and has no description that can be read');
    const keys = [...(key === undefined ? [] : [key]), ...trusted];
    if (keys.length > 0 && !isSignedBy(read, keys)) {
      throw new Unusable('is encrypted, and none of the given keys has signed its description');
    }
    const { sha256, found } = await hashOfFile(path);
    if (sha256 !== read.description.archiveSha256) throw new Unusable('is another archive than its description says');
    return { facts: read.description, found };
  }

  async #judge(candidate: Candidate): Promise<'goes' | 'stays' | 'young'> {
    const { path, name, facts } = candidate;
    if (facts.problem !== undefined) {
      this.#leave(name, facts.problem);
      return 'stays';
    }
    if (!(facts.newest < (this.#limits.delete ?? Number.NEGATIVE_INFINITY))) return 'young';
    const { oldest, newest } = facts;
    const line = this.#asked.hold({ name, chains: facts.runs.map(({ chain }) => chain), oldest, newest });
    if (line !== undefined) {
      this.#asked.told({ did: 'held', name, line });
      return 'stays';
    }
    const mayGo = await this.#guarded(name, 'deleted', async () => {
      // Otherwise its deletion would be recorded again in each run.
      accessSync(dirname(path), constants.W_OK);
      return true;
    });
    if (mayGo === undefined) return 'stays';
    this.#candidates.push(candidate);
    const runs = this.#candidates.reduce((sum, each) => sum + each.runs.length, 0);
    if (this.#candidates.length >= MAX_FILES || runs >= MAX_RUNS) await this.#deleteAll();
    return 'goes';
  }

  /** First the records, then the files. */
  async #deleteAll(): Promise<void> {
    const candidates = this.#candidates;
    this.#candidates = [];
    if (candidates.length === 0) return;
    const { dryRun, record } = this.#asked;
    if (!dryRun) {
      this.#check();
      const problem = await record(candidates);
      if (problem !== undefined) throw new Cannot(`keeps what is due: its deletion cannot be recorded (${problem})`);
    }
    for (const candidate of candidates) await this.#delete(candidate);
  }

  async #delete({ path, name, description, facts, found }: Candidate): Promise<void> {
    await this.#guarded(name, 'deleted', async () => {
      if (!this.#asked.dryRun) {
        this.#check();
        const isThere = isSame(
          found,
          attempt(() => lstatSync(path)),
        );
        if (!isThere) throw new Unusable('was changed meanwhile');
        unlinkSync(path);
        // Another run removes one that is left.
        if (description !== undefined) attempt(() => unlinkSync(description));
      }
      this.#asked.told({ did: 'deleted', name, records: facts.records, newest: facts.newest });
    });
  }

  async #removeUnfinished(folder: string): Promise<void> {
    for (const name of namesIn(folder).filter(isUnfinished)) {
      await this.#guarded(name, 'deleted', async () => removeIfThere(join(folder, name)));
    }
  }

  /** A run that was killed has left descriptions of archives that it had deleted. */
  #removeLoose(archived: readonly FileFound[]): void {
    const limit = this.#limits.delete;
    if (limit === undefined) return;
    const names = new Set(archived.map(({ name }) => name));
    for (const name of names) {
      const described = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
      if (names.has(described) || readArchiveName(described) === undefined) continue;
      const newest = this.#newestIn(described);
      if (newest !== undefined && newest < limit) attempt(() => unlinkSync(join(this.#archives, name)));
    }
  }

  async #archive(name: string): Promise<void> {
    const { folder, encrypt, key, dryRun, newCollector, now, told } = this.#asked;
    await this.#guarded(name, 'archived', async () => {
      if ((await this.#ours(join(folder, name))) === undefined) return;
      const token = this.#lock?.token ?? '';
      const parts = { folder, archives: this.#archives, encrypt, key, newCollector, now, token, check: this.#check };
      told({ did: 'archived', name, archived: dryRun ? undefined : await archive(name, parts) });
    });
  }
}

/** The plain files of a folder: no links, and nothing below it. */
function plainFiles(folder: string): FileFound[] {
  return namesIn(folder).flatMap((name) => {
    const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return found?.isFile() ? [{ name, size: found.size, mtime: found.mtimeMs, ctime: found.ctimeMs }] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
