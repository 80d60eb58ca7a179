/** `mcp-trail retain` where the system refuses one file, and where another process writes to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newSigningKey, privateJwk, type SigningKey } from '../../../src/chain/keys.js';
import { retain } from '../../../src/cli/retain.js';
import { AppendFile } from '../../../src/export/append-file.js';
import { signedDeletions } from '../../retain/trails.js';
import { ChainWriter, chainId } from '../../support/chain-writer.js';
import { type Ran, runCommand } from './world.js';

/** Errors by the function and the name of the file or folder. */
const refused = vi.hoisted(() => new Map<string, string>());

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const asked = Object.fromEntries(
    (['accessSync', 'renameSync', 'unlinkSync'] as const).map((name) => [
      name,
      (path: string, ...more: never[]) => {
        const code = refused.get(`${name} ${path.split('/').at(-1)}`);
        if (code !== undefined) throw Object.assign(new Error(code), { code, syscall: name });
        return (real[name] as (...args: unknown[]) => unknown)(path, ...more);
      },
    ]),
  );
  return { ...real, ...asked };
});

const DAY_MS = 86_400_000;

let scratch = '';
let folder = '';
let startMs = 0;
let key: SigningKey;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mcp-trail-refused-'));
  folder = join(scratch, 'trail');
  mkdirSync(folder);
  key = newSigningKey({});
  writeFileSync(join(scratch, 'key.jwk'), JSON.stringify(privateJwk(key)), {
    mode: 0o600,
  });
  startMs = Date.now() + DAY_MS;
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
});
afterEach(() => {
  refused.clear();
  vi.useRealTimers();
  rmSync(scratch, { recursive: true });
});

const run = (...more: string[]): Promise<Ran> =>
  runCommand(retain, [
    folder,
    ...['--archive-after', '10d', '--delete-after', '30d', '--key', join(scratch, 'key.jwk')],
    ...more,
  ]);
const files = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl') && !name.startsWith('retention'));
const archives = () => readdirSync(join(folder, 'archive')).filter((name) => name.endsWith('.gz'));

/** Writes a chain of its own as a file that was not changed for so many days. */
function put(name: string, days: number): string {
  const path = join(folder, name);
  const writer = new ChainWriter({
    id: chainId(readdirSync(folder).length),
    startMs: startMs - (days + 1) * DAY_MS,
  });
  writeFileSync(path, `${writer.calls(3).lines.join('\n')}\n`);
  utimesSync(path, (startMs - days * DAY_MS) / 1000, (startMs - days * DAY_MS) / 1000);
  return name;
}

const rotated = (stem: string) => `${stem}-2026-01-01T000000Z-1.jsonl`;

