/** When a trail gets checkpoints, what is in them, and which key signs them. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SecondPlace } from '../../../src/audit/checkpoints.js';
import { RecordFields } from '../../../src/audit/record-fields.js';
import { Signer } from '../../../src/audit/signer.js';
import { Trail, type TrailOptions } from '../../../src/audit/trail.js';
import { hashOf } from '../../../src/chain/hash.js';
import type { SigningKey } from '../../../src/chain/keys.js';
import { isSignedBy, readNote, type SignedNote } from '../../../src/chain/note.js';
import { createUuidV7 } from '../../../src/lib/uuid-v7.js';
import { parse } from '../../support/audit.js';
import { expectChained } from '../../support/chain.js';
import { newKeyFile, replaceKey } from '../../support/signing-key.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-trail-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

let folders = 0;
function newFolder(): string {
  folders += 1;
  const made = join(folder, `${folders}`);
  mkdirSync(made);
  return made;
}

let stderr: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21) });
  stderr = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function signerOf(path: string): Signer {
  const signer = new Signer(path, 'option audit.signingKeyFile');
  signer.load();
  return signer;
}

function newTrail(parts: Partial<TrailOptions> = {}) {
  const texts: string[] = [];
  const trail = new Trail({
    key: 'test',
    sinks: [{ name: 'file', accept: ({ text }) => texts.push(text) > 0 }],
    now: Date.now,
    newId: createUuidV7({ now: Date.now }),
    resource: () => ({}),
    ...parts,
  });
  trail.start();
  const record = (times = 1) => {
    for (let n = 0; n < times; n++) {
      const fields = new RecordFields().add({ 'mcp_audit.session.state': 'started', 'mcp_audit.side': 'server' });
      trail.record({ name: 'mcp_audit.guardrail', severity: 'INFO', fields });
    }
  };
  return {
    trail,
    texts,
    record,
    /** The checkpoints so far: each must fit what comes before it. */
    notes: () => notesIn(texts),
  };
}

interface Found {
  readonly number: number;
  readonly event: string;
  readonly note: SignedNote;
}

function notesIn(texts: readonly string[]): Found[] {
  expectChained(texts);
  return texts.flatMap((text) => {
    const record = JSON.parse(text);
    const written = record['mcp_audit.checkpoint.note'];
    if (written === undefined) return [];
    const note = readNote(written) as SignedNote;
    const number = record['audit.sequence.number'];
    expect(note).toMatchObject({
      chainId: record['mcp_audit.chain.id'],
      size: number - 1,
      head: record['audit.prev.hash'],
      time: record.time,
    });
    expect(record['mcp_audit.checkpoint.size']).toBe(number - 1);
    const before = texts.find((each) => JSON.parse(each)['audit.sequence.number'] === number - 1);
    expect(hashOf(before as string)).toBe(note.head);
    return [{ number, event: record.event_name.replace('mcp_audit.', ''), note }];
  });
}

const signedBy = (notes: readonly Found[], ...keys: readonly SigningKey[]) =>
  notes.map(({ note }) => keys.findIndex((key) => isSignedBy(note, key)));
const numbers = (notes: readonly Found[]) => notes.map(({ number }) => number);

