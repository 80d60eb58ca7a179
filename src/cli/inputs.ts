/** The files that paths lead to, and their bytes. */
import { createReadStream, type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rotatedFrom } from '../export/rotated-name.js';
import { attempt } from '../lib/attempt.js';
import { codeOf, isFolder } from '../lib/files.js';
import { isUnfinished, OWN_TRAIL } from '../retain/names.js';
import { type Decrypt, Unreadable, unpacked } from './unpack.js';

/** Folders in folders. */
const MAX_DEPTH = 64;
/** While a trail is written, its file gets another name now and then: what is new in a folder is looked for again. */
const MAX_ROUNDS = 3;
/** Records have random ids and hashes: compressed, they take more than a twentieth. */
const MAX_RATIO = 200;
const FREE_BYTES = 1024 * 1024 * 1024;
/** What is read at once. More saves nothing. */
const CHUNK_BYTES = 256 * 1024;
/** In this order, rotated files come before the one that is written, from the oldest on. */
const BY_NAME = new Intl.Collator('en', { numeric: true });

const ARCHIVE = /\.jsonl\.gz(?:\.age)?$/;

/** A file to read. */
export interface Input {
  readonly path: string;
  /** Whether it was asked for by this name. Others may be gone by the time they are read. */
  readonly named: boolean;
}

/** Receives what cannot be read. */
export type Complain = (path: string, reason: string) => void;

/**
 * The files that paths lead to, each once: paths of files, `-`, and everything in folders, by name, but records of deletions
 * last. Of what is in a folder, links to folders are not followed, and what is neither a file nor a link to one is left out.
 */
export function* filesOf(paths: readonly string[], complain: Complain): Generator<Input> {
  const seen = new Set<string>();
  for (const path of paths) {
    if (path !== '-' && isFolder(path)) {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const before = seen.size;
        yield* filesIn(path, seen, round === 0 ? complain : () => {}, 0);
        if (seen.size === before) break;
      }
    } else if (!seen.has(path)) {
      seen.add(path);
      yield { path, named: true };
    }
  }
}

function* filesIn(folder: string, seen: Set<string>, complain: Complain, depth: number): Generator<Input> {
  if (depth > MAX_DEPTH) {
    complain(folder, `more than ${MAX_DEPTH} folders in each other`);
    return;
  }
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    complain(folder, reasonOf(error));
    return;
  }
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries.sort(inTurn)) {
    if (describesArchive(entry.name, names)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path, seen, complain, depth + 1);
    else if (
      !isUnfinished(entry.name) &&
      !seen.has(path) &&
      (entry.isFile() || (entry.isSymbolicLink() && leadsToFile(path)))
    ) {
      seen.add(path);
      yield { path, named: false };
    }
  }
}

/** By name. A deletion is recorded before it happens: read last, the record of one explains a file that was gone by then. */
function inTurn(a: Dirent, b: Dirent): number {
  return Number(recordsDeletions(a.name)) - Number(recordsDeletions(b.name)) || BY_NAME.compare(a.name, b.name);
}

function recordsDeletions(name: string): boolean {
  return (rotatedFrom(name)?.before ?? name) === OWN_TRAIL;
}

/** `mcp-trail retain` writes a description beside each archive: it has no records. */
function describesArchive(name: string, names: ReadonlySet<string>): boolean {
  const archive = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
  return ARCHIVE.test(archive) && names.has(archive);
}

function leadsToFile(path: string): boolean {
  return attempt(() => statSync(path).isFile()) === true;
}

/** The error's code, if it has one: messages of the system repeat the path. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unreadable) return error.message;
  return codeOf(error) ?? (error instanceof Error ? error.name : 'unknown error');
}

/**
 * The bytes of an input, decrypted and decompressed if need be.
 *
 * @throws Unreadable for what cannot be decrypted, or expands without end; errors of the file system and of the decompression
 */
export async function* inputBytes(
  path: string,
  standardInput: AsyncIterable<Uint8Array>,
  decrypt: Decrypt,
): AsyncGenerator<Uint8Array> {
  let packed = 0;
  let total = 0;
  const counted = (async function* () {
    for await (const chunk of path === '-' ? standardInput : createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      packed += chunk.length;
      yield chunk;
    }
  })();
  for await (const chunk of unpacked(counted, decrypt)) {
    total += chunk.length;
    if (total > FREE_BYTES && total > packed * MAX_RATIO) {
      throw new Unreadable(`it expands to more than ${MAX_RATIO} times its size`);
    }
    yield chunk;
  }
}
