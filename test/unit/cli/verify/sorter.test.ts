import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../../../src/cli/arguments.js';
import { DetailsStore } from '../../../../src/cli/verify/details.js';
import type { Entry } from '../../../../src/cli/verify/entry.js';
import { Sorter } from '../../../../src/cli/verify/sorter.js';
import { chainId } from '../../../support/chain-writer.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-sorter-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Entries of several chains in an order that has nothing to do with theirs. */
function entries(count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const place = (index * 7919) % count;
    return {
      chainId: chainId(place % 7),
      number: 2 ** 40 + Math.floor(place / 7),
      hash: place.toString(16).padStart(64, '0'),
      prev: place.toString(16).padEnd(64, 'f'),
      time: place / 3,
      file: place % 3,
      line: place,
      broken: 1,
      flags: 4,
      details: 2 ** 33 + place,
    };
  });
}

function sorted(sorter: Sorter) {
  return [...sorter.sorted()].length === 0
    ? []
    : Array.from(sorter.sorted(), (view) => ({
        chainId: view.chainId,
        number: view.number,
        hash: view.hash,
        prev: view.prev,
        time: view.time,
        file: view.file,
        line: view.line,
        broken: view.broken,
        flags: view.has(4) && !view.has(1) ? 4 : 0,
        details: view.details,
      }));
}

describe('entries', () => {
  it.each([
    ['in memory', 1000, 2000],
    ['in as many runs as there are entries', 100, 1],
    ['in runs of which the last is not full', 1000, 64],
    ['in one run that is full', 64, 64],
    ['in many blocks', 40_000, 10_000],
  ])('come in order, twice, sorted %s', (_, count, runEntries) => {
    const sorter = new Sorter(runEntries);
    const all = entries(count);
    for (const entry of all) sorter.add(entry);
    const expected = all.sort((a, b) =>
      a.chainId === b.chainId ? a.number - b.number : a.chainId < b.chainId ? -1 : 1,
    );
    expect(sorted(sorter)).toEqual(expected);
    sorter.close();
  });

  it('may be none', () => {
    expect(sorted(new Sorter())).toEqual([]);
  });

  it('are in a file that has no name, and nothing of it remains', () => {
    const sorter = new Sorter(10);
    for (const entry of entries(100)) sorter.add(entry);
    expect(readdirSync(folder)).toEqual([]);
    expect(sorted(sorter)).toHaveLength(100);
    sorter.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('need a folder for temporary files', () => {
    vi.stubEnv('TMPDIR', join(folder, 'none'));
    const sorter = new Sorter(10);
    expect(() => {
      for (const entry of entries(100)) sorter.add(entry);
    }).toThrow(Problem);
    sorter.close();
  });
});

it('details come back by their place, in memory or not', () => {
  const store = new DetailsStore();
  const note = 'ü'.repeat(8000);
  const places = Array.from({ length: 100 }, (_, size) => store.put({ size, note, keyId: null, time: null }));
  expect(places.map((place) => store.checkpoint(place))).toEqual(
    places.map((_, size) => ({ size, note, keyId: null, time: null })),
  );
  store.close();
});
