import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSigningKey, readTrustedKeys } from '../../../src/chain/key-file.js';
import { newSigningKey, publicJwk } from '../../../src/chain/keys.js';
import { keygen } from '../../../src/cli/keygen.js';
import { runCommand } from './world.js';

let folder: string;
const file = (name: string) => join(folder, name);
const run = (...args: string[]) => runCommand(keygen, args);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-keygen-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('mcp-trail keygen', () => {
  it('writes a key for its owner alone, and prints its id and its public part', async () => {
    const { code, out, err } = await run(file('key.jwk'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const key = readSigningKey(file('key.jwk'));
    if ('reason' in key) expect.fail(key.reason);
    expect(out).toBe(`${key.id}\n${JSON.stringify(publicJwk(key))}\n`);
    expect(statSync(file('key.jwk')).mode & 0o777).toBe(0o600);
    expect(key).toMatchObject({ notBefore: undefined, notAfter: undefined });
  });

  it('makes a key that ends, and that clocks some minutes behind can use', async () => {
    await run('--days', '30', file('key.jwk'));
    const now = Date.now() / 1000;
    const { notBefore = 0, notAfter = 0 } = readSigningKey(file('key.jwk')) as { notBefore: number; notAfter: number };
    expect(now - notBefore).toBeGreaterThanOrEqual(299);
    expect(notAfter - notBefore).toBe(30 * 86_400 + 300);
  });

  it('adds keys to the file of trusted keys, and keeps what else is in it', async () => {
    const trust = file('trust.json');
    await run('--trust', trust, file('a.jwk'));
    writeFileSync(trust, JSON.stringify({ note: 'ours', ...JSON.parse(readFileSync(trust, 'utf8')) }));
    const { code, out } = await run('--trust', trust, file('b.jwk'));
    expect(code).toBe(0);
    const ids = ['a.jwk', 'b.jwk'].map((name) => (readSigningKey(file(name)) as { id: string }).id);
    expect(readTrustedKeys(trust)).toMatchObject(ids.map((id) => ({ id })));
    expect(out).toBe(`${ids[1]}\n`);
    expect(JSON.parse(readFileSync(trust, 'utf8'))).toHaveProperty('note', 'ours');
    expect(readFileSync(trust, 'utf8')).not.toContain('"d"');
    expect(readdirSync(folder).sort()).toEqual(['a.jwk', 'b.jwk', 'trust.json']);
  });

  it.each([
    ['a single JWK', () => JSON.stringify(publicJwk(newSigningKey({})))],
    ['a PEM', () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string],
  ])('makes a set of a trust file that is %s', async (_, text) => {
    writeFileSync(file('trust'), text());
    expect(await run('--trust', file('trust'), file('key.jwk'))).toMatchObject({ code: 0 });
    expect(readTrustedKeys(file('trust'))).toHaveLength(2);
  });

  it('replaces the file that a link leads to, not the link', async () => {
    writeFileSync(file('trust'), '{"keys":[]}');
    symlinkSync(file('trust'), file('link'));
    await run('--trust', file('link'), file('key.jwk'));
    expect(readTrustedKeys(file('trust'))).toHaveLength(1);
  });

  it('overwrites nothing', async () => {
    writeFileSync(file('key.jwk'), 'precious');
    const trust = file('trust.json');
    expect(await run('--trust', trust, file('key.jwk'))).toEqual({
      code: 3,
      out: '',
      err: `cannot write ${file('key.jwk')}: it exists, and is not overwritten\n`,
    });
    expect(readFileSync(file('key.jwk'), 'utf8')).toBe('precious');
    expect(readdirSync(folder)).toEqual(['key.jwk']);
  });

  it.each([
    ['the same name', () => [file('a'), file('a')]],
    ['another way to it', () => [file('a'), join(folder, '..', basename(folder), '.', 'a')]],
    [
      'a folder behind a link',
      () => {
        symlinkSync(folder, file('link'));
        return [file('a'), join(file('link'), 'a')];
      },
    ],
    ['the name of its new content', () => [file('a.new'), file('a')]],
  ])('refuses to write the key where the trust file is to be, by %s', async (_, make) => {
    const [key = '', trust = ''] = make();
    const before = readdirSync(folder);
    const { code, out, err } = await run(key, '--trust', trust);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('--trust takes another file than that of the key\n\nUsage:');
    expect(readdirSync(folder)).toEqual(before);
  });

  it('refuses a trust file that is a link to nothing', async () => {
    symlinkSync(file('nothing'), file('link'));
    expect(await run(file('a'), '--trust', file('link'))).toMatchObject({
      code: 3,
      err: expect.stringContaining('is a link to nothing'),
    });
    expect(readdirSync(folder)).toEqual(['link']);
  });

  it('makes no key that would not be trusted', async () => {
    const trust = file('trust.json');
    writeFileSync(trust, '{"keys":[{"kty":"RSA"}]}');
    const { code, err } = await run('--trust', trust, file('key.jwk'));
    expect(code).toBe(3);
    expect(err).toContain('the trust file');
    expect(err).toMatch(/key 1 is not? .*Ed25519 key/);
    expect(existsSync(file('key.jwk'))).toBe(false);
    writeFileSync(file('taken.new'), '');
    expect(await run('--trust', file('taken'), file('key.jwk'))).toMatchObject({ code: 3 });
    expect(existsSync(file('key.jwk'))).toBe(false);
  });

  it.each([
    [[], 'needs the name of one file'],
    [['a', 'b'], 'needs the name of one file'],
    [['--days', '0', 'a'], '--days takes 1 to 36500'],
    [['--days', '1.5', 'a'], '--days takes 1 to 36500'],
    [['--trust', '', 'a'], '--trust takes'],
    [['--bits', '2048', 'a'], 'unknown option --bits'],
    [['/nowhere/at/all/key'], 'ENOENT'],
  ])('refuses %j', async (args, reason) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(reason);
  });
});
