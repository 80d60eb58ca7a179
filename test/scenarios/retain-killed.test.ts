/** `mcp-trail retain` on trails that the exporter writes and rotates, killed at random points of a simulated year. */
import { expect, it } from 'vitest';
import { verify } from '../../src/cli/verify.js';
import { liveThrough, type Place } from '../retain/year.js';
import { runCommand } from '../unit/cli/world.js';

/** `npm run test:retain` has some hundred. */
const RUNS = Number(process.env['RETAIN_RUNS'] ?? 40);
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

/** What `verify` says of what is left: once it opens encrypted archives, it takes deletions as explanations, too. */
async function verification(): Promise<((place: Place) => Promise<readonly string[]>) | undefined> {
  const { out: usage } = await runCommand(verify, ['--help']);
  if (!usage.includes('--identity')) return undefined;
  return async ({ folder, trust, identity }) => {
    const { code, out, err } = await runCommand(verify, [folder, '--trust', trust, '--identity', identity]);
    return code === 0 ? [] : [`verify answers ${code}: ${out}${err}`];
  };
}
