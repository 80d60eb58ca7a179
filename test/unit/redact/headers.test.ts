import { describe, expect, test, vi } from 'vitest';
import { pickHeaders } from '../../../src/redact/headers.js';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { AT, githubToken, noise } from './samples.js';

const redactor = new Redactor();
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

function pick(headers: unknown, allowed: readonly string[], by = redactor) {
  const counts = new RedactionCounts();
  const { values, names } = pickHeaders(headers, new Set(allowed), by, counts);
  return { values: Object.fromEntries(values), names, rules: [...counts.rules] };
}

describe('credentials are never shown, even if they are allowed', () => {
  test.each([
    ...[
      'authorization',
      'Authorization',
      'proxy-authorization',
      'cookie',
      'Set-Cookie',
      'set-cookie2',
      'x-api-key',
      'X-API-Key',
    ],
    ...[
      'x-auth-token',
      'x-csrf-token',
      'x-amz-security-token',
      'mcp-session-id',
      'ocp-apim-subscription-key',
      'apikey',
      'dpop',
    ],
    ...[
      'x-functions-key',
      'cf-access-jwt-assertion',
      'x-goog-iap-jwt-assertion',
      'authentication-info',
      'x-client-secret',
    ],
  ])('%s', (name) => {
    const secret = noise(12);
    const lower = name.toLowerCase();
    const result = pick({ [name]: secret }, [lower, name]);
    expect(result).toEqual({ values: {}, names: [lower], rules: ['key_name'] });
  });
});

describe('hostile headers', () => {
  test.each<[string, unknown, object]>([
    ['none', undefined, {}],
    ['null', null, {}],
    ['text', 'x-a: 1', {}],
    ['a flat list', ['x-a', '1'], {}],
    [
      'a getter, which is not called',
      Object.defineProperty({}, 'x-a', { get: evil, enumerable: true }),
      { names: ['x-a'] },
    ],
    ['a revoked proxy', revoked.proxy, {}],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil, has: evil }), {}],
    [
      'an iterator that throws',
      {
        *[Symbol.iterator]() {
          yield ['x-a', '1'];
          evil();
        },
      },
      { values: { 'x-a': ['1'] } },
    ],
    [
      'an iterator without end',
      {
        *[Symbol.iterator]() {
          for (;;) yield ['x-a', '1'];
        },
      },
      { values: { 'x-a': Array(16).fill('1') } },
    ],
    ['values that are not text', { 'x-a': 7, 'x-b': { a: 1 }, 'x-c': null }, { names: ['x-a', 'x-b', 'x-c'] }],
    [
      'a member named __proto__',
      JSON.parse('{"__proto__": "1", "constructor": "2"}'),
      { names: ['__proto__', 'constructor'] },
    ],
    [
      'control characters',
      { 'x-a': '1\r\nx-b: 2\u0000' },
      { values: { 'x-a': ['1\ufffd\ufffdx-b: 2\ufffd'] }, rules: ['control'] },
    ],
  ])('%s', (_, headers, expected) => {
    expect(pick(headers, ['x-a'])).toEqual({ values: {}, names: [], rules: [], ...expected });
  });

  test('a hundred thousand of them', () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `x-${index}`);
    const headers = Object.fromEntries(names.map((name) => [name, 'v']));
    expect(pick(headers, []).names).toHaveLength(64);
    const shown = pick(headers, names);
    expect(Object.keys(shown.values)).toHaveLength(64);
    expect(shown.names).toHaveLength(64);
  });

  test('endless names and values', () => {
    const { values, names } = pick(
      { 'x-a': ['v'.repeat(1_000_000), ...Array(1000).fill('v')], ['n'.repeat(1_000_000)]: '1' },
      ['x-a'],
    );
    expect(values['x-a']).toHaveLength(16);
    expect(values['x-a']?.[0]).toHaveLength(256);
    expect(names[0]).toHaveLength(256);
  });
});

describe('headers are picked', () => {
  const expected = {
    values: { 'content-type': ['text/plain'], 'retry-after': ['5'] },
    names: ['date', 'server'],
    rules: [],
  };
  const allowed = ['retry-after', 'content-type'];

  test.each<[string, unknown]>([
    ['an object', { server: 'x', 'Retry-After': '5', date: 'y', 'content-type': ['text/plain'] }],
    ['Headers', new Headers({ server: 'x', 'Retry-After': '5', date: 'y', 'content-type': 'text/plain' })],
    [
      'a Map',
      new Map([
        ['Server', 'x'],
        ['Retry-After', '5'],
        ['Date', 'y'],
        ['Content-Type', 'text/plain'],
      ]),
    ],
    [
      'a list of pairs',
      [
        ['Date', 'y'],
        ['date', 'z'],
        ['Server', 'x'],
        ['Retry-After', '5'],
        ['Content-Type', 'text/plain'],
      ],
    ],
  ])('from %s', (_, headers) => {
    const result = pick(headers, allowed);
    expect(result).toEqual(expected);
    expect(Object.keys(result.values)).toEqual(Object.keys(expected.values));
  });

  test('with secrets in values and names hidden', () => {
    const result = pick({ 'x-note': `see ${githubToken}`, [githubToken]: '1' }, ['x-note']);
    expect(result.values['x-note']).toEqual(['see [REDACTED:github]']);
    expect(result.names).toEqual(['[REDACTED:github]']);
  });

  test('with URIs reduced', () => {
    const result = pick({ location: `https://joe:pw${AT}example.com/a?code=hunter2` }, ['location']);
    expect(result.values['location']).toEqual(['https://example.com/a']);
  });

  test('and the hook is called for each', () => {
    const redact = vi.fn((_: string, value: string) => (value === 'no' ? undefined : value));
    const result = pick(
      { 'X-A': 'no', 'x-b': 'yes', 'x-c': '1' },
      ['x-a', 'x-b'],
      new Redactor({ redact, now: () => 0 }),
    );
    expect(result).toEqual({ values: { 'x-b': ['yes'] }, names: ['x-a', 'x-c'], rules: ['hook'] });
    expect(redact.mock.calls).toContainEqual(['http header.x-b', 'yes']);
    expect(redact.mock.calls).toContainEqual(['http header', 'X-A']);
  });
});
