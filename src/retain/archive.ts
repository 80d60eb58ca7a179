/** Makes an archive of a file. The file is gone only when its archive is whole, on disk, and checked. */
import { constants, lstatSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { SigningKey } from '../chain/keys.js';
import { syncFolder } from '../export/rotating-file.js';
import { attempt } from '../lib/attempt.js';
import { bytesOf, factsOf, hashOfFile, isSame, Meter, type NewCollector, openFile, Unusable } from './content.js';
import { type Description, MAX_DESCRIPTION_BYTES, readDescription, writeDescription } from './description.js';
import type { Encrypt } from './encrypt.js';
import { archiveName, descriptionName, unfinishedName } from './names.js';

export interface Archiving {
  readonly folder: string;
  /** The folder of archives, which exists. */
  readonly archives: string;
  readonly encrypt: Encrypt | undefined;
  readonly key: SigningKey | undefined;
  readonly newCollector: NewCollector;
  readonly now: () => number;
  /** Unique to the run. */
  readonly token: string;
  /** @throws if the run may not change anything any more */
  readonly check: () => void;
}

export type Archived = Pick<Description, 'archive' | 'archiveBytes' | 'bytes' | 'records'>;

/**
 * Archives one file.
 *
 * @throws Unusable if it cannot be read or was changed meanwhile; errors of the file system
 */
export async function archive(name: string, parts: Archiving): Promise<Archived> {
  const { folder, archives, encrypt, key, token, check } = parts;
  const path = join(folder, name);
  // Not called after the file, whose name may be as long as a name can be.
  const unfinished = join(archives, unfinishedName('archive', token));
  const beside = join(archives, unfinishedName('description', token));
  const { file, found } = await openFile(path);
  try {
    const packed = await pack(file, unfinished, parts);
    await checkPacked(unfinished, packed, encrypt !== undefined);
    const archived = archiveName(name, packed.sha256, encrypt !== undefined);
    const description = { ...packed, archive: archived, name, archived: parts.now() };
    checkPlace(archives, description);
    await writeDurably(beside, writeDescription(description, key));
    if (
      !isSame(
        found,
        attempt(() => lstatSync(path)),
      )
    )
      throw new Unusable('was changed while it was read');
    check();
    // In this order: an archive without its description could never be deleted if it is encrypted.
    renameSync(beside, join(archives, descriptionName(archived)));
    syncFolder(archives);
    renameSync(unfinished, join(archives, archived));
    syncFolder(archives);
    check();
    if (
      !isSame(
        found,
        attempt(() => lstatSync(path)),
      )
    )
      throw new Unusable('was changed while it was archived');
    unlinkSync(path);
    return description;
  } finally {
    await file.close();
    for (const each of [unfinished, beside]) rmSync(each, { force: true });
  }
}

type Packed = Omit<Description, 'archive' | 'name' | 'archived'>;

async function pack(
  file: Awaited<ReturnType<typeof openFile>>['file'],
  unfinished: string,
  { encrypt, newCollector }: Archiving,
): Promise<Packed> {
  const [plain, own, collector] = [new Meter(), new Meter(), newCollector()];
  const read = async function* () {
    for await (const chunk of bytesOf(file)) {
      plain.add(chunk);
      collector.add(chunk);
      yield chunk;
    }
  };
  const zipped = createGzip();
  const reading = pipeline(Readable.from(read(), { objectMode: false }), zipped);
  // Its failure ends the other stream, which says so.
  reading.catch(() => {});
  const target = await open(unfinished, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    for await (const chunk of encrypt === undefined ? zipped : await encrypt(zipped)) {
      own.add(chunk as Uint8Array);
      for (let at = 0; at < (chunk as Uint8Array).length; )
        at += (await target.write(chunk as Uint8Array, at)).bytesWritten;
    }
    await reading;
    await target.sync();
  } finally {
    await target.close();
  }
  return {
    ...collector.end(),
    sha256: plain.sha256(),
    bytes: plain.bytes,
    archiveSha256: own.sha256(),
    archiveBytes: own.bytes,
  };
}

/** Reads again what was written: an encrypted archive as far as it can be. @throws Unusable */
async function checkPacked(unfinished: string, packed: Packed, encrypted: boolean): Promise<void> {
  const sha256 = encrypted
    ? (await hashOfFile(unfinished)).sha256
    : (await factsOf(unfinished, true, () => NOTHING)).facts.sha256;
  const expected = encrypted ? packed.archiveSha256 : packed.sha256;
  if (sha256 !== expected) throw new Unusable('was archived, but its archive reads back as something else');
}

const NOTHING = {
  add() {},
  hasRecords: false,
  hasEvents: false,
  end: () => ({ records: 0, oldest: Number.NaN, newest: Number.NaN, runs: [], problem: undefined }),
};

/** What is there under the name is an earlier archive of the same bytes, or nothing is replaced. @throws Unusable */
function checkPlace(archives: string, { archive: name, sha256 }: Description): void {
  if (lstatSync(join(archives, name), { throwIfNoEntry: false }) === undefined) return;
  const described = describedAt(archives, name);
  if (described?.description.sha256 === sha256) return;
  throw new Unusable(`is not archived: ${name} is there already, and not described as the same`);
}

/** The description beside an archive; undefined if there is none that can be read. */
export function describedAt(archives: string, archived: string): ReturnType<typeof readDescription> {
  const path = join(archives, descriptionName(archived));
  return attempt(() => {
    const found = lstatSync(path);
    const read =
      !found.isFile() || found.size > MAX_DESCRIPTION_BYTES ? undefined : readDescription(readFileSync(path, 'utf8'));
    return read?.description.archive === archived ? read : undefined;
  });
}

async function writeDurably(path: string, text: string): Promise<void> {
  const target = await open(path, 'wx', 0o600);
  try {
    await target.writeFile(text);
    await target.sync();
  } finally {
    await target.close();
  }
}
