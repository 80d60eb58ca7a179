import { describe, expect, test } from 'vitest';
import { percentDecoded } from '../../../src/redact/percent.js';
import { scrub } from '../../../src/redact/scrub.js';
import { safeUri } from '../../../src/redact/uri.js';
import { AT, LOOK_ALIKES, noise, SECRETS } from './samples.js';

const clean = (text: string) => scrub(text, text.length, true);

describe('percent-encoding hides no secret', () => {
  test.each(Object.entries(SECRETS))('%s, encoded as a part of a URI', (_, { secret, text = secret }) => {
    const uri = `https://example.com/a/${encodeURIComponent(text)}`;
    expect(safeUri(uri)).not.toContain(encodeURIComponent(secret));
    expect(safeUri(uri.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))).not.toContain(secret);
  });

  test('only the secret is replaced, and the rest stays as it is', () => {
    const text = `a%20b/${encodeURIComponent(`https://joe:pw7${AT}h.example.com/x?y`)}/c%2Fd`;
    expect(clean(text)).toBe('a%20b/https%3A%2F%2F[REDACTED:userinfo]%40h.example.com%2Fx%3Fy/c%2Fd');
  });

  test('a secret that is partly encoded is hidden whole', () => {
    const token = `${['gh', 'p_'].join('')}${noise(36)}`;
    const encoded = token.replace('_', '%5F').replace('A', '%41');
    expect(clean(`see ${encoded}, there`)).toBe('see [REDACTED:github], there');
  });
});

test('look-alikes are left alone when they are encoded', () => {
  const changed = LOOK_ALIKES.map(encodeURIComponent).filter((text) => clean(text) !== text);
  expect(changed).toEqual([]);
});

describe('the place of a decoded stretch', () => {
  test('is where it stands in the original', () => {
    const original = 'x%20y%E2%82%AC%41z%';
    const decoded = percentDecoded(original);
    expect(decoded?.text).toBe('x y%E2%82%ACAz%');
    const at = decoded?.text.lastIndexOf('A') as number;
    const { start, end } = decoded?.origin({ start: at, end: at + 1 }) as { start: number; end: number };
    expect(original.slice(start, end)).toBe('%41');
    expect(decoded?.origin({ start: 0, end: decoded.text.length })).toEqual({ start: 0, end: original.length });
  });

  test.each(['', 'plain', '100 %', '%zz', '%C3%A4'])('%o has nothing to be decoded', (text) => {
    expect(percentDecoded(text)).toBeUndefined();
  });
});