describe('a trail with a key', () => {
  it('has a checkpoint after its first record, and after every 100', () => {
    const { path, key } = newKeyFile(newFolder());
    const { record, notes } = newTrail({ signer: signerOf(path) });
    record(99);
    expect(numbers(notes())).toEqual([2]);
    record(1);
    expect(numbers(notes())).toEqual([2, 103]);
    record(200);
    expect(numbers(notes())).toEqual([2, 103, 204, 305]);
    expect(signedBy(notes(), key)).toEqual([0, 0, 0, 0]);
  });

  it('has one a minute after the first record that none covers, and none while nothing happens', () => {
    const { record, notes } = newTrail({ signer: signerOf(newKeyFile(newFolder()).path) });
    record();
    vi.advanceTimersByTime(59_999);
    record();
    expect(numbers(notes())).toEqual([2]);
    vi.advanceTimersByTime(1);
    expect(numbers(notes())).toEqual([2, 5]);
    vi.advanceTimersByTime(30_000);
    record();
    vi.advanceTimersByTime(59_999);
    expect(notes()).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(numbers(notes())).toEqual([2, 5, 7]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has one right after the record of a gap, and none for tries to write that record', () => {
    let full = true;
    const kept: string[] = [];
    const { record } = newTrail({
      signer: signerOf(newKeyFile(newFolder()).path),
      sinks: [{ name: 'file', accept: ({ text }) => !full && kept.push(text) > 0 }],
    });
    record();
    vi.advanceTimersByTime(30_000);
    record();
    full = false;
    record();
    expect(JSON.parse(kept[0] as string)['audit.sequence.number']).toBe(5);
    expect(kept.map((text) => JSON.parse(text).event_name.slice(10))).toEqual(['guardrail', 'gap', 'checkpoint']);
    record(2);
    expect(kept).toHaveLength(5);
  });

  it('ends with one, after the record that it stopped, each time it ends', () => {
    const { trail, texts, record, notes } = newTrail({ signer: signerOf(newKeyFile(newFolder()).path) });
    record();
    trail.end();
    trail.end();
    trail.close();
    expect(texts.map((text) => JSON.parse(text).event_name.slice(10))).toEqual([
      ...['started', 'checkpoint', 'guardrail', 'stopped', 'checkpoint'],
    ]);
    record();
    trail.end();
    expect(numbers(notes())).toEqual([2, 5, 9]);
  });

  it('names the key in its first record and in each checkpoint, which say how long it is valid', () => {
    const { path, key } = newKeyFile(newFolder(), { notBefore: 1_700_000_000, notAfter: 1_900_000_000 });
    const { trail, texts } = newTrail({ signer: signerOf(path) });
    trail.end();
    const [started, checkpoint] = texts.map(parse);
    expect(started).toMatchObject({ event_name: 'mcp_audit.started', 'mcp_audit.key.id': key.id });
    expect(checkpoint).toMatchObject({
      event_name: 'mcp_audit.checkpoint',
      severity_text: 'INFO',
      'audit.actor.id': 'mcp-trail',
      'mcp_audit.key.id': key.id,
      'mcp_audit.key.not_before': '2023-11-14T22:13:20.000000000Z',
      'mcp_audit.key.not_after': '2030-03-17T17:46:40.000000000Z',
    });
    expect(JSON.stringify(texts)).not.toContain(key.privateKey.export({ format: 'jwk' }).d);
  });

  it('counts on when a log processor of the application causes records', () => {
    const { path } = newKeyFile(newFolder());
    const texts: string[] = [];
    let depth = 0;
    const made = newTrail({
      signer: signerOf(path),
      sinks: [
        { name: 'file', accept: ({ text }) => texts.push(text) > 0 },
        {
          name: 'otel',
          accept: ({ name }) => {
            if (name !== 'mcp_audit.checkpoint' || depth > 0) return true;
            depth += 1;
            made.record(150);
            depth -= 1;
            return true;
          },
        },
      ],
    });
    made.record(99);
    expect(numbers(notesIn(texts))).toEqual([2, 103, 204, 305]);
  });
});

describe('a trail without a key', () => {
  it('has no checkpoints, and sets no timer for them', () => {
    const { trail, record, notes } = newTrail();
    record(300);
    expect(vi.getTimerCount()).toBe(0);
    trail.end();
    expect(notes()).toEqual([]);
  });

  it('has unsigned ones if there is a second place', () => {
    const kept: string[] = [];
    const secondPlace = { put: (text: string) => kept.push(text), close: () => {} } as unknown as SecondPlace;
    const { trail, texts, record, notes } = newTrail({ secondPlace });
    record(100);
    trail.end();
    expect(notes().map(({ note }) => note.signatures)).toEqual([[], [], []]);
    expect(kept).toEqual(texts.filter((text) => text.includes('"mcp_audit.checkpoint.note"')));
    for (const record of kept.map(parse)) expect(record).not.toHaveProperty('mcp_audit.key.id');
  });
});

describe('a key file that changes', () => {
  it('is noticed at the next checkpoint: the old key vouches for the new one, which signs from then on', () => {
    const { path, key } = newKeyFile(newFolder());
    const kept: string[] = [];
    const secondPlace = { put: (text: string) => kept.push(text), close: () => {} } as unknown as SecondPlace;
    const { trail, record, notes, texts } = newTrail({ signer: signerOf(path), secondPlace });
    record(99);
    const next = replaceKey(path, { notAfter: 2_000_000_000 });
    record(100);
    trail.end();
    const all = notes();
    expect(all.map(({ event }) => event)).toEqual(['checkpoint', 'key.rotated', 'checkpoint', 'checkpoint']);
    expect(signedBy(all, key, next)).toEqual([0, 0, 1, 1]);
    expect(all[1]?.note.nextKey).toMatchObject({ id: next.id, notAfter: 2_000_000_000 });
    expect(all[1]?.note.nextKey?.notBefore).toBeUndefined();
    const rotated = texts.find((text) => text.includes('"mcp_audit.key.rotated"'));
    expect(parse(rotated as string)).toMatchObject({ 'mcp_audit.key.id': key.id, 'mcp_audit.key.next_id': next.id });
    expect(notesIn(texts).length).toBe(kept.length);
    expect(stderr).toEqual([]);
  });

  it('may be a link that leads elsewhere, as in Kubernetes', () => {
    const [one, two, place] = [newKeyFile(newFolder()), newKeyFile(newFolder()), newFolder()];
    const link = join(place, 'key');
    symlinkSync(one.path, link);
    const { record, notes } = newTrail({ signer: signerOf(link) });
    record(99);
    symlinkSync(two.path, `${link}.new`);
    renameSync(`${link}.new`, link);
    record(100);
    expect(signedBy(notes(), one.key, two.key)).toEqual([0, 0, 1]);
  });

  it('is the same key if it was only written again', () => {
    const { path, key } = newKeyFile(newFolder());
    const { record, notes } = newTrail({ signer: signerOf(path) });
    record(99);
    writeFileSync(path, `${execFileSync('cat', [path])}\n`, { mode: 0o600 });
    record(100);
    expect(notes().map(({ event }) => event)).toEqual(['checkpoint', 'checkpoint']);
    expect(signedBy(notes(), key)).toEqual([0, 0]);
  });

  const BROKEN: Readonly<Record<string, (path: string) => void>> = {
    'is gone': (path) => unlinkSync(path),
    'is something else': (path) => writeFileSync(path, 'no key'),
    'is empty': (path) => truncateSync(path),
  };

  it.each(Object.entries(BROKEN))('and %s: the old key goes on, which is said once', (_, breakIt) => {
    const { path, key } = newKeyFile(newFolder());
    const { record, notes } = newTrail({ signer: signerOf(path) });
    breakIt(path);
    record(350);
    expect(signedBy(notes(), key)).toEqual([0, 0, 0, 0]);
    expect(stderr).toEqual([expect.stringMatching(/signingKeyFile is ".*", which .*goes on signing\n$/)]);
    const next = replaceKey(path);
    record(100);
    expect(signedBy(notes().slice(4), key, next)).toEqual([0, 1]);
    expect(stderr).toHaveLength(1);
  });
});

describe('a key file that can be used only later', () => {
  it('signs from the next checkpoint on: of the first records, too', () => {
    const { path: elsewhere, key } = newKeyFile(newFolder());
    const path = join(newFolder(), 'key');
    const { trail, texts, record, notes } = newTrail({ signer: signerOf(path) });
    record(150);
    renameSync(elsewhere, path);
    record(49);
    expect(notes()).toEqual([]);
    record(1);
    expect(numbers(notes())).toEqual([202]);
    expect(signedBy(notes(), key)).toEqual([0]);
    trail.end();
    expect(notes()).toHaveLength(2);
    expect(JSON.parse(texts[0] as string)).not.toHaveProperty('mcp_audit.key.id');
    expect(stderr).toHaveLength(1);
  });

  it('is looked for a minute after a record', () => {
    const { path: elsewhere } = newKeyFile(newFolder());
    const path = join(newFolder(), 'key');
    const { record, notes } = newTrail({ signer: signerOf(path) });
    record();
    renameSync(elsewhere, path);
    vi.advanceTimersByTime(60_000);
    expect(numbers(notes())).toEqual([3]);
  });
});

it('a key that has expired signs on, which is said once', () => {
  const { path, key } = newKeyFile(newFolder(), { notAfter: Date.UTC(2026, 10, 21) / 1000 + 3600 });
  const { record, notes } = newTrail({ signer: signerOf(path) });
  record(99);
  expect(stderr).toEqual([]);
  vi.advanceTimersByTime(3_600_000);
  record(200);
  expect(signedBy(notes(), key)).toEqual([0, 0, 0, 0]);
  expect(stderr).toEqual([expect.stringContaining('has expired or is not valid yet')]);
});

it('a clock that is set back leaves the chain as it is', () => {
  const { path, key } = newKeyFile(newFolder());
  const { record, notes } = newTrail({ signer: signerOf(path) });
  record(99);
  vi.setSystemTime(Date.UTC(2001, 0, 1));
  record(100);
  expect(numbers(notes())).toEqual([2, 103]);
  expect(signedBy(notes(), key)).toEqual([0, 0]);
});

describe('a key file that cannot be used at the start', () => {
  const FILES: Readonly<Record<string, { readonly make: (path: string) => void; readonly says: string }>> = {
    'that is missing': { make: () => {}, says: 'cannot be read (ENOENT)' },
    'that is a folder': { make: mkdirSync, says: 'is not a file' },
    'that is a named pipe': {
      make: (path) => execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' }),
      says: 'is not a file',
    },
    'that is a loop of links': { make: (path) => symlinkSync(path, path), says: 'cannot be read (ELOOP)' },
    'of a gigabyte': {
      make(path) {
        writeFileSync(path, '', { mode: 0o600 });
        truncateSync(path, 2 ** 30);
      },
      says: 'has 1073741824 bytes; accepted: at most 16384',
    },
    'that others can read': {
      make: (path) => writeFileSync(path, 'secret', { mode: 0o644 }),
      says: 'has the mode 0644',
    },
    'with other text': { make: (path) => writeFileSync(path, 'secret', { mode: 0o600 }), says: 'accepted: ' },
  };

  it.each(Object.entries(FILES))(
    '%s leaves the trail unsigned, and is named with what is wrong',
    (_, { make, says }) => {
      const path = join(newFolder(), 'key');
      make(path);
      const { trail, texts, record, notes } = newTrail({ signer: signerOf(path) });
      record(100);
      trail.end();
      expect(notes()).toEqual([]);
      expect(JSON.parse(texts[0] as string)).not.toHaveProperty('mcp_audit.key.id');
      expect(stderr).toHaveLength(1);
      expect(stderr[0]).toContain(`mcp-trail: option audit.signingKeyFile is ${JSON.stringify(path)}, which `);
      expect(stderr[0]).toContain(says);
      expect(stderr[0]).toContain('linked, but not signed');
      expect(stderr[0]).not.toContain('secret');
    },
  );
});
