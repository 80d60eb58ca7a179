import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashOf, NO_RECORD_HASH } from '../../../src/chain/hash.js';
import { newSigningKey, privateJwk, publicJwk, type SigningKey } from '../../../src/chain/keys.js';
import { RecordCollector } from '../../../src/cli/retain/collector.js';
import { retain } from '../../../src/cli/retain.js';
import { pseudonymsOf } from '../../../src/pseudonyms/maps.js';
import { encryptionFor } from '../../../src/retain/encrypt.js';
import { HOLDS_NOTHING } from '../../../src/retain/hold.js';
import { periodOf } from '../../../src/retain/period.js';
import { retain as runRetain } from '../../../src/retain/run.js';
import { signedDeletions } from '../../retain/trails.js';
import { ChainWriter, chainId, edited } from '../../support/chain-writer.js';
import { type Ran, runCommand } from './world.js';

const DAY_MS = 86_400_000;
/** The command lives in this many days from now: what a test writes is quiet by then. */
const LATER_DAYS = 1;

let scratch = '';
let folder = '';
let startMs = 0;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcp-trail-retain-'));
  folder = join(scratch, 'trail');
  mkdirSync(folder);
  startMs = Date.now() + LATER_DAYS * DAY_MS;
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(scratch, { recursive: true });
});

const daysAgo = (days: number) => startMs - days * DAY_MS;
const run = (...args: string[]): Promise<Ran> => runCommand(retain, [folder, ...args]);
const both = ['--archive-after', '10d', '--delete-after', '30d'] as const;
const files = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl') && !name.startsWith('retention'));
const archives = (ending = /\.(?:gz|age)$/) =>
  existsSync(join(folder, 'archive')) ? readdirSync(join(folder, 'archive')).filter((name) => ending.test(name)) : [];

function rotatedName(stem: string, days: number): string {
  return `${stem}-${new Date(daysAgo(days))
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')}-1.jsonl`;
}

/** Writes the lines as a file that was rotated so many days ago. */
function put(name: string, lines: readonly string[], days: number): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  utimesSync(join(folder, name), daysAgo(days) / 1000, daysAgo(days) / 1000);
  return name;
}

/** A file of a chain's records of so many days ago; returns its lines. */
function rotated(
  writer: ChainWriter,
  days: number,
  stem = 'audit',
): { readonly name: string; readonly lines: string[] } {
  const from = writer.lines.length;
  writer.nowMs = daysAgo(days) - 60_000;
  writer.calls(5);
  const lines = writer.lines.slice(from);
  return { name: put(rotatedName(stem, days), lines, days), lines };
}

function keyFile(name = 'key'): { readonly path: string; readonly key: SigningKey; readonly trust: string } {
  const key = newSigningKey({});
  const [path, trust] = [join(scratch, `${name}.jwk`), join(scratch, `${name}-public.jwk`)];
  writeFileSync(path, JSON.stringify(privateJwk(key)), { mode: 0o600 });
  writeFileSync(trust, JSON.stringify(publicJwk(key)));
  return { path, key, trust };
}

/** Everything in the folder, as `dry-run` must leave it. */
function state(): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { ino, size, mtimeMs, ctimeMs } = lstatSync(join(folder, name));
      return { name, ino, size, mtimeMs, ctimeMs };
    });
}

