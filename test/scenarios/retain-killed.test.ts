/** `mcp-trail retain` on trails that the exporter writes and rotates, killed at random points of a simulated year. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verify } from '../../src/cli/verify.js';
import { Kept } from '../retain/trails.js';
import { liveThrough, type Place, runRetain } from '../retain/year.js';
import { ChainWriter } from '../support/chain-writer.js';
import { runCommand } from '../unit/cli/world.js';

/** `npm run test:retain` has some hundred. */
const RUNS = Number(process.env['RETAIN_RUNS'] ?? 30);
const DAY_MS = 86_400_000;
const SEED = Number(process.env['RETAIN_SEED'] ?? 4711);

it(
  'loses no record and deletes none before its time, wherever it is killed in a year of rotation',
  { timeout: 10_000 * RUNS },
  async () => {
    const seen = await liveThrough({ seed: SEED, runs: RUNS, verify: await verification() });
    expect(seen.problems).toEqual([]);
    // Otherwise nothing was tried.
    expect(seen.killed).toBeGreaterThan(RUNS / 4);
    expect(seen.deleted).toBeGreaterThan(RUNS);
    for (const expected of [/\.gz$/, /\.age$/, /^held-/]) {
      expect(seen.archives.filter((name) => expected.test(name))).not.toEqual([]);
    }
    expect(seen.leftBehind).toEqual([]);
  },
);

it('lets one of several runs at once do the work, and loses nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-at-once-'));
  try {
    const writer = new ChainWriter();
    for (let day = 10; day < 30; day++) {
      const path = join(folder, `audit-2026-11-${day}T000000Z-1.jsonl`);
      writer.calls(500);
      writeFileSync(path, `${writer.lines.slice(-500).join('\n')}\n`);
      const time = (Date.now() - 30 * DAY_MS) / 1000;
      utimesSync(path, time, time);
    }
    const args = [folder, '--archive-after', '7d'];
    const ended = await Promise.all([1, 2, 3].map(() => runRetain(args, DAY_MS, {})));
    // One that begins late finds nothing to do.
    expect(ended.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
    for (const { code, stderr } of ended.filter((each) => each.code !== 0)) {
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/is being worked on by another run/) });
    }
    expect(readdirSync(folder)).toEqual(['archive']);
    expect((await new Kept(undefined).hashes(folder)).size).toBe(writer.size);
    expect(readdirSync(join(folder, 'archive')).filter((name) => !/\.gz(?:\.json)?$/.test(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** What `verify` says of what is left: once it opens encrypted archives, it takes deletions as explanations, too. */
async function verification(): Promise<((place: Place) => Promise<readonly string[]>) | undefined> {
  const { out: usage } = await runCommand(verify, ['--help']);
  if (!usage.includes('--identity')) return undefined;
  return async ({ folder, trust, identity }) => {
    const { code, out, err } = await runCommand(verify, [folder, '--trust', trust, '--identity', identity]);
    return code === 0 ? [] : [`verify answers ${code}: ${out}${err}`];
  };
}
