/** A year of rotation in a folder, with `mcp-trail retain` again and again, most often killed at a random moment. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { newSigningKey, privateJwk, publicJwk } from '../../src/chain/keys.js';
import { ageFiles, Clock, type Deletion, Kept, signedDeletions, Writer, type Written } from './trails.js';

const DAY_MS = 86_400_000;
const DELETE_AFTER_DAYS = 60;
const ROOT = new URL('../../', import.meta.url).pathname;
const CLI = join(ROOT, 'dist/cjs/cli.js');

/** What is left after a run, and what opens it. */
export interface Place {
  readonly folder: string;
  readonly trust: string;
  readonly identity: string;
}

export interface Year {
  readonly seed: number;
  /** Runs of the command, over a year. */
  readonly runs: number;
  /** Resolves to what is wrong, after each run. */
  readonly verify: ((place: Place) => Promise<readonly string[]>) | undefined;
}

export interface Seen {
  readonly written: number;
  /** Runs that were killed, and that came to their end before. */
  readonly killed: number;
  readonly ended: number;
  /** Records that were deleted, all of them explained. */
  readonly deleted: number;
  /** What was wrong, after which run. */
  readonly problems: readonly string[];
  /** What is in the folder of archives in the end. */
  readonly archives: readonly string[];
  readonly leftBehind: readonly string[];
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function liveThrough({ seed, runs, verify }: Year): Promise<Seen> {
  const random = numbers(seed);
  const scratch = mkdtempSync(join(tmpdir(), 'mcp-trail-year-'));
  const folder = join(scratch, 'trail');
  mkdirSync(folder);
  const key = newSigningKey({});
  const [keyFile, trust] = [join(scratch, 'key.jwk'), join(scratch, 'trust.jwk')];
  writeFileSync(keyFile, JSON.stringify(privateJwk(key)), { mode: 0o600 });
  writeFileSync(trust, JSON.stringify(publicJwk(key)));
  const secret = await generateX25519Identity();
  const [identity, hold] = [join(scratch, 'identity.txt'), join(scratch, 'hold.txt')];
  writeFileSync(identity, `${secret}\n`, { mode: 0o600 });
  writeFileSync(hold, 'held-*  # a case at court\n');
  const recipient = await identityToRecipient(secret);

  const clock = new Clock(Date.now());
  const written = new Map<string, Written>();
  const [seen, kept] = [new Set<string>(), new Kept(secret)];
  const writers = new Map<string, Writer>();
  const begin = (name: string) => writers.set(name, new Writer(join(folder, name), keyFile, clock, written));
  for (const name of ['audit.jsonl', 'held.jsonl', 'weather-1.jsonl']) begin(name);

  const problems: string[] = [];
  const gone = new Set<string>();
  let [killed, ended, pod] = [0, 0, 1];
  try {
    for (let run = 1; run <= runs; run++) {
      clock.nowMs += (365 / runs) * DAY_MS * (0.5 + random());
      for (const [name, writer] of writers) {
        writer.write(1 + Math.floor(random() * 4));
        // A pod ends, and another takes its place.
        if (!name.startsWith('weather') || random() > 0.1) continue;
        writer.close();
        writers.delete(name);
        pod += 1;
        begin(`weather-${pod}.jsonl`);
      }
      ageFiles(folder, clock, seen);
      const args = [
        '--archive-after',
        '7d',
        '--delete-after',
        `${DELETE_AFTER_DAYS}d`,
        '--hold',
        hold,
        '--key',
        keyFile,
      ];
      // From the middle of the year on, archives are encrypted.
      if (run > runs / 2) args.push('--encrypt-to', recipient);
      // Most are killed at a step, wherever that is, and some at a moment in between.
      const kill = run === runs ? {} : random() < 0.8 ? { atStep: atStep(random) } : { afterMs: 100 + 400 * random() };
      const clockMs = Math.floor(clock.nowMs - Date.now());
      const { code, stderr } = await runRetain([folder, ...args], clockMs, kill);
      if (code === undefined) killed += 1;
      else {
        ended += 1;
        if (code !== 0) problems.push(`run ${run}: exit code ${code}: ${stderr}`);
      }
      const found = [...(await missing()), ...((await verify?.({ folder, trust, identity })) ?? [])];
      problems.push(...found.map((text) => `run ${run}: ${text}`));
    }
    const archives = readdirSync(join(folder, 'archive'));
    const leftBehind = [...readdirSync(folder), ...archives].filter((name) => /unfinished|lock/.test(name));
    return { written: written.size, killed, ended, deleted: gone.size, problems, archives, leftBehind };
  } finally {
    for (const writer of writers.values()) writer.close();
    rmSync(scratch, { recursive: true });
  }

  /** Records that are neither there nor deleted as they should be. */
  async function missing(): Promise<string[]> {
    const there = await kept.hashes(folder);
    const deletions = new Map<string, Deletion[]>();
    for (const each of signedDeletions(folder, key)) {
      deletions.set(each.chain, [...(deletions.get(each.chain) ?? []), each]);
    }
    const limit = clock.nowMs - DELETE_AFTER_DAYS * DAY_MS;
    return [...written].flatMap(([hash, { chain, number, time }]) => {
      if (there.has(hash)) return [];
      const told = deletions.get(chain)?.some(({ first, last }) => first <= number && number <= last);
      gone.add(hash);
      return [
        ...(told ? [] : [`record ${number} of ${chain} is gone, and nothing that is signed says so`]),
        ...(time < limit ? [] : [`record ${number} of ${chain} is gone before its time`]),
      ];
    });
  }
}

/** More often an early one than a late one: a run with much to do takes a hundred. */
function atStep(random: () => number): number {
  return 1 + Math.floor(120 * random() * random());
}

interface Kill {
  readonly atStep?: number;
  readonly afterMs?: number;
}

/** The command, as a process that lives so many milliseconds from now. Its code is undefined if it was killed. */
export async function runRetain(args: readonly string[], clockMs: number, { atStep: step, afterMs }: Kill) {
  const child = spawn(process.execPath, [CLI, 'retain', ...args], {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${new URL('preload.mjs', import.meta.url)}`,
      TEST_CLOCK_MS: String(clockMs),
      ...(step !== undefined && { TEST_KILL_AT: String(step) }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const timer = afterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), afterMs);
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit ?? undefined));
  });
  clearTimeout(timer);
  return { code, stderr };
}
