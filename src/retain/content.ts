/** Reads files, as the same that were found, and says what they hold. */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf } from '../lib/files.js';
import type { Facts } from './facts.js';

/** Takes the plain bytes of a file, as they come, and says what is in them. */
export interface Collector {
  add(chunk: Uint8Array): void;
  /** Whether a record has a place in a chain. */
  readonly hasRecords: boolean;
  /** Whether one of them is no checkpoint: a second place has those alone. */
  readonly hasEvents: boolean;
  end(): Omit<Facts, 'sha256' | 'bytes'>;
}

export type NewCollector = () => Collector;

/** A file is not the one that was found, or cannot be read. The message is a reason: a sentence without its subject. */
export class Unusable extends Error {}

const CHUNK_BYTES = 256 * 1024;
/** Where a file has no record so far in, it is none of ours. */
const HEAD_BYTES = 1024 * 1024;
/** Records have random ids and hashes: compressed, they take more than a twentieth. */
const MAX_RATIO = 200;
const FREE_BYTES = 1024 * 1024 * 1024;

/** What shows that a file is still the same. */
export type Identity = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs'>;

export function isSame(one: Identity, other: Identity | undefined): boolean {
  return (
    other !== undefined &&
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs
  );
}

/** Opens a plain file. @throws Unusable */
export async function openFile(path: string): Promise<{ readonly file: FileHandle; readonly found: Stats }> {
  let file: FileHandle;
  try {
    // O_NONBLOCK: a named pipe without a writer must not wait.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new Unusable(`cannot be read (${codeOf(error) ?? 'unknown error'})`);
  }
  const found = await file.stat();
  if (found.isFile()) return { file, found };
  await file.close();
  throw new Unusable('is not a plain file');
}

/** The bytes of an open file, which stays open. */
export async function* bytesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    // A new one each time: lines are parts of it.
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Whether a file has records of a chain, or events among them, as far as its start tells. */
export async function startsWith(
  what: 'hasRecords' | 'hasEvents',
  file: FileHandle,
  newCollector: NewCollector,
): Promise<boolean> {
  const collector = newCollector();
  let read = 0;
  for await (const chunk of bytesOf(file)) {
    collector.add(chunk);
    read += chunk.length;
    if (collector[what]) return true;
    if (read >= HEAD_BYTES) break;
  }
  collector.end();
  return collector[what];
}

/** Hashes and counts what passes. */
export class Meter {
  bytes = 0;
  readonly #hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** What a file holds. @throws Unusable */
export async function factsOf(
  path: string,
  compressed: boolean,
  newCollector: NewCollector,
): Promise<{ readonly facts: Facts; readonly found: Stats }> {
  const { file, found } = await openFile(path);
  const meter = new Meter();
  const collector = newCollector();
  try {
    for await (const chunk of compressed ? gunzipped(bytesOf(file)) : bytesOf(file)) {
      meter.add(chunk);
      collector.add(chunk);
      if (meter.bytes > FREE_BYTES && meter.bytes > found.size * MAX_RATIO) {
        throw new Unusable(`expands to more than ${MAX_RATIO} times its size`);
      }
    }
    return { facts: { ...collector.end(), sha256: meter.sha256(), bytes: meter.bytes }, found };
  } catch (error) {
    throw error instanceof Unusable ? error : new Unusable(`cannot be read (${codeOf(error) ?? 'unknown error'})`);
  } finally {
    await file.close();
  }
}

/** The SHA-256 of a file's own bytes. @throws Unusable */
export async function hashOfFile(path: string): Promise<{ readonly sha256: string; readonly found: Stats }> {
  const { file, found } = await openFile(path);
  const meter = new Meter();
  try {
    for await (const chunk of bytesOf(file)) meter.add(chunk);
    return { sha256: meter.sha256(), found };
  } catch (error) {
    throw new Unusable(`cannot be read (${codeOf(error) ?? 'unknown error'})`);
  } finally {
    await file.close();
  }
}

/** @throws the errors of the decompression */
export function gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // No callback is needed: the loop throws the error.
  return pipeline(chunks, createGunzip(), new PassThrough(), () => {});
}
