/** `mcp-trail retain` on trails that the exporter writes and rotates, killed at random moments of a simulated year. */
import { expect, it } from 'vitest';
import { liveThrough } from '../retain/year.js';

/** A few hundred for `npm run test:retain`. */
const RUNS = Number(process.env['RETAIN_RUNS'] ?? 48);
const SEED = Number(process.env['RETAIN_SEED'] ?? 4711);

it(
  'loses no record and deletes none before its time, wherever it is killed in a year of rotation',
  { timeout: 5_000 * RUNS },
  async () => {
    const seen = await liveThrough({ seed: SEED, runs: RUNS });
    expect(seen.problems).toEqual([]);
    // Otherwise nothing was tried.
    expect(seen.killed).toBeGreaterThan(RUNS / 4);
    expect(seen.deleted).toBeGreaterThan(RUNS / 2);
    expect(seen.archives.filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(0);
    expect(seen.archives.filter((name) => name.endsWith('.age')).length).toBeGreaterThan(0);
    expect(seen.archives.filter((name) => name.startsWith('held-')).length).toBeGreaterThan(0);
    expect(seen.leftBehind).toEqual([]);
  },
);
