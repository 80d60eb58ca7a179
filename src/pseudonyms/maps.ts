/** The maps of a state directory, from outside of the processes that use it: the one in use, and copies of damaged ones. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../lib/files.js';
import { ASIDE, type Line, MAP_FILE, parseLine } from './lines.js';
import { type RawLine, readLines, withMap } from './read.js';

/** The paths of the maps in a folder, the one in use first. @throws errors of the file system */
export function mapsIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name === MAP_FILE || name.startsWith(ASIDE));
  return names.sort().map((name) => join(directory, name));
}

/** The map was written by a newer version. */
export class NewerMap extends Error {}

/** Takes each line of a map. @throws NewerMap, errors of the file system */
export function eachLine(fd: number, size: number, take: (line: Line, raw: RawLine) => void): void {
  readLines(fd, 0, size, (raw) => {
    const line = parseLine(raw.bytes);
    if (line.is === 'newer') throw new NewerMap();
    take(line, raw);
  });
}

/**
 * The pseudonyms of all ids that pass a test. No map is changed.
 *
 * @throws NewerMap, errors of the file system
 */
export function pseudonymsOf(directory: string, passes: (id: string) => boolean): Set<string> {
  const found = new Set<string>();
  const erased = new Set<string>();
  for (const path of mapsIn(directory)) {
    withMap(path, 'read', (fd, { size }) =>
      eachLine(fd, size, (line) => {
        if (line.is === 'entry' && passes(line.id)) found.add(line.pseudonym);
        if (line.is === 'tombstone' || line.is === 'notice') erased.add(line.pseudonym);
      }),
    );
  }
  for (const each of erased) found.delete(each);
  return found;
}

/** The ids that pseudonyms stand for. @throws as {@link pseudonymsOf} */
export function idsBehind(directory: string, pseudonyms: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (const path of pseudonyms.size === 0 ? [] : mapsIn(directory)) {
    withMap(path, 'read', (fd, { size }) =>
      eachLine(fd, size, (line) => {
        // An id can look like a pseudonym.
        const isMeant = line.is === 'entry' && (pseudonyms.has(line.pseudonym) || pseudonyms.has(line.id));
        if (isMeant) found.add(line.id);
      }),
    );
  }
  return found;
}

/** The pseudonyms of erased entries that no audit record names yet. @throws as {@link pseudonymsOf} */
export function untold(directory: string): Set<string> {
  return tombstones(directory, (isTold) => !isTold);
}

/** The pseudonyms of all erased entries. @throws as {@link pseudonymsOf} */
export function erasedIn(directory: string): Set<string> {
  return tombstones(directory, () => true);
}

function tombstones(directory: string, passes: (isTold: boolean) => boolean): Set<string> {
  const found = new Set<string>();
  for (const path of mapsIn(directory)) {
    withMap(path, 'read', (fd, { size }) =>
      eachLine(fd, size, (line) => {
        if (line.is === 'tombstone' && passes(line.told)) found.add(line.pseudonym);
      }),
    );
  }
  return found;
}

/** Why a map cannot be used, in words; of other errors, their code. */
export function reasonOf(error: unknown): string {
  if (error instanceof NewerMap) return 'it was written by a newer version of mcp-trail';
  return codeOf(error) ?? 'unknown error';
}