describe('the arguments of retain', () => {
  it.each([
    [[], /needs --archive-after, --delete-after or a --preset: nothing is kept or deleted by default/],
    [['--archive-after', '30'], /--archive-after takes a time as 90m, 36h, 30d, 12w or 6y, at most 100 years; not 30/],
    [['--archive-after', '0d'], /--archive-after takes a time/],
    [['--archive-after', '59m'], /--archive-after is 59m; accepted: at least 1h/],
    [['--delete-after', '30m'], /--delete-after is 30m; accepted: at least 1h/],
    [['--archive-after', '30d', '--delete-after', '29d'], /--delete-after 29d is shorter than --archive-after 30d/],
    [['--delete-after', '30d', '--encrypt-to', 'age1x'], /--encrypt-to needs --archive-after/],
    [['--preset', '2-years'], /--preset takes 30-days, 1-year, 6-years; not 2-years/],
    [['--preset', '1-year', '--archive-after', '1d'], /a --preset has its own times/],
    [['--archive-after', '1d', '--confirm'], /--confirm is about a --preset/],
    [['--archive-after', '1d', 'another'], /needs one folder/],
    [['--archive-after', '1d', '--hold', ''], /the name of a file is empty/],
    [['--archive-after', '1d', '--hold', '/nowhere'], /the hold file \/nowhere cannot be read \(ENOENT\)/],
    [['--archive-after', '1d', '--key', '/nowhere'], /the file of --key cannot be read \(ENOENT\)/],
    [['--archive-after', '1d', '--trust', '/nowhere'], /the trust file \/nowhere cannot be read/],
    [['--archive-after', '1d', '--encrypt-to', '/nowhere'], /the recipients file \/nowhere cannot be read/],
    [['--archive-after', '1d', '--encrypt-to', 'age1wrong'], /the text of --encrypt-to is no recipient of age/],
  ])('%j are refused, and nothing is touched', async (args, problem) => {
    rotated(new ChainWriter(), 40);
    const before = state();
    const { code, err } = await run(...args);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(problem) });
    expect(state()).toEqual(before);
  });

  it('never repeats an identity that was given as a recipient', async () => {
    const identity = await generateX25519Identity();
    const file = join(scratch, 'recipients');
    writeFileSync(file, `# ours\n${identity}\n`);
    for (const given of [identity, file]) {
      const { code, err } = await run('--archive-after', '1d', '--encrypt-to', given);
      expect(code).toBe(3);
      expect(err).toMatch(/is an identity, which is secret/);
      expect(err).not.toContain(identity.slice(20));
    }
  });

  it('name a folder that is one', async () => {
    const { code, err } = await runCommand(retain, [join(scratch, 'nowhere'), '--archive-after', '1d']);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/nowhere is not a folder/) });
  });

  it('say which package encryption needs, and how to install it', async () => {
    const missing = () => Promise.reject(Object.assign(new Error(), { code: 'ERR_MODULE_NOT_FOUND' }));
    await expect(encryptionFor([{ text: 'age1x', where: 'it' }], missing)).rejects.toThrow(
      '--encrypt-to needs the package age-encryption, which is not installed: npm install age-encryption',
    );
  });
});

