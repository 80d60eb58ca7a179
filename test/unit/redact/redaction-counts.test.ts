import { describe, expect, test } from 'vitest';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { AT, githubToken, jwt, LOOK_ALIKES, SECRETS } from './samples.js';

const redactor = new Redactor();

/** The counts of one call. */
function told(call: (counts: RedactionCounts) => unknown) {
  const counts = new RedactionCounts();
  call(counts);
  return { count: counts.count, rules: [...counts.rules], dropped: [...counts.dropped] };
}

const nothing = { count: 0, rules: [], dropped: [] };

describe('counts contain what was hidden', () => {
  test.each<[string, (counts: RedactionCounts) => unknown, number, string[]]>([
    ['a secret in a name', (counts) => redactor.name('tool', githubToken, counts), 1, ['github']],
    ['each of several', (counts) => redactor.text('t', `${jwt} ${jwt} joe@example.com`, counts), 3, ['jwt', 'email']],
    ['the more precise of two rules', (counts) => redactor.text('t', `token=${githubToken}`, counts), 1, ['github']],
    ['unsafe characters, once', (counts) => redactor.name('tool', 'a\u0000b\u0001', counts), 1, ['control']],
    ['the query of a URI', (counts) => redactor.uri('uri', 'https://example.com/a?b=c', counts), 1, ['uri']],
    ['the fragment of a URI', (counts) => redactor.uri('uri', 'https://example.com/a#b', counts), 1, ['uri']],
    ['its user', (counts) => redactor.uri('uri', `https://joe:pw${AT}example.com/a`, counts), 1, ['uri']],
    ['the content of a data URI', (counts) => redactor.uri('uri', 'data:text/plain,hello', counts), 1, ['uri']],
    ['a secret in a path', (counts) => redactor.uri('uri', `file:///${githubToken}`, counts), 1, ['github']],
    [
      'values under sensitive keys',
      (counts) => redactor.value('v', { password: 'x', list: [{ token: { a: 1 } }] }, counts),
      2,
      ['key_name'],
    ],
    [
      'secrets in keys and values',
      (counts) => redactor.value('v', { [githubToken]: jwt }, counts),
      2,
      ['github', 'jwt'],
    ],
    ['a number', (counts) => redactor.value('v', { n: Number(`4111${'1'.repeat(12)}`) }, counts), 1, ['card']],
  ])('%s', (_, call, count, rules) => {
    expect(told(call)).toEqual({ count, rules, dropped: [] });
  });

  test('every kind of secret', () => {
    for (const { secret, text = secret } of Object.values(SECRETS))
      expect(told((counts) => redactor.text('t', text, counts)).count).toBeGreaterThan(0);
  });

  test('not twice if a text of quotes is scrubbed again to fit', () => {
    const input = { text: `${githubToken} ${'"'.repeat(8000)}` };
    expect(told((counts) => redactor.value('v', input, counts))).toMatchObject({ count: 1, rules: ['github'] });
  });

  test('fields that were not strings', () => {
    for (const method of ['name', 'uri', 'text'] as const) {
      const result = told((counts) => redactor[method]('x', undefined as unknown as string, counts));
      expect(result).toEqual({ count: 1, rules: ['unreadable'], dropped: ['x'] });
    }
  });
});

describe('counts do not contain', () => {
  test('look-alikes', () => {
    for (const text of LOOK_ALIKES) expect(told((counts) => redactor.name('tool', text, counts))).toEqual(nothing);
  });

  test('cuts, which are not redactions', () => {
    expect(told((counts) => redactor.name('tool', 'a'.repeat(1000), counts))).toEqual(nothing);
    expect(told((counts) => redactor.text('t', 'a'.repeat(100_000), counts))).toEqual(nothing);
  });

  test('secrets beyond the bound, which do not leave anyway', () => {
    const text = `${'a '.repeat(200)}${githubToken}\u0000`;
    expect(told((counts) => redactor.name('tool', text, counts))).toEqual(nothing);
  });

  test('unchanged URIs', () => {
    expect(told((counts) => redactor.uri('uri', 'https://example.com/a', counts))).toEqual(nothing);
  });
});

test('the sets are bounded, and counting continues', () => {
  const counts = new RedactionCounts();
  for (let index = 0; index < 1000; index++) counts.drop(`field ${index}`, `rule ${index}`);
  expect([counts.count, counts.rules.size, counts.dropped.size]).toEqual([1000, 64, 64]);
});

test('the media type of a data URI is scanned, too', () => {
  expect(redactor.uri('uri', `data:text/${githubToken},x`)).toBe('data:text/[REDACTED:github],[REDACTED:data]');
});
