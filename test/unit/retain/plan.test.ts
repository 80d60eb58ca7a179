import { describe, expect, it } from 'vitest';
import { archiveName, closedFile, readArchiveName } from '../../../src/retain/names.js';
import { type FileFound, planOf } from '../../../src/retain/plan.js';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const DAY = 86_400_000;
const HOUR = 3_600_000;
const HASH = 'a'.repeat(64);
const ROTATED = 'audit-2026-11-21T093000Z-1.jsonl';

const file = (given: Partial<FileFound>): FileFound => {
  const mtime = given.mtime ?? NOW - 20 * DAY;
  return { name: ROTATED, size: 1, mtime, ctime: mtime, ...given };
};
const limits = (archive?: number, remove?: number) => ({
  now: NOW,
  archive: archive && NOW - archive * DAY,
  delete: remove && NOW - remove * DAY,
});
const NOTHING = { toDelete: [], toArchive: [], toPutAside: [], archivesToDelete: [], ofFuture: [], waiting: 0 };

describe('the plan for a file', () => {
  it.each([
    ['is archived when it was not changed for long enough', file({}), limits(10, 30), { toArchive: [ROTATED] }],
    ['waits until then', file({}), limits(21, 30), { waiting: 1 }],
    ['is looked at for deletion', file({}), limits(10, 15), { toDelete: [ROTATED] }],
    [
      'is archived however old it is, without a time for deletion',
      file({ mtime: 0 }),
      limits(10),
      { toArchive: [ROTATED] },
    ],
    [
      'is deleted without an archive, if nobody asked for one',
      file({}),
      limits(undefined, 15),
      { toDelete: [ROTATED] },
    ],
    ['waits without a time for either', file({}), limits(), { waiting: 1 }],
    ['waits while it is new in its place', file({ ctime: NOW - HOUR + 1 }), limits(10), { waiting: 1 }],
    ['does not wait any longer after an hour', file({ ctime: NOW - HOUR }), limits(10), { toArchive: [ROTATED] }],
    ['waits if it changes in the future', file({ ctime: NOW + DAY }), limits(10, 15), { waiting: 1 }],
    ['of the future is named', file({ mtime: NOW + DAY }), limits(10, 15), { ofFuture: [ROTATED] }],
    ['of another clock, a minute ahead, is not', file({ mtime: NOW + 60_000 }), limits(10, 15), { waiting: 1 }],
    ['is not there while it is empty: a name that was reserved', file({ size: 0 }), limits(10, 15), {}],
    ['of the command itself is left out', file({ name: 'retention-2026-11-21T093000Z-1.jsonl' }), limits(10, 15), {}],
    [
      'that is written is put aside when its process is gone',
      file({ name: 'pod-7.jsonl' }),
      limits(10),
      { toPutAside: ['pod-7.jsonl'] },
    ],
    [
      'that is written is put aside before a deletion, too',
      file({ name: 'pod-7.jsonl' }),
      limits(undefined, 15),
      { toPutAside: ['pod-7.jsonl'] },
    ],
    ['that is written stays as long as it changes', file({ name: 'pod-7.jsonl', mtime: NOW - DAY }), limits(10), {}],
    ['of the name retention.jsonl stays', file({ name: 'retention.jsonl', mtime: 0 }), limits(10, 15), {}],
    ['of another name is none of ours', file({ name: 'notes.txt' }), limits(10, 15), {}],
  ])('%s', (_, found, given, expected) => {
    expect(planOf([found], [], given)).toEqual({ ...NOTHING, ...expected });
  });
});

describe('the plan for an archive', () => {
  const name = archiveName(ROTATED, HASH, true);
  it.each([
    ['is that of its newest record', { name, newest: NOW - 16 * DAY }, limits(1, 15), { archivesToDelete: [name] }],
    ['is to wait until that is due', { name, newest: NOW - 14 * DAY }, limits(1, 15), { waiting: 1 }],
    ['goes by its name without a description', { name, newest: undefined }, limits(1, 9), { archivesToDelete: [name] }],
    ['is to wait, by its name', { name, newest: undefined }, limits(1, 10), { waiting: 1 }],
    ['is to wait without a time for deletion', { name, newest: 0 }, limits(1), { waiting: 1 }],
    ['of the future is to be named', { name, newest: NOW + DAY }, limits(1, 15), { ofFuture: [name] }],
    ['of another kind is ignored', { name: 'backup.jsonl.gz', newest: undefined }, limits(1, 15), {}],
  ])('%s', (_, found, given, expected) => {
    expect(planOf([], [found], given)).toEqual({ ...NOTHING, ...expected });
  });
});

describe('the name of an archive', () => {
  it.each([
    [ROTATED, false, 'audit-2026-11-21T093000Z-1-aaaaaaaaaaaaaaaa.jsonl.gz'],
    [ROTATED, true, 'audit-2026-11-21T093000Z-1-aaaaaaaaaaaaaaaa.jsonl.gz.age'],
    ['audit-2026-11-21T093000Z-1.log', false, 'audit-2026-11-21T093000Z-1.log-aaaaaaaaaaaaaaaa.jsonl.gz'],
  ])('of %s has its hash, and tells what it was', (original, encrypted, archived) => {
    expect(archiveName(original, HASH, encrypted)).toBe(archived);
    expect(readArchiveName(archived)).toEqual({ original: closedFile(original), hash: 'a'.repeat(16), encrypted });
  });

  it.each([
    '',
    'audit.jsonl',
    'audit-2026-11-21T093000Z-0.jsonl',
    '-2026-11-21T093000Z-1.jsonl',
    'a-2026-11-21-1.jsonl',
  ])('%j is not that of a rotated file', (name) => {
    expect(closedFile(name)).toBeUndefined();
  });
});
