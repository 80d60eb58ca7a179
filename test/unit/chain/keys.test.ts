import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { readSigningKey, readTrustedKeys } from '../../../src/chain/key-file.js';
import {
  isValidAt,
  newSigningKey,
  privateJwk,
  publicJwk,
  signingKeyOf,
  trustedKeysOf,
} from '../../../src/chain/keys.js';

const key = newSigningKey({ notBefore: 100, notAfter: 200 });

/** The example of RFC 8037, appendix A; its thumbprint is A.3. */
const RFC_8037 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

test('the id of a key is its thumbprint of RFC 7638', () => {
  expect(trustedKeysOf(JSON.stringify(RFC_8037))).toMatchObject([
    { id: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' },
  ]);
});

describe('a signing key', () => {
  it('is read from what keygen writes', () => {
    expect(signingKeyOf(JSON.stringify(privateJwk(key)))).toMatchObject({ id: key.id, notBefore: 100, notAfter: 200 });
  });

  it('is read from a PEM of openssl', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(signingKeyOf(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)).toHaveProperty('privateKey');
  });

  const jwk = privateJwk(key);
  it.each([
    ['a public key', JSON.stringify(publicJwk(key)), 'holds no private key'],
    ['parts of two keys', JSON.stringify({ ...jwk, x: newSigningKey({}).x }), 'do not belong together'],
    ['another curve', JSON.stringify({ ...jwk, crv: 'X25519' }), 'holds no private key'],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      'is not a private key',
    ],
    ['a word as a time', JSON.stringify({ ...jwk, exp: 'tomorrow' }), 'nbf or exp'],
    ['a negative time', JSON.stringify({ ...jwk, nbf: -1 }), 'nbf or exp'],
    ['nothing', '', 'is not a private key'],
    ['null', 'null', 'is not a private key'],
    ['a list', '[]', 'holds no private key'],
  ])('is not read from %s, and the reason quotes nothing of it', (_, text, reason) => {
    const found = signingKeyOf(text);
    expect(found).toEqual({ reason: expect.stringContaining(reason) });
    expect(JSON.stringify(found)).not.toContain(jwk['d'] as string);
  });
});

describe('trusted keys', () => {
  it('are read from a JWK Set, with the times between which they are valid', () => {
    const text = JSON.stringify({ keys: [publicJwk(key), RFC_8037] });
    expect(trustedKeysOf(text)).toMatchObject([{ id: key.id, notBefore: 100, notAfter: 200 }, { x: RFC_8037.x }]);
  });

  it('are read from a PEM', () => {
    const pem = key.key.export({ type: 'spki', format: 'pem' }) as string;
    expect(trustedKeysOf(pem)).toMatchObject([{ id: key.id }]);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });

  it('are read from a set that has keys of other kinds, which are for others', () => {
    expect(trustedKeysOf(JSON.stringify({ keys: [rsa, RFC_8037, x25519] }))).toMatchObject([{ x: RFC_8037.x }]);
    expect(trustedKeysOf('{"keys":[]}')).toEqual([]);
  });

  it('are refused as a private PEM, of which a public key could be made', () => {
    const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    expect(trustedKeysOf(pem)).toEqual({ reason: expect.stringContaining('is a private key') });
  });

  it.each([
    ['only keys of other kinds', { keys: [rsa, x25519] }, 'key 1 is not an Ed25519 key'],
    ['another key that is private', { keys: [RFC_8037, { ...rsa, d: 'AA' }] }, 'key 2 is a private key'],
    ['a key that is broken', { keys: [RFC_8037, { ...RFC_8037, x: 'AA' }] }, 'key 2 is not an Ed25519 key'],
    ['a private key among them', { keys: [RFC_8037, privateJwk(key)] }, 'key 2 is a private key'],
    ['a kid instead of a key', { keys: [{ kid: key.id }] }, 'key 1 is not an Ed25519 key'],
    ['a word in place of the list', { keys: 'all' }, 'is not a list'],
    ['too many', { keys: new Array(10_001).fill(RFC_8037) }, 'at most 10000'],
    ['a member that is null', { keys: [null] }, 'key 1 is not an Ed25519 key'],
  ])('are refused with %s', (_, json, reason) => {
    expect(trustedKeysOf(JSON.stringify(json))).toEqual({ reason: expect.stringContaining(reason) });
  });

  it('are valid from and up to a whole second, before the year 10000', () => {
    const window = (nbf: unknown, exp?: unknown) => trustedKeysOf(JSON.stringify({ ...RFC_8037, nbf, exp }));
    expect(window(1.5, 253_402_300_799.5)).toMatchObject([{ notBefore: 1, notAfter: 253_402_300_799 }]);
    for (const wrong of [-1, 253_402_300_800, 1e300, '1', null]) {
      expect(window(wrong)).toEqual({ reason: expect.stringContaining('not a number of seconds') });
    }
  });

  it('have the id that is made from the key, whatever their kid', () => {
    const text = JSON.stringify({ ...publicJwk(key), kid: 'somebody-else' });
    expect(trustedKeysOf(text)).toMatchObject([{ id: key.id }]);
  });
});

test('a key is valid from its first second, and no longer in its last', () => {
  expect([99_999, 100_000, 199_999, 200_000].map((time) => isValidAt(key, time))).toEqual([false, true, true, false]);
  expect(isValidAt({}, 0)).toBe(true);
});

describe('a file of a signing key', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcp-trail-'));
    file = join(folder, 'key.jwk');
    writeFileSync(file, JSON.stringify(privateJwk(key)), { mode: 0o600 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([0o600, 0o400, 0o640])('is used with the mode %o', (mode) => {
    chmodSync(file, mode);
    expect(readSigningKey(file)).toMatchObject({ id: key.id });
  });

  it.each([0o644, 0o602, 0o660])('is refused with the mode %o', (mode) => {
    chmodSync(file, mode);
    expect(readSigningKey(file)).toEqual({ reason: expect.stringMatching(/^has the mode 0\d{3}: .*chmod 600/) });
  });

  it('may be behind a link, as in Kubernetes', () => {
    symlinkSync(file, join(folder, 'link'));
    expect(readSigningKey(join(folder, 'link'))).toMatchObject({ id: key.id });
  });

  it('is refused if it is a folder, missing or too long', () => {
    expect(readSigningKey(folder)).toEqual({ reason: 'is not a file' });
    expect(readSigningKey(join(folder, 'none'))).toEqual({ reason: 'cannot be read (ENOENT)' });
    writeFileSync(file, ' '.repeat(20_000));
    expect(readSigningKey(file)).toEqual({ reason: 'has 20000 bytes; accepted: at most 16384' });
  });

  it('is refused as a file of trusted keys', () => {
    expect(readTrustedKeys(file)).toEqual({ reason: expect.stringContaining('is a private key') });
  });
});
