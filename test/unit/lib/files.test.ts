import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSigningKey, privateJwk } from '../../../src/chain/keys.js';
import { mayBeShown } from '../../../src/lib/files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-trail-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the path of a file with a key is shown', () => {
  it.each(['/run/secrets/mcp-trail/signing-key', 'keys/signing.jwk', './key', 'signing.jwk', 'c:\\keys\\signing'])(
    'if it looks like one: %s',
    (path) => expect(mayBeShown(path)).toBe(true),
  );

  it('with capitals if its folder is there', () => {
    mkdirSync(join(folder, 'Keys'));
    expect(mayBeShown(join(folder, 'Keys', 'Signing.jwk'))).toBe(true);
  });

  it('if there is such a file, whatever it is called', () => {
    const path = join(folder, 'Kq3'.repeat(20));
    writeFileSync(path, '');
    expect(mayBeShown(path)).toBe(true);
  });
});

describe('what was given as the path is not shown', () => {
  const key = newSigningKey({});
  const jwk = JSON.stringify(privateJwk(key));
  const der = key.privateKey.export({ format: 'der', type: 'pkcs8' });
  it.each<[string, string]>([
    ['a JWK', jwk],
    ['a JWK in base64', Buffer.from(jwk).toString('base64')],
    ['a JWK in base64url', Buffer.from(jwk).toString('base64url')],
    ['the private part of a JWK', privateJwk(key)['d'] as string],
    ['PKCS#8 as PEM', String(key.privateKey.export({ format: 'pem', type: 'pkcs8' }))],
    ['PKCS#8 in base64', der.toString('base64')],
    ['PKCS#8 in hex', der.toString('hex')],
    ['far too long for a path', '/a'.repeat(200)],
    ['not text', '\0'],
    ['empty', ''],
  ])('if it is %s', (_, text) => expect(mayBeShown(text)).toBe(false));

  it('if it is a key in base64, wherever that has slashes', () => {
    const texts = Array.from({ length: 2000 }, () => randomBytes(32).toString('base64'));
    expect([...texts, ...texts.map((each) => `/${each}`)].filter(mayBeShown)).toEqual([]);
  });
});