describe('a file that the system refuses to touch', () => {
  it.each([
    ['has a name too long for an archive', rotated('a'.repeat(210)), undefined, 'cannot be archived (ENAMETOOLONG)'],
    [
      'has a name too long to be put aside',
      `${'a'.repeat(240)}.jsonl`,
      undefined,
      'cannot be put aside (ENAMETOOLONG)',
    ],
    ['may not be moved', 'a.jsonl', ['renameSync', 'EPERM'], 'cannot be put aside (EPERM)'],
    ['may not be removed once it is archived', rotated('a'), ['unlinkSync', 'EPERM'], 'cannot be archived (EPERM)'],
    ['is busy', rotated('a'), ['unlinkSync', 'EBUSY'], 'cannot be archived (EBUSY)'],
  ])('that %s is left alone with the reason, and the others are not', async (_, name, refusal, why) => {
    put(name, 20);
    if (refusal !== undefined) refused.set(`${refusal[0]} ${name}`, refusal[1] as string);
    put(rotated('old'), 40);
    put(rotated('z'), 20);
    for (const done of [/1 archived, 1 deleted, 1 left alone/, /\n1 left alone/]) {
      const { code, out, err } = await run();
      expect({ code, err }).toEqual({ code: 2, err: '' });
      expect(out).toContain(`: it ${why}\n`);
      expect(out).toMatch(done);
    }
    expect(files()).toEqual([name]);
    expect(archives()).toContainEqual(expect.stringMatching(/^z-/));
    expect([...readdirSync(folder), ...readdirSync(join(folder, 'archive'))].join()).not.toContain('unfinished');
  });

  it('that is a folder with the name of an unfinished archive is left alone, and the others are not', async () => {
    const name = `archive.${'a'.repeat(24)}.unfinished`;
    mkdirSync(join(folder, name));
    put(rotated('old'), 40);
    put(rotated('z'), 20);
    const { code, out } = await run();
    expect({ code, out }).toEqual({ code: 2, out: expect.stringContaining('1 archived, 1 deleted, 1 left alone') });
    expect(out).toMatch(new RegExp(`${name}: it cannot be deleted \\(E(ISDIR|PERM)\\)`));
  });

  it('with a folder in the place of its description is deleted, and recorded once', async () => {
    put(rotated('a'), 20);
    put(rotated('b'), 20);
    await run();
    vi.setSystemTime(startMs + 20 * DAY_MS);
    const [described = ''] = archives();
    rmSync(join(folder, 'archive', `${described}.json`));
    mkdirSync(join(folder, 'archive', `${described}.json`));
    expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('2 deleted') });
    expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('nothing to do') });
    expect(signedDeletions(folder, key)).toHaveLength(2);
  });

  it('is archived under a name as long as an archive can have', async () => {
    const name = put(rotated('a'.repeat(203)), 20);
    const { code, out } = await run();
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('1 archived'),
    });
    expect(archives()).toHaveLength(1);
    expect(`${archives()[0]}.json`).toHaveLength(255);
    expect(files()).not.toContain(name);
  });

  it('is not recorded as deleted, night after night, where its folder lets nothing be deleted', async () => {
    put(rotated('a'), 20);
    await run();
    vi.setSystemTime(startMs + 20 * DAY_MS);
    refused.set('accessSync archive', 'EACCES');
    put(rotated('b'), 0);
    for (const each of ['1 archived, 1 left alone', '1 left alone'])
      expect(await run()).toMatchObject({
        code: 2,
        out: expect.stringContaining(each),
      });
    expect((await run()).out).toMatch(/left {7}a-.*: it cannot be deleted \(EACCES\)/);
    expect(existsSync(join(folder, 'retention.jsonl'))).toBe(false);
    refused.clear();
    expect(await run()).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 deleted'),
    });
    expect(signedDeletions(folder, key)).toHaveLength(1);
  });

  it.each(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT'])(
    'ends the run where the disk as a whole is at fault: %s',
    async (code) => {
      const name = put(rotated('a'), 20);
      put(rotated('z'), 20);
      refused.set(`unlinkSync ${name}`, code);
      expect(await run()).toMatchObject({
        code: 3,
        err: expect.stringContaining(`cannot be worked on (${code})`),
      });
      expect(files()).toHaveLength(2);
    },
  );
});

describe('a file that a process has open', () => {
  it('for writing is left alone with the process, and not when that has ended', async () => {
    const names = [put('weather.jsonl', 20), put(rotated('due'), 20), put(rotated('old'), 40)];
    const opened = names.map((name) => fs.openSync(join(folder, name), 'a'));
    const { out: would } = await run('--dry-run');
    expect(would.match(/would leave/g)).toHaveLength(3);
    const { code, out } = await run();
    expect({ code, out }).toEqual({
      code: 2,
      out: expect.stringContaining('\n3 left alone, 0 files not due\n'),
    });
    for (const name of names) {
      expect(out).toContain(`${name}: it is open for writing in process ${process.pid}, which may write more\n`);
    }
    expect(files()).toHaveLength(3);
    for (const each of opened) fs.closeSync(each);
    expect((await run()).out).toContain('1 archived, 1 deleted, 1 put aside');
  });

  it('is found in another process, too', async () => {
    const name = put('weather.jsonl', 20);
    const output = fs.openSync(join(folder, name), 'a');
    const child = spawn('sleep', ['60'], {
      stdio: ['ignore', 'ignore', output],
    });
    fs.closeSync(output);
    try {
      await once(child, 'spawn');
      expect((await run()).out).toContain(`${name}: it is open for writing in process ${child.pid}`);
    } finally {
      child.kill();
    }
  });

  it('for reading is archived, and so is one that the exporter looks for before each line', async () => {
    const reading = fs.openSync(join(folder, put(rotated('read'), 20)), 'r');
    const idle = AppendFile.open(join(folder, put('weather.jsonl', 20)));
    expect((await run()).out).toContain('1 archived, 1 put aside');
    expect((await run()).out).toContain('1 archived');
    expect(files()).toEqual([]);
    fs.closeSync(reading);
    idle.close();
  });

  it('is not ours if it has no records of a trail', async () => {
    writeFileSync(join(folder, 'app.jsonl'), '{"message":"hello"}\n');
    utimesSync(join(folder, 'app.jsonl'), 0, 0);
    const opened = fs.openSync(join(folder, 'app.jsonl'), 'a');
    expect(await run()).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 file without records of a trail'),
    });
    fs.closeSync(opened);
  });
});