describe('retain', () => {
  it('archives what is due, deletes what is older, and leaves the rest', async () => {
    const writer = new ChainWriter();
    const [old, due, young] = [rotated(writer, 40), rotated(writer, 20), rotated(writer, 5)];
    put('audit.jsonl', writer.calls(2).lines.slice(-2), 0);
    const { path, key } = keyFile();
    const { code, out, err } = await run(...both, '--key', path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`deleted    ${old.name}: 5 records`);
    expect(out).toContain('1 archived, 1 deleted, 1 file not due');
    expect(files().sort()).toEqual([young.name, 'audit.jsonl'].sort());
    const bytes = `${due.lines.join('\n')}\n`;
    const name = `${due.name.slice(0, -'.jsonl'.length)}-${hashOf(bytes).slice(0, 16)}.jsonl.gz`;
    expect(archives()).toEqual([name]);
    expect(gunzipSync(readFileSync(join(folder, 'archive', name))).toString()).toBe(bytes);
    expect(lstatSync(join(folder, 'archive', name)).mode & 0o777).toBe(0o600);
    expect(signedDeletions(folder, key)).toEqual([
      { chain: writer.id, first: 1, last: 5, prevHash: NO_RECORD_HASH, headHash: hashOf(old.lines[4] as string) },
    ]);
  });

  it('does nothing again', async () => {
    const writer = new ChainWriter();
    for (const days of [40, 20, 5]) rotated(writer, days);
    await run(...both);
    const before = state();
    expect(await run(...both)).toMatchObject({ code: 0, out: 'nothing to do, 2 files not due\n' });
    expect(state()).toEqual(before);
  });

  it('deletes archives when they are due, and their descriptions with them', async () => {
    rotated(new ChainWriter(), 20);
    await run(...both);
    expect(archives(/./)).toHaveLength(2);
    vi.setSystemTime(startMs + 20 * DAY_MS);
    expect(await run(...both)).toMatchObject({ code: 0, out: expect.stringContaining('1 deleted') });
    expect(archives(/./)).toEqual([]);
  });

  it('writes deletions as records of the schema, by the user of the system', async () => {
    rotated(new ChainWriter(), 40);
    await run(...both, '--key', keyFile().path);
    const schema = new URL('../../../src/semconv/registry/audit-record.schema.json', import.meta.url);
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(schema, 'utf8')));
    const records = readFileSync(join(folder, 'retention.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map((record) => validate(record) || validate.errors)).toEqual(records.map(() => true));
    expect(records.map((record) => record.event_name.slice('mcp_audit.'.length))).toEqual([
      'started',
      'checkpoint',
      'retention',
      'stopped',
      'checkpoint',
    ]);
    expect(records[2]).toMatchObject({ 'audit.actor.id': userInfo().username, 'mcp_audit.actor.source': 'os' });
  });

  it('has a pseudonym for the user of the system where records have them', async () => {
    rotated(new ChainWriter(), 40);
    const state = join(scratch, 'state');
    const env = { MCP_TRAIL_AUDIT_ACTOR_IDS: 'pseudonym', MCP_TRAIL_AUDIT_STATE_DIRECTORY: state };
    expect((await runCommand(retain, [folder, ...both, '--key', keyFile().path], '', env)).code).toBe(0);
    const [, , deletion] = readFileSync(join(folder, 'retention.jsonl'), 'utf8').split('\n');
    const [user] = pseudonymsOf(state, (id) => id === userInfo().username);
    expect(user).toMatch(/^actor-/);
    expect(JSON.parse(deletion as string)).toMatchObject({ 'audit.actor.id': user, event_name: 'mcp_audit.retention' });
  });

  it('says once that without a key its records explain nothing', async () => {
    const writer = new ChainWriter();
    for (let days = 200; days > 40; days -= 1) rotated(writer, days);
    const { code, err } = await run('--delete-after', '30d');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'deletions are recorded without a signature, which explains nothing to mcp-trail verify: --key FILE signs them\n',
    });
    expect(files()).toEqual([]);
  });

  it('changes nothing with --dry-run, and says what it would do', async () => {
    const writer = new ChainWriter();
    for (const days of [40, 20, 5]) rotated(writer, days);
    put('weather-4711.jsonl', new ChainWriter({ id: chainId(1) }).calls(2).lines, 50);
    const before = state();
    const { code, out } = await run(...both, '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(
      /would delete .*\n(?:.*\n)*would archive .*\nnothing was changed; it would be: 1 archived, 1 deleted, 1 put aside, 1 file not due\n$/,
    );
    expect(state()).toEqual(before);
  });

  it('applies a preset only once it is confirmed', async () => {
    rotated(new ChainWriter(), 40);
    const before = state();
    const asked = await run('--preset', '30-days');
    expect(asked).toMatchObject({ code: 0, err: '--preset 30-days changes nothing until --confirm is given, too\n' });
    expect(asked.out).toContain('would delete');
    expect(state()).toEqual(before);
    expect((await run('--preset', '30-days', '--confirm')).out).toContain('1 deleted');
  });

  it('keeps a file with a record that is newer than the file says', async () => {
    const writer = new ChainWriter({ startMs: daysAgo(2) });
    put(rotatedName('audit', 40), writer.calls(3).lines, 40);
    expect(await run(...both)).toMatchObject({ code: 0, out: expect.stringContaining('1 archived') });
    expect(await run('--delete-after', '30d')).toMatchObject({ out: 'nothing to do, 1 file not due\n' });
  });

  it('does not delete what somebody changed: that is evidence', async () => {
    const writer = new ChainWriter({ startMs: daysAgo(41) });
    const lines = [...writer.calls(5).lines];
    lines[2] = edited(lines[2] as string, { 'audit.actor.id': 'mallory' });
    put(rotatedName('audit', 40), lines, 40);
    const { code, out } = await run(...both);
    expect(code).toBe(2);
    expect(out).toMatch(/left .*: it has record 4 of chain .*, which does not fit the one before it/);
    expect(out).toContain('1 archived, 1 left alone');
    expect((await run(...both)).code).toBe(2);
    expect(archives()).toHaveLength(1);
  });

  it('leaves alone what is no closed file of a trail', async () => {
    const writer = new ChainWriter({ startMs: daysAgo(41) });
    put(rotatedName('app', 40), ['{"message":"hello"}'], 40);
    put('notes.txt', writer.calls(1).lines, 40);
    mkdirSync(join(folder, 'below'));
    writeFileSync(join(scratch, 'elsewhere.jsonl'), `${writer.lines[0]}\n`);
    symlinkSync(join(scratch, 'elsewhere.jsonl'), join(folder, rotatedName('link', 40)));
    mkdirSync(join(folder, rotatedName('folder', 40)));
    const before = state();
    const { code, out } = await run(...both);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'nothing to do, 0 files not due, 1 file without records of a trail\n',
    });
    expect(state()).toEqual(before);
  });

  it('never archives or deletes its own trail', async () => {
    const writer = new ChainWriter({ startMs: daysAgo(400) });
    put('retention.jsonl', writer.calls(1).lines, 400);
    put(rotatedName('retention', 400), writer.calls(1).lines.slice(-1), 400);
    const before = state();
    await run(...both);
    expect(state()).toEqual(before);
  });

  it('puts the file of a process that is gone aside, and treats it as closed in a later run', async () => {
    const lines = new ChainWriter({ startMs: daysAgo(21) }).calls(3).lines;
    put('weather-4711.jsonl', lines, 20);
    expect((await run(...both)).out).toContain('put aside  weather-4711.jsonl');
    const [name = ''] = files();
    expect(name).toMatch(/^weather-4711-.*Z-1\.jsonl$/);
    expect((await run(...both)).out).toContain('1 archived');
    expect(archives()).toHaveLength(1);
  });

  it('leaves the checkpoints of a second place where they are, and archives a rotated file that has nothing else', async () => {
    const writer = new ChainWriter({ startMs: daysAgo(41) });
    writer.checkpoint();
    writer.checkpoint();
    put('pins.jsonl', writer.lines, 40);
    put(rotatedName('audit', 20), writer.lines, 20);
    const { out } = await run(...both);
    expect(out).toMatch(/\n1 archived, 0 files not due, 1 file without records of a trail\n$/);
    expect(files()).toEqual(['pins.jsonl']);
  });

  it('leaves a file alone that a Collector may still be reading, and one of the future', async () => {
    const writer = new ChainWriter();
    rotated(writer, 40);
    const inHalfAnHour = lstatSync(join(folder, files()[0] as string)).ctimeMs + 30 * 60_000;
    vi.setSystemTime(inHalfAnHour);
    expect((await run('--delete-after', '30d')).out).toBe('nothing to do, 1 file not due\n');
    vi.setSystemTime(inHalfAnHour - 60 * DAY_MS);
    const { code, out } = await run('--delete-after', '30d');
    expect({ code, out }).toEqual({ code: 2, out: expect.stringMatching(/it is of the future: the clock was set/) });
    expect(files()).toHaveLength(1);
  });

  it('keeps two files apart that had one name', async () => {
    const name = rotated(new ChainWriter({ id: chainId(1) }), 20).name;
    await run(...both);
    put(name, new ChainWriter({ id: chainId(2), startMs: daysAgo(20) }).calls(2).lines, 20);
    await run(...both);
    expect(archives()).toHaveLength(2);
  });

  it('finishes what a run that was killed had begun, and removes its unfinished files', async () => {
    const { name, lines } = rotated(new ChainWriter(), 20);
    await run(...both);
    const unfinished = `${name}.0123456789abcdef01234567.unfinished`;
    writeFileSync(join(folder, 'archive', unfinished), 'half');
    // Between the archive and the end of its original.
    put(name, lines, 20);
    const { code, out } = await run(...both);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 archived') });
    expect(files()).toEqual([]);
    expect(archives(/./)).toHaveLength(2);
  });

  it('gives a terminal nothing but text in a reason, which may have a name in it', async () => {
    const { name, lines } = rotated(new ChainWriter(), 20, '\u001b[2J');
    await run(...both);
    rmSync(join(folder, 'archive', `${archives()[0]}.json`));
    put(name, lines, 20);
    const { code, out } = await run(...both);
    expect({ code, out }).toEqual({
      code: 2,
      out: expect.stringMatching(/it is not archived: .*u\{1b\}.* is there already/),
    });
    expect(out).not.toContain('\u001b');
  });

  it('writes lines of JSON', async () => {
    const writer = new ChainWriter();
    const [old, due] = [rotated(writer, 40), rotated(writer, 20)];
    const { out } = await run(...both, '--json');
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { file: old.name, did: 'deleted', dryRun: false, records: 5, newest: expect.any(String) },
      {
        file: due.name,
        did: 'archived',
        dryRun: false,
        archive: archives()[0],
        bytes: expect.any(Number),
        archiveBytes: expect.any(Number),
        records: 5,
      },
      { total: { archived: 1, deleted: 1, held: 0, left: 0, putAside: 0, waiting: 0, others: 0 }, dryRun: false },
    ]);
  });
});

