import { describe, expect, test } from 'vitest';
import { scrub } from '../../../../src/redact/scrub.js';
import { PARTS } from './corpus.js';
import type { Format } from './measure.js';
import { PERSONAL_FORMATS } from './personal-formats.js';
import { SECRET_FORMATS } from './secret-formats.js';

const clean = (text: string) => scrub(text, text.length, true);

test.each<[string, readonly Format[], number]>([
  ['secrets', SECRET_FORMATS, 150],
  ['personal data', PERSONAL_FORMATS, 120],
])('the formats of %s are many, each is there once, and each has its document', (_, formats, least) => {
  expect(formats.length).toBeGreaterThanOrEqual(least);
  expect(new Set(formats.map(([name]) => name)).size).toBe(formats.length);
  for (const [, source] of formats) expect(source).toMatch(/^[a-z0-9.-]+\.[a-z]+(?:\/|$)/);
});

describe('few are', () => {
  test.each(PARTS)('$error of the $name', ({ size, limit, wrong }) => {
    const found = wrong(clean);
    expect(found.length / size, found.join('\n')).toBeLessThanOrEqual(limit);
  });
});
