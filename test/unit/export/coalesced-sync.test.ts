import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CoalescedSync } from '../../../src/export/coalesced-sync.js';
import { FileLogRecordExporter } from '../../../src/export/file.js';
import { deferred } from '../../support/deferred.js';

const disk = vi.hoisted(() => ({ now: 0, later: 0 }));
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof import('node:fs')>();
  const fdatasync = (...args: Parameters<typeof actual.fdatasync>) => {
    disk.later += 1;
    actual.fdatasync(...args);
  };
  const fdatasyncSync: typeof actual.fdatasyncSync = (descriptor) => {
    disk.now += 1;
    actual.fdatasyncSync(descriptor);
  };
  return { ...actual, fdatasync, fdatasyncSync };
});

describe('waiting for a sync', () => {
  it('takes the one that begins next, together with all others that wait', async () => {
    const syncs = [deferred<boolean>(), deferred<boolean>(), deferred<boolean>()];
    let started = 0;
    const coalesced = new CoalescedSync(() => syncs[started++]?.promise ?? Promise.resolve(true));
    const done: string[] = [];
    const wait = (name: string) => coalesced.wait().then((isSynced) => done.push(`${name} ${isSynced}`));
    const first = wait('a');
    const others = [wait('b'), wait('c')];
    expect(started).toBe(1);
    syncs[0]?.resolve(true);
    await first;
    await new Promise(setImmediate);
    expect([done, started]).toEqual([['a true'], 2]);
    const last = wait('d');
    syncs[1]?.resolve(false);
    syncs[2]?.resolve(true);
    await Promise.all([...others, last]);
    expect([done, started]).toEqual([['a true', 'b false', 'c false', 'd true'], 3]);
  });
});

describe('a file that is kept on disk', () => {
  it('is synced before it is rotated and at the end, and on demand with its folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-on-disk-'));
    const exporter = new FileLogRecordExporter({ path: join(folder, 'audit.jsonl'), maxBytes: 1024 });
    const onDisk = exporter.keepOnDisk();
    exporter.write('x'.repeat(1000));
    expect(await onDisk()).toBe(true);
    expect([disk.later, disk.now]).toEqual([1, 0]);
    exporter.write('y'.repeat(1000));
    expect([disk.now, readdirSync(folder).length]).toEqual([1, 2]);
    exporter.syncNow();
    expect(disk.now).toBe(2);
    await exporter.shutdown();
    rmSync(folder, { recursive: true });
  });
});