describe('what cannot be done', () => {
  it.each([
    ['a deletion that cannot be recorded', 'retention.jsonl', /its deletion cannot be recorded/],
    ['a folder that cannot be locked', 'retention.lock', /cannot be locked: retention.lock cannot be written there/],
  ])('%s deletes nothing', async (_, name, problem) => {
    rotated(new ChainWriter(), 40);
    mkdirSync(join(folder, name));
    const { code, err } = await run('--delete-after', '30d', '--key', keyFile().path);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(problem) });
    expect(files()).toHaveLength(1);
  });

  it('something in the place of the archives is left alone', async () => {
    rotated(new ChainWriter(), 40);
    writeFileSync(join(folder, 'archive'), '');
    expect(await run(...both)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/in the place of the folder archive/),
    });
    expect(files()).toHaveLength(1);
  });

  it('a disk that is full loses nothing, and leaves nothing behind', async () => {
    const { name } = rotated(new ChainWriter(), 20);
    const full = new Readable({
      read() {
        this.destroy(Object.assign(new Error(), { code: 'ENOSPC' }));
      },
    });
    const running = runRetain({
      folder,
      archiveAfter: periodOf('10d'),
      deleteAfter: undefined,
      encrypt: async () => full,
      hold: HOLDS_NOTHING,
      key: undefined,
      trusted: [],
      dryRun: false,
      now: Date.now,
      newCollector: () => new RecordCollector(),
      record: async () => undefined,
      told: ({ name: told }) => expect.unreachable(told),
    });
    await expect(running).rejects.toThrow('cannot be worked on (ENOSPC). What was not finished is as it was');
    expect(readdirSync(folder).sort()).toEqual(['archive', name]);
    expect(archives(/./)).toEqual([]);
  });

  it('a key that has expired signs nothing', async () => {
    rotated(new ChainWriter(), 40);
    const path = join(scratch, 'expired.jwk');
    writeFileSync(path, JSON.stringify(privateJwk(newSigningKey({ notAfter: 1_000_000_000 }))), { mode: 0o600 });
    const { code, err } = await run('--delete-after', '30d', '--key', path);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/has expired or is not valid yet/) });
    expect(files()).toHaveLength(1);
  });

  it('another run holds the folder: this one says so', async () => {
    rotated(new ChainWriter(), 40);
    const lock = join(folder, 'retention.lock');
    writeFileSync(lock, 'of another machine');
    let beats = 0;
    const alive = setInterval(() => utimesSync(lock, 0, ++beats), 50);
    const { code, err } = await run(...both);
    clearInterval(alive);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/is being worked on by another run/) });
    expect(files()).toHaveLength(1);
  });

  it('a lock that a killed run left behind is taken over', async () => {
    rotated(new ChainWriter(), 40);
    const pid = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const place = `${hostname()} ${process.platform === 'linux' ? readlinkSync('/proc/self/ns/pid') : ''}`;
    writeFileSync(join(folder, 'retention.lock'), JSON.stringify({ token: 'x', place, pid }));
    expect(await run(...both)).toMatchObject({ code: 0, out: expect.stringContaining('1 deleted') });
    expect(existsSync(join(folder, 'retention.lock'))).toBe(false);
  });
});

