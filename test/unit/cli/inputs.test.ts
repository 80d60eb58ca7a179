import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf } from '../../../src/cli/inputs.js';

let folder: string;
const file = (name: string) => join(folder, name);
const put = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(file(name), '');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-inputs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function unexpected(path: string, reason: string): never {
  throw new Error(`${path}: ${reason}`);
}

describe('the files of a folder', () => {
  it('come once each, with those of its folders', () => {
    mkdirSync(file('sub'));
    put('a', 'sub/b');
    const found = [...filesOf([folder, file('a'), folder], unexpected)];
    expect(found.map(({ path, named }) => [relative(folder, path), named])).toEqual([
      ['a', false],
      ['sub/b', false],
    ]);
  });

  it('are looked for again while they are read: a trail that is written rotates', () => {
    put('audit.jsonl');
    const found: string[] = [];
    for (const { path } of filesOf([folder], unexpected)) {
      found.push(relative(folder, path));
      if (found.length === 1) put('audit-2026-11-21T093000Z-1.jsonl');
    }
    expect(found).toEqual(['audit.jsonl', 'audit-2026-11-21T093000Z-1.jsonl']);
  });

  it('are looked for no more than some times, however many appear', () => {
    put('0');
    let count = 0;
    for (const _ of filesOf([folder], unexpected)) {
      count += 1;
      put(`${count}`);
    }
    expect(count).toBeLessThan(10);
  });

  it('are not those that mcp-trail retain has not finished, or never will', () => {
    put('audit.jsonl', 'audit.jsonl.0123456789abcdef01234567.unfinished', 'my.unfinished');
    const found = [...filesOf([folder], unexpected)].map(({ path }) => relative(folder, path));
    expect(found).toEqual(['audit.jsonl', 'my.unfinished']);
  });

  it('end with the trail of mcp-trail retain, which knows what was deleted while the others were read', () => {
    mkdirSync(file('archive'));
    const names = ['audit.jsonl', 'weather.jsonl', 'retention.jsonl', 'retention-2026-11-21T093000Z-1.jsonl'];
    put(...names, 'archive/weather.jsonl.gz', 'retention-server.jsonl');
    const found = [...filesOf([folder], unexpected)].map(({ path }) => relative(folder, path));
    expect(found).toEqual([
      'archive/weather.jsonl.gz',
      'audit.jsonl',
      'retention-server.jsonl',
      'weather.jsonl',
      'retention-2026-11-21T093000Z-1.jsonl',
      'retention.jsonl',
    ]);
  });

  it('are as deep as the folders go, up to a limit that is told', () => {
    mkdirSync(join(folder, ...Array.from({ length: 70 }, () => 'd')), { recursive: true });
    const complaints: string[] = [];
    expect([...filesOf([folder], (_, reason) => complaints.push(reason))]).toEqual([]);
    expect(complaints).toEqual(['more than 64 folders in each other']);
  });
});
