import { describe, expect, test } from 'vitest';
import { containsSecret } from '../../../src/redact/secret-proof.js';
import { hex, jwt, noise } from './samples.js';

const SECRETS = [noise(8), noise(9), noise(10), noise(11), noise(40), jwt, `pä$$ "wörd"/${noise(20)}`, noise(10_000)];
const base64 = (text: string, encoding: 'base64' | 'base64url' = 'base64') => Buffer.from(text).toString(encoding);
const everyByte = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&');

describe('a secret is found', () => {
  test.each<[string, (secret: string) => string]>([
    ['plain', (secret) => secret],
    ['in other capitals', (secret) => secret.toLowerCase()],
    ['reversed', (secret) => [...secret].reverse().join('')],
    ['percent-encoded', (secret) => encodeURIComponent(secret)],
    ['percent-encoded at every byte', everyByte],
    [
      'in a query',
      (secret) => String(new URLSearchParams({ a: secret.replaceAll(' ', '%20') })).replaceAll('%25', '%'),
    ],
    ['in JSON', (secret) => JSON.stringify({ secret })],
    [
      'in JSON, escaped letter by letter',
      (secret) => secret.replace(/[\s\S]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['with characters that are not seen', (secret) => secret.replace(/.{3}/g, '$&\u200b\u00ad')],
    ['the same, percent-encoded', (secret) => encodeURIComponent(secret.replace(/.{3}/g, '$&\u200b'))],
    [
      'in full-width letters',
      (secret) => secret.replace(/[A-Za-z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
    ],
    ['as hex', (secret) => Buffer.from(secret).toString('hex')],
    ['as hex in capitals', (secret) => Buffer.from(secret).toString('hex').toUpperCase()],
    ['as base64', (secret) => base64(secret)],
    ['as base64url', (secret) => base64(secret, 'base64url')],
    ['as base64 in lines', (secret) => base64(secret).replace(/.{76}/g, '$&\r\n')],
    ['as base64 in a URL', (secret) => encodeURIComponent(base64(secret))],
    ['as base64 after a byte', (secret) => base64(`x${secret}`)],
    ['as base64 after two bytes', (secret) => base64(`xy${secret}z`)],
    ['as base64 of a header', (secret) => base64(`Authorization: Bearer ${secret}\r\n`, 'base64url')],
  ])('%s', (_, hide) => {
    for (const secret of SECRETS) {
      expect(containsSecret(hide(secret), secret)).toBe(true);
      expect(containsSecret(`user-${hide(secret)}-7`, secret)).toBe(true);
    }
  });

  test('by its start if it is endless', () => {
    const endless = noise(100_000);
    expect(containsSecret(`a ${endless}`, endless)).toBe(true);
  });

  test('in a text that is too long to search, to be safe', () => {
    expect(containsSecret('a'.repeat(1_048_577), jwt)).toBe(true);
  });
});

describe('no secret is found', () => {
  test.each<[string, unknown, unknown]>([
    ['without one', 'anything', undefined],
    ['when it is empty', 'anything', ''],
    ['when it is shorter than 8 characters', noise(7), noise(7)],
    ['in other text', `user ${hex(64)} ${base64('hello world')}`, noise(40)],
    ['in a shorter text', 'joe', jwt],
    ['in no text', undefined, jwt],
    ['when it is not text', jwt, 42],
    ['in part of it', jwt.slice(0, 20), jwt],
  ])('%s', (_, text, secret) => {
    expect(containsSecret(text as string, secret as string)).toBe(false);
  });
});

test.each(['%', '%4', '%41', '\\u', '\\', '\\u0041', 'a', '\ud800', '%ff'])(
  'a megabyte of %j takes no long time',
  (unit) => {
    const start = process.cpuUsage().user;
    containsSecret(unit.repeat(1_000_000 / unit.length), noise(4000));
    expect(process.cpuUsage().user - start).toBeLessThan(2_000_000);
  },
);
