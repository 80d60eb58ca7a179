/**
 * One run at a time: a lock file whose holder shows again and again that it lives. Other than by its time, which a clock that is set
 * makes wrong, a lock that was left behind is known by its process, or by being watched.
 */
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { attempt } from '../lib/attempt.js';
import { codeOf } from '../lib/files.js';
import { runEvery } from '../lib/timers.js';
import { unfinishedName } from './names.js';

/** How often the holder shows that it lives. */
const BEAT_MS = 1000;
/** A holder that shows nothing for so long is gone: on another machine, or in another container. */
const WATCHED_MS = 15_000;
const LOOK_MS = 250;
const MAX_TRIES = 100;

export interface Lock {
  /** Unique to this holder. */
  readonly token: string;
  /** False if another run took the lock over, because this one stood still. */
  held(): boolean;
  release(): void;
}

interface Content {
  readonly token: string;
  readonly place: string;
  readonly pid: number;
}

/**
 * Takes the lock; undefined if another run holds it.
 *
 * @throws the error of the file system
 */
export async function takeLock(path: string): Promise<Lock | undefined> {
  const token = randomBytes(12).toString('hex');
  const text = JSON.stringify({ token, place: placeOfProcess(), pid: process.pid } satisfies Content);
  for (let tries = 1; ; tries++) {
    try {
      create(path, unfinishedName(path, token), text);
      return lockOf(path, token, text);
    } catch (error) {
      // Others may release and take it; a folder in its place stays.
      if (codeOf(error) !== 'EEXIST' || tries === MAX_TRIES) throw error;
    }
    const found = textAt(path);
    if (found === undefined) continue;
    if (!(await isLeft(path, found))) return undefined;
    removeLeft(path, unfinishedName(path, token), found);
  }
}

/** Whole at once, where there are hard links: a holder that is killed leaves a lock that names it. */
function create(path: string, unfinished: string, text: string): void {
  writeFileSync(unfinished, text, { mode: 0o600 });
  try {
    linkSync(unfinished, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } finally {
    // The holder of the lock removes what is unfinished, too.
    attempt(() => unlinkSync(unfinished));
  }
}

function lockOf(path: string, token: string, text: string): Lock {
  const held = () => textAt(path) === text;
  let beats = 0;
  const stop = runEvery(BEAT_MS, () => {
    beats += 1;
    // The time says nothing: each beat is another one than the last.
    if (held()) attempt(() => utimesSync(path, 0, beats));
  });
  return {
    token,
    held,
    release() {
      stop();
      if (held()) attempt(() => unlinkSync(path));
    },
  };
}

/** Whether the holder of a lock is gone. */
async function isLeft(path: string, text: string): Promise<boolean> {
  const holder = attempt(() => JSON.parse(text) as Partial<Content> | null) ?? {};
  const { pid } = holder;
  if (holder.place === placeOfProcess() && typeof pid === 'number' && !isAlive(pid)) return true;
  const first = beatAt(path);
  for (let waited = 0; waited < WATCHED_MS; waited += LOOK_MS) {
    await setTimeout(LOOK_MS);
    if (beatAt(path) !== first) return textAt(path) === undefined;
  }
  return textAt(path) === text;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is one, too.
    return codeOf(error) !== 'ESRCH';
  }
}

/** Where ids of processes mean the same. */
function placeOfProcess(): string {
  return `${hostname()} ${attempt(() => readlinkSync('/proc/self/ns/pid')) ?? ''}`;
}

function removeLeft(path: string, aside: string, left: string): void {
  try {
    renameSync(path, aside);
    // Another run may have replaced it by its own in between: that one goes back.
    if (textAt(aside) !== left) linkSync(aside, path);
    unlinkSync(aside);
  } catch (error) {
    const code = codeOf(error);
    // Another run was quicker.
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}

function textAt(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}

function beatAt(path: string): string | undefined {
  return attempt(() => {
    const { ino, mtimeMs } = statSync(path);
    return `${ino} ${mtimeMs}`;
  });
}
