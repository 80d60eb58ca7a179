import { describe, expect, test } from 'vitest';
import { Tally } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { AT, githubToken, jwt, LOOK_ALIKES, SECRETS } from './samples.js';

const redactor = new Redactor();

/** What a tally was told by one call. */
function told(call: (tally: Tally) => unknown) {
  const tally = new Tally();
  call(tally);
  return { count: tally.count, rules: [...tally.rules], dropped: [...tally.dropped] };
}

const nothing = { count: 0, rules: [], dropped: [] };

describe('a tally is told what was hidden', () => {
  test.each<[string, (tally: Tally) => unknown, number, string[]]>([
    ['a secret in a name', (tally) => redactor.name('tool', githubToken, tally), 1, ['github']],
    ['each of several', (tally) => redactor.text('t', `${jwt} ${jwt} joe@example.com`, tally), 3, ['jwt', 'email']],
    ['the more precise of two rules', (tally) => redactor.text('t', `token=${githubToken}`, tally), 1, ['github']],
    ['unsafe characters, once', (tally) => redactor.name('tool', 'a\u0000b\u0001', tally), 1, ['control']],
    ['the query of a URI', (tally) => redactor.uri('uri', 'https://example.com/a?b=c', tally), 1, ['uri']],
    ['the fragment of a URI', (tally) => redactor.uri('uri', 'https://example.com/a#b', tally), 1, ['uri']],
    ['its user', (tally) => redactor.uri('uri', `https://joe:pw${AT}example.com/a`, tally), 1, ['uri']],
    ['the content of a data URI', (tally) => redactor.uri('uri', 'data:text/plain,hello', tally), 1, ['uri']],
    ['a secret in a path', (tally) => redactor.uri('uri', `file:///${githubToken}`, tally), 1, ['github']],
    [
      'values under sensitive keys',
      (tally) => redactor.value('v', { password: 'x', list: [{ token: { a: 1 } }] }, tally),
      2,
      ['key_name'],
    ],
    ['secrets in keys and values', (tally) => redactor.value('v', { [githubToken]: jwt }, tally), 2, ['github', 'jwt']],
    ['a number', (tally) => redactor.value('v', { n: Number(`4111${'1'.repeat(12)}`) }, tally), 1, ['card']],
  ])('%s', (_, call, count, rules) => {
    expect(told(call)).toEqual({ count, rules, dropped: [] });
  });

  test('every kind of secret', () => {
    for (const { secret, text = secret } of Object.values(SECRETS))
      expect(told((tally) => redactor.text('t', text, tally)).count).toBeGreaterThan(0);
  });

  test('not twice when a text of quotes is scrubbed again to fit', () => {
    const input = { text: `${githubToken} ${'"'.repeat(8000)}` };
    expect(told((tally) => redactor.value('v', input, tally))).toMatchObject({ count: 1, rules: ['github'] });
  });

  test('which field had no string', () => {
    for (const method of ['name', 'uri', 'text'] as const) {
      const result = told((tally) => redactor[method]('x', undefined as unknown as string, tally));
      expect(result).toEqual({ count: 1, rules: ['unreadable'], dropped: ['x'] });
    }
  });
});

describe('a tally hears nothing', () => {
  test('of look-alikes', () => {
    for (const text of LOOK_ALIKES) expect(told((tally) => redactor.name('tool', text, tally))).toEqual(nothing);
  });

  test('of cuts: they are no redactions', () => {
    expect(told((tally) => redactor.name('tool', 'a'.repeat(1000), tally))).toEqual(nothing);
    expect(told((tally) => redactor.text('t', 'a'.repeat(100_000), tally))).toEqual(nothing);
  });

  test('of what lies beyond the bound and does not leave anyway', () => {
    const text = `${'a '.repeat(200)}${githubToken}\u0000`;
    expect(told((tally) => redactor.name('tool', text, tally))).toEqual(nothing);
  });

  test('of a URI that is left as it is', () => {
    expect(told((tally) => redactor.uri('uri', 'https://example.com/a', tally))).toEqual(nothing);
  });
});

test('a tally is bounded, and goes on counting', () => {
  const tally = new Tally();
  for (let index = 0; index < 1000; index++) tally.drop(`field ${index}`, `rule ${index}`);
  expect([tally.count, tally.rules.size, tally.dropped.size]).toEqual([1000, 64, 64]);
});

test('the media type of a data URI is looked through, too', () => {
  expect(redactor.uri('uri', `data:text/${githubToken},x`)).toBe('data:text/[REDACTED:github],[REDACTED:data]');
});