describe('a hold', () => {
  const held = async (text: string) => {
    const file = join(scratch, 'hold.txt');
    writeFileSync(file, text);
    return run(...both, '--hold', file);
  };

  it.each([
    ['a name', ({ name }: { name: string }) => name],
    ['a pattern', () => 'audit-*'],
    ['a chain', () => chainId(3)],
    [
      'a period',
      () => `${new Date(daysAgo(41)).toISOString().slice(0, 10)}..${new Date(daysAgo(40)).toISOString().slice(0, 10)}`,
    ],
  ])('by %s keeps a file, which is archived', async (_, said) => {
    const found = rotated(new ChainWriter({ id: chainId(3) }), 40);
    const { code, out } = await held(`# a case at court\n\n${said(found)}  # until it ends\n`);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/held .*: line 3 of the hold file/) });
    expect(out).toContain('1 archived, 1 held');
    expect(await held(`${said(found)}\n`)).toMatchObject({ code: 0, out: expect.stringContaining('1 held') });
    expect(archives()).toHaveLength(1);
    expect((await held('other-*\n')).out).toContain('1 deleted');
  });

  it('by the name that a file was written under keeps it once it is put aside, and in the archive', async () => {
    put('weather-4711.jsonl', new ChainWriter({ startMs: daysAgo(41) }).calls(3).lines, 40);
    expect((await held('weather-4711.jsonl\n')).out).toContain('put aside  weather-4711.jsonl');
    expect((await held('weather-4711.jsonl\n')).out).toContain('1 archived, 1 held');
    expect((await held('weather-4711.jsonl\n')).out).toContain('1 held');
    expect(archives()).toHaveLength(1);
    expect((await held('weather-471.jsonl\n')).out).toContain('1 deleted');
  });

  it.each([
    '2026-01-01',
    '2026-13-01..2026-12-01',
    '2026-03-31..2026-01-01',
    '../x.jsonl',
    'a b.jsonl',
    'chain',
    '{a.jsonl',
  ])('that cannot be understood, %s, stops the run', async (line) => {
    rotated(new ChainWriter(), 40);
    const { code, err } = await held(`audit-1.jsonl\n${line}\n`);
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringMatching(/line 2 of the hold file .*hold\.txt is not understood; accepted: a file name or/),
    });
    expect(files()).toHaveLength(1);
  });
});

