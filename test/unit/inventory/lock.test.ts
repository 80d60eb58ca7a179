import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../../src/inventory/lock.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const ignore = () => {};

describe('a lock', () => {
  it('of another holder is waited for no longer than requested', () => {
    const lock = acquireLock(path, 0, ignore);
    const began = performance.now();
    expect(acquireLock(path, 50, ignore)).toBeUndefined();
    expect(performance.now() - began).toBeGreaterThanOrEqual(49);
    expect(lock?.held()).toBe(true);
  });

  it('can be taken again after its release', () => {
    acquireLock(path, 0, ignore)?.release();
    expect(acquireLock(path, 0, ignore)?.held()).toBe(true);
  });

  it('that is ten seconds old is stale, and is taken', () => {
    const lost = acquireLock(path, 0, ignore);
    const old = new Date(Date.now() - 10_001);
    utimesSync(path, old, old);
    const removed: string[] = [];
    const taken = acquireLock(path, 0, (token) => removed.push(token));
    expect(removed).toEqual([lost?.token]);
    expect(lost?.held()).toBe(false);
    lost?.release();
    expect(taken?.held()).toBe(true);
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it('of another holder is not released, and a missing one is not an error', () => {
    const lock = acquireLock(path, 0, ignore);
    writeFileSync(path, 'others');
    lock?.release();
    expect(readFileSync(path, 'utf8')).toBe('others');
    rmSync(path);
    expect(() => lock?.release()).not.toThrow();
  });

  it('that cannot be created is an error', () => {
    expect(() => acquireLock(join(folder, 'none', 'lock'), 0, ignore)).toThrow('ENOENT');
  });
});
