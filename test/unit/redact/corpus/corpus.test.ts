import { describe, expect, test } from 'vitest';
import { scrub } from '../../../../src/redact/scrub.js';
import { PARTS } from './corpus.js';
import { SECRET_FORMATS } from './secret-formats.js';

const clean = (text: string) => scrub(text, text.length, true);

test('the formats are many, each is there once, and each has its document', () => {
  expect(SECRET_FORMATS.length).toBeGreaterThanOrEqual(150);
  expect(new Set(SECRET_FORMATS.map(([name]) => name)).size).toBe(SECRET_FORMATS.length);
  for (const [, source] of SECRET_FORMATS) expect(source).toMatch(/^[a-z0-9.-]+\.[a-z]+(?:\/|$)/);
});

describe('few are', () => {
  test.each(PARTS)('$error of the $name', ({ size, limit, wrong }) => {
    const found = wrong(clean);
    expect(found.length / size, found.join('\n')).toBeLessThanOrEqual(limit);
  });
});
