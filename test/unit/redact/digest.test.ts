import { createHash, createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Digester, parseDigestKey } from '../../../src/redact/digest.js';
import { hex, noise } from './samples.js';

const secret = Buffer.from(hex(64), 'hex');

describe('a bad key is refused without showing it', () => {
  test.each<[string, string | undefined, string, RegExp]>([
    ['nothing', undefined, '', /^is too short: 0 bytes/],
    ['white space', undefined, ' \n ', /^is too short: 0 bytes/],
    ['15 bytes of hex', undefined, hex(30), /^is too short: 15 bytes; accepted: at least 16/],
    ['15 bytes of base64', undefined, noise(20), /^is too short: 15 bytes/],
    ['too much', undefined, hex(2050), /^is too long: 1025 bytes; accepted: at most 1024$/],
    ['words', undefined, `correct ${noise(30)} staple`, /^is neither hex nor base64$/],
    ['two alphabets at once', undefined, `+${noise(30)}_`, /^is neither/],
    ['a character too many', undefined, noise(41), /^is neither/],
    ['what only starts as base64', undefined, `${noise(40)}=x`, /^is neither/],
    ['an empty id', '', hex(64), /^has an id that is not/],
    ['an id with spaces', 'a b', hex(64), /^has an id that is not/],
    ['an id of 33', 'x'.repeat(33), hex(64), /^has an id that is not/],
    ['a key for an id', hex(64), hex(64), /^has an id that is not/],
    ['a megabyte', undefined, 'a'.repeat(1_000_000), /^is too long/],
  ])('%s', (_, id, text, reason) => {
    const result = parseDigestKey(id, text);
    expect(result.key).toBeUndefined();
    expect(result.reason).toMatch(reason);
    for (const part of [text.trim(), id ?? ''])
      if (part.length > 8) expect(result.reason).not.toContain(part.slice(0, 8));
  });
});

describe('a key is read', () => {
  test.each([
    ['hex', secret.toString('hex')],
    ['hex in capitals', secret.toString('hex').toUpperCase()],
    ['base64', secret.toString('base64')],
    ['base64 without its end', secret.toString('base64').replace(/=+$/, '')],
    ['base64url', secret.toString('base64url')],
    ['with a line break after it', `${secret.toString('base64')}\n`],
  ])('from %s', (_, text) => {
    const { key } = parseDigestKey('2026-11', text);
    expect(key?.id).toBe('2026-11');
    expect(Buffer.from(key?.secret ?? []).equals(secret)).toBe(true);
  });

  test('of any bytes, in both alphabets', () => {
    for (let length = 16; length < 80; length++) {
      const bytes = randomBytes(length);
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(parseDigestKey('k', bytes.toString(encoding)).key?.secret).toEqual(bytes);
    }
  });

  test('and gets an id if none is given', () => {
    const id = createHash('sha256').update('kid').update(secret).digest('hex').slice(0, 8);
    expect(parseDigestKey(undefined, secret.toString('base64')).key?.id).toBe(id);
    expect(parseDigestKey(undefined, hex(62)).key?.id).not.toBe(id);
  });
});

describe('a digest', () => {
  const digester = new Digester({ id: 'k1', secret });

  test.each(['', 'hello', '{"a":1}', 'é😀', 'x'.repeat(1_000_000)])('names the key and is its HMAC', (text) => {
    expect(digester.digest(text)).toBe(`hmac-sha256:k1:${createHmac('sha256', secret).update(text).digest('hex')}`);
  });

  test('accepts text that is not well formed', () => {
    expect(digester.digest('\ud800')).toMatch(/^hmac-sha256:k1:[0-9a-f]{64}$/);
  });

  test('stays the same when the caller wipes its copy of the key', () => {
    const given = Buffer.from(secret);
    const own = new Digester({ id: 'k1', secret: given });
    given.fill(0);
    expect(own.digest('a')).toBe(digester.digest('a'));
  });

  test('does not show the key when the digester is printed', () => {
    const printed = inspect(digester, { depth: 9, showHidden: true }) + JSON.stringify(digester);
    expect(printed).not.toContain(secret.toString('hex').slice(0, 8));
    expect(printed).not.toContain(inspect(secret).slice(8, 20));
  });
});