describe('an encrypted archive', () => {
  let identity = '';
  let recipient = '';
  beforeEach(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
  });

  /** A file is archived now, and due for deletion from now on. */
  async function archived(...args: string[]): Promise<{ readonly lines: string[]; readonly name: string }> {
    const { lines } = rotated(new ChainWriter(), 20);
    await run(...both, '--encrypt-to', recipient, ...args);
    const [name = ''] = archives(/\.age$/);
    vi.setSystemTime(startMs + 20 * DAY_MS);
    return { lines, name: join(folder, 'archive', name) };
  }

  it('opens for its recipients alone', async () => {
    const file = join(scratch, 'recipients');
    const other = await generateX25519Identity();
    writeFileSync(file, `# the auditor\n${await identityToRecipient(other)}\n`);
    const { lines, name } = await archived('--encrypt-to', file);
    for (const each of [identity, other]) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(each);
      const plain = gunzipSync(await decrypter.decrypt(readFileSync(name)));
      expect(plain.toString()).toBe(`${lines.join('\n')}\n`);
    }
    expect(readFileSync(name).includes('mcp_audit')).toBe(false);
  });

  it('is deleted by its description, which the key has signed', async () => {
    const { path, key } = keyFile();
    const { lines } = await archived('--key', path);
    expect(await run(...both, '--key', path)).toMatchObject({ code: 0, out: expect.stringContaining('1 deleted') });
    expect(signedDeletions(folder, key)).toMatchObject([{ first: 1, last: 5, headHash: hashOf(lines[4] as string) }]);
    expect(archives(/./)).toEqual([]);
  });

  it('is deleted after a change of keys only where the old one is trusted', async () => {
    const [before, after] = [keyFile('before'), keyFile('after')];
    await archived('--key', before.path);
    const refused = await run(...both, '--key', after.path);
    expect(refused).toMatchObject({ code: 2, out: expect.stringMatching(/none of the given keys has signed/) });
    const trusting = await run(...both, '--key', after.path, '--trust', before.trust);
    expect(trusting).toMatchObject({ code: 0, out: expect.stringContaining('1 deleted') });
  });

  it.each([
    [
      'a description that nobody signed',
      (text: string) => text.replace(/,"signature":"[^"]*"/, ''),
      /none of the given keys/,
    ],
    [
      'a description that was changed',
      (text: string) => text.replace('"first":1', '"first":2'),
      /none of the given keys/,
    ],
    ['a description that cannot be read', () => '{}', /has no description that can be read/],
  ])('with %s is left alone: it could hide what was removed elsewhere', async (_, change, problem) => {
    const { path } = keyFile();
    const { name } = await archived('--key', path);
    writeFileSync(`${name}.json`, change(readFileSync(`${name}.json`, 'utf8')));
    // Without a time in the description, the name tells.
    vi.setSystemTime(startMs + 40 * DAY_MS);
    const { code, out } = await run(...both, '--key', path);
    expect({ code, out }).toEqual({ code: 2, out: expect.stringMatching(problem) });
    expect(existsSync(name)).toBe(true);
  });

  it('that is not the one which was described is left alone', async () => {
    const { path } = keyFile();
    const { name } = await archived('--key', path);
    writeFileSync(name, 'another');
    expect(await run(...both, '--key', path)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/is another archive/),
    });
    expect(existsSync(name)).toBe(true);
  });

  it('without a signature is deleted by a run without a key', async () => {
    await archived();
    expect(await run(...both)).toMatchObject({ code: 0, out: expect.stringContaining('1 deleted') });
  });

  it('whose content was exchanged under the name of another is left alone', async () => {
    const { path } = keyFile();
    rotated(new ChainWriter({ id: chainId(1) }), 20, 'one');
    rotated(new ChainWriter({ id: chainId(2) }), 20, 'two');
    await run(...both, '--key', path);
    const [one = '', two = ''] = archives().map((name) => join(folder, 'archive', name));
    renameSync(one, two);
    vi.setSystemTime(startMs + 20 * DAY_MS);
    const { code, out } = await run(...both, '--key', path);
    expect({ code, out }).toEqual({ code: 2, out: expect.stringMatching(/holds something else than its name says/) });
  });
});
