/** Erases ids from the maps of a state directory, while processes use them: in place, so that nothing they append is lost. */
import { fstatSync, fsyncSync, futimesSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { attempt } from '../lib/attempt.js';
import { appendLines } from './append.js';
import { blank } from './damage.js';
import { MAP_FILE, noticeLine, toldAt, tombstone } from './lines.js';
import { eachLine, mapsIn } from './maps.js';
import { withMap } from './read.js';
import { rangeHolds, type Traces } from './traces.js';

/** Processes that meet somebody meanwhile add them again, each twice a second at most. */
const MAX_PASSES = 20;
const TOLD = Buffer.from('1');
const NOTICES = 10_000;
const STILL_MS = 50;

/**
 * Erases all entries of the ids, until a pass finds none. Returns whether there was one.
 *
 * @throws NewerMap, errors of the file system
 */
export function eraseFrom(directory: string, ids: ReadonlySet<string>, traces: Traces): boolean {
  let any = false;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const found = mapsIn(directory).map((path) => eraseIn(path, ids, traces));
    if (found.every((each) => !each)) break;
    any = true;
  }
  return any;
}

function eraseIn(path: string, ids: ReadonlySet<string>, traces: Traces): boolean {
  let any = false;
  // Those of a run that was killed, too: processes that have them do not read there again.
  const unnoticed = new Set<string>();
  withMap(path, 'change', (fd, { size }) => {
    let isChanged = false;
    eachLine(fd, size, (line, { at, length, whole }) => {
      if (line.is === 'entry' && ids.has(line.id)) {
        writeSync(fd, tombstone(line.pseudonym, length), 0, length, at);
        unnoticed.add(line.pseudonym);
        any = true;
        isChanged = true;
      } else if (line.is === 'tombstone' && !line.told) unnoticed.add(line.pseudonym);
      else if (line.is === 'notice') unnoticed.delete(line.pseudonym);
      else if (line.is === 'damaged' && rangeHolds(fd, at, at + length, traces) && (whole || isStill(fd, size))) {
        blank(fd, { at, length });
        isChanged = true;
      }
    });
    if (isChanged) fsyncSync(fd);
  });
  if (basename(path) === MAP_FILE) notify(path, [...unnoticed]);
  return any;
}

/** Whether no process is writing: then the last line, which has no end, is what a killed process left. */
function isStill(fd: number, size: number): boolean {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STILL_MS);
  return fstatSync(fd).size === size;
}

/** Has running processes forget. On a full disk, they read the map again, because it is new. */
function notify(path: string, erased: readonly string[]): void {
  try {
    for (let from = 0; from < erased.length; from += NOTICES) {
      appendLines(path, erased.slice(from, from + NOTICES).map(noticeLine), false);
    }
  } catch {
    withMap(path, 'change', (fd) => futimesSync(fd, new Date(), new Date()));
  }
}

/** Notes that audit records name the pseudonyms. @throws as {@link eraseFrom} */
export function markTold(directory: string, pseudonyms: ReadonlySet<string>): void {
  for (const path of mapsIn(directory)) {
    withMap(path, 'change', (fd, { size }) => {
      let isChanged = false;
      eachLine(fd, size, (line, { at }) => {
        if (line.is !== 'tombstone' || line.told || !pseudonyms.has(line.pseudonym)) return;
        writeSync(fd, TOLD, 0, 1, at + toldAt(line.pseudonym));
        isChanged = true;
      });
      if (!isChanged) return;
      fsyncSync(fd);
      // A file that grew is read from where it ended; one that only changed is read again from its beginning.
      attempt(() => appendLines(path, [], false));
    });
  }
}

/** Whether a map can be changed. @throws as {@link eraseFrom} */
export function checkMaps(directory: string): void {
  for (const path of mapsIn(directory)) withMap(path, 'change', (fd) => fstatSync(fd));
}
