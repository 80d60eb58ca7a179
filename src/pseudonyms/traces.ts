/** Where an id is still to be found in a state directory: as JSON text, and as plain bytes that are not part of a longer word. */
import { closeSync, type Dirent, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';
import { ASIDE, MAP_FILE } from './lines.js';
import { eachLine } from './maps.js';
import { withMap } from './read.js';

const CHUNK_BYTES = 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 8;
/** Shorter ids, and numbers, are in files for many reasons: they count as JSON strings alone. */
const MIN_PLAIN_CHARS = 3;
const NUMBER = /^\d{1,5}$/;
const DOT = 0x2e;
/** The neighbours of a word: one before it, two behind it. */
const MARGIN = 3;

/** The bytes of ids, to search for. */
export interface Traces {
  readonly quoted: readonly Buffer[];
  readonly plain: readonly Buffer[];
}

export function tracesOf(ids: Iterable<string>): Traces {
  const all = [...ids].filter((id) => id !== '');
  const words = all.filter((id) => id.length >= MIN_PLAIN_CHARS && !NUMBER.test(id));
  const escaped = words.map((id) => JSON.stringify(id).slice(1, -1));
  return {
    quoted: all.map((id) => Buffer.from(JSON.stringify(id))),
    plain: [...new Set([...words, ...escaped])].map((text) => Buffer.from(text)),
  };
}

/** Whether a range of a file holds one. @throws errors of the file system */
export function rangeHolds(fd: number, from: number, to: number, { quoted, plain }: Traces): boolean {
  const longest = Math.max(0, ...[...quoted, ...plain].map((each) => each.length));
  const chunk = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, to - from)));
  let held = Buffer.alloc(0);
  for (let at = from; ; ) {
    const count = at < to ? readSync(fd, chunk, 0, Math.min(chunk.length, to - at), at) : 0;
    const data = Buffer.concat([held, chunk.subarray(0, count)]);
    // What touches an edge is judged with the chunk that has its neighbours.
    const edges = { begins: at - held.length === from, ends: count === 0 };
    if (quoted.some((each) => data.includes(each)) || plain.some((each) => hasWord(data, each, edges))) return true;
    if (count === 0) return false;
    at += count;
    held = Buffer.from(data.subarray(Math.max(0, data.length - longest - MARGIN)));
  }
}

function hasWord(bytes: Buffer, word: Buffer, { begins, ends }: { begins: boolean; ends: boolean }): boolean {
  for (let at = bytes.indexOf(word); at !== -1; at = bytes.indexOf(word, at + 1)) {
    const end = at + word.length;
    const isSeen = (begins || at > 0) && (ends || end + 1 < bytes.length);
    const isPart = isOfWord(bytes[at - 1]) || isOfWord(bytes[end]) || (bytes[end] === DOT && isOfWord(bytes[end + 1]));
    if (isSeen && !isPart) return true;
  }
  return false;
}

/** Letters, digits, what joins them in addresses and ids, and all that is not ASCII. */
function isOfWord(byte: number | undefined): boolean {
  return byte !== undefined && (byte >= 0x80 || /[\w@+-]/.test(String.fromCharCode(byte)));
}

/** The paths of files that hold an id, and of those that cannot be searched. Links are not followed. */
export function filesWith(directory: string, ids: ReadonlySet<string>): string[] {
  const traces = tracesOf(ids);
  const found: string[] = [];
  let left = MAX_FILES;
  const search = (folder: string, depth: number): void => {
    const entries = attempt<Dirent[]>(() => readdirSync(folder, { withFileTypes: true }));
    if (entries === undefined || depth > MAX_DEPTH) {
      found.push(folder);
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) search(path, depth + 1);
      if (!entry.isFile()) continue;
      left -= 1;
      if (left >= 0 && !isFree(path, ids, traces)) found.push(path);
      if (left === -1) found.push(folder);
    }
  };
  search(directory, 0);
  return found;
}

function isFree(path: string, ids: ReadonlySet<string>, traces: Traces): boolean {
  const name = basename(path);
  try {
    return name === MAP_FILE || name.startsWith(ASIDE) ? isFreeMap(path, traces, ids) : isFreeFile(path, traces);
  } catch (error) {
    // Processes write a new inventory beside the old one, and rename it.
    return codeOf(error) === 'ENOENT';
  }
}

/** The ids of others may contain this one. An entry of this one in the map in use is new. */
function isFreeMap(path: string, traces: Traces, ids: ReadonlySet<string>): boolean {
  const inUse = basename(path) === MAP_FILE;
  return withMap(path, 'read', (fd, { size }) => {
    let free = true;
    eachLine(fd, size, (line, { at, length }) => {
      if (line.is === 'entry') free &&= inUse || !ids.has(line.id);
      if (line.is === 'damaged') free &&= !rangeHolds(fd, at, at + length, traces);
    });
    return free;
  });
}

function isFreeFile(path: string, traces: Traces): boolean {
  const fd = openSync(path, 'r');
  try {
    return !rangeHolds(fd, 0, fstatSync(fd).size, traces);
  } finally {
    closeSync(fd);
  }
}
