import { describe, expect, test } from 'vitest';
import { argumentNames } from '../../../src/redact/argument-names.js';
import { captureArguments } from '../../../src/redact/captured-arguments.js';
import { MAX_READ_CHARS, SCAN_OVERLAP_CHARS } from '../../../src/redact/limits.js';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { newReading } from '../../../src/redact/scrub.js';
import { githubToken, jwt, SECRETS } from './samples.js';

const value = (input: unknown, maxContentBytes?: number) =>
  new Redactor(maxContentBytes === undefined ? {} : { maxContentBytes }).value('arguments', input);
const bytes = (input: unknown) => Buffer.byteLength(JSON.stringify(input));

function depth(input: unknown): number {
  if (typeof input !== 'object' || input === null) return 0;
  return 1 + Math.max(0, ...Object.values(input).map(depth));
}

function nodes(input: unknown): number {
  if (typeof input !== 'object' || input === null) return 0;
  return Object.values(input).reduce((sum: number, item) => sum + 1 + nodes(item), 0);
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cycle: Record<string, unknown> = { name: 'ring' };
cycle['self'] = cycle;
const evil = () => {
  throw new Error('no');
};

/** Has members of these names only, and throws when asked for others. */
const listing = (names: string[]) =>
  new Proxy(
    {},
    {
      ownKeys: () => names,
      getOwnPropertyDescriptor: (_, name) =>
        names.includes(String(name)) ? { value: 'x', enumerable: true, configurable: true } : evil(),
    },
  );

describe('hostile values come back as plain data', () => {
  test.each<[string, unknown, unknown]>([
    ['a cycle', cycle, { name: 'ring', self: '[CYCLE]' }],
    ['a revoked proxy', { x: revoked.proxy }, { x: '[UNREADABLE]' }],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil }), '[UNREADABLE]'],
    ['a proxy with a throwing property', new Proxy({ x: 1 }, { getOwnPropertyDescriptor: evil }), '[UNREADABLE]'],
    ['a tag that is a secret', { [Symbol.toStringTag]: githubToken }, {}],
    ['a proxy that throws at other names', listing(['value', 'd']), { value: 'x', d: 'x' }],
    ['toJSON, which is not called', { toJSON: evil, a: 1 }, { a: 1 }],
    ['a BigInt', { x: 42n }, { x: '42' }],
    ['a BigInt of a million digits', { x: 1n << 3_000_000n }, { x: '[BIGINT]' }],
    ['a function', () => 1, undefined],
    ['undefined', undefined, undefined],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a buffer, not expanded', { b: Buffer.from('hunter2') }, { b: '[BINARY]' }],
    [
      'binary data of other kinds',
      [new ArrayBuffer(8), new Float64Array(2), new DataView(new ArrayBuffer(1))],
      ['[BINARY]', '[BINARY]', '[BINARY]'],
    ],
    ['a lone surrogate and a control character', { 'a\u0000': 'b\ud800' }, { 'a\ufffd': 'b\ufffd' }],
  ])('%s', (_, input, expected) => {
    expect(value(input)).toEqual(expected);
  });

  test('a __proto__ key stays a key and changes no prototype', () => {
    const result = value(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')) as object;
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('secrets are hidden wherever they are', () => {
  test('under a sensitive key, whatever the value', () => {
    expect(
      value({
        password: 'x',
        apiKey: { a: 1 },
        token: [1],
        max_tokens: 5,
        nested: [{ cookie: null }],
      }),
    ).toEqual({
      password: '[REDACTED]',
      apiKey: '[REDACTED]',
      token: '[REDACTED]',
      max_tokens: 5,
      nested: [{ cookie: '[REDACTED]' }],
    });
  });

  test('as key and as value, of every kind', () => {
    for (const { secret, text = secret } of Object.values(SECRETS)) {
      expect(JSON.stringify(value({ [text.slice(0, 128)]: 1, list: [{ note: text }] }))).not.toContain(
        JSON.stringify(secret).slice(1, -1),
      );
    }
  });

  test('in pairs of a name and a value, whichever comes first', () => {
    expect(
      value([
        { name: 'password', value: 'x' },
        { Value: 'x', Key: 'DB_PASSWORD' },
        { header: 'Authorization', values: ['x'] },
        { name: 'city', value: 'Paris' },
        { name: 'total_tokens', value: 5 },
        Object.defineProperty({ value: 'x' }, 'name', { get: evil, enumerable: false }),
      ]),
    ).toEqual([
      { name: 'password', value: '[REDACTED]' },
      { Value: '[REDACTED]', Key: 'DB_PASSWORD' },
      { header: 'Authorization', values: '[REDACTED]' },
      { name: 'city', value: 'Paris' },
      { name: 'total_tokens', value: 5 },
      { value: 'x' },
    ]);
  });

  test('in lists of arguments, after the option', () => {
    const given = [
      '--user',
      'joe',
      '--password',
      'hunter',
      '--token',
      '--api-key',
      7,
      '--auth',
      { a: 1 },
      '--no-auth',
      'x',
    ];
    const shown = [
      '--user',
      'joe',
      '--password',
      '[REDACTED]',
      '--token',
      '--api-key',
      '[REDACTED]',
      '--auth',
      { a: 1 },
    ];
    expect(value(given)).toEqual([...shown, '--no-auth', 'x']);
  });

  test('but a harmless value under such a key stays', () => {
    const given = { session: 'closed', auth: 'none', pass: 3, pwd: '/home/someone', ok: { session: null } };
    expect(value(given)).toEqual(given);
    expect(
      value({ session: 'a7', auth: 'hunter', pass: 'admin', pwd: 'hunter', cookie: 'closed', token: 'valid' }),
    ).toEqual({
      session: '[REDACTED]',
      auth: '[REDACTED]',
      pass: '[REDACTED]',
      pwd: '[REDACTED]',
      cookie: '[REDACTED]',
      token: '[REDACTED]',
    });
  });

  test('as a number', () => {
    expect(
      value({
        n: Number(['4111', '1111', '1111', '1111'].join('')),
        m: 1718000000000,
      }),
    ).toEqual({
      n: '[REDACTED:card]',
      m: 1718000000000,
    });
  });
});

describe('the copy is bounded', () => {
  const deep = () => {
    let inner: unknown = 'bottom';
    for (let level = 0; level < 100_000; level++) inner = { inner };
    return inner;
  };
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, index]));
  const wide = () =>
    Array.from({ length: 16 }, () =>
      Array.from({ length: 16 }, () => ({
        a: '"\n'.repeat(200),
        b: '😀'.repeat(99),
      })),
    );

  const inputs: Record<string, () => unknown> = {
    'a hundred thousand keys': () => many(100_000),
    'a hundred thousand levels': deep,
    'an array of a billion holes': () => new Array(1e9),
    'a megabyte of text': () => ({ text: 'x'.repeat(1_000_000) }),
    'a megabyte of quotes': () => ({ text: '"'.repeat(1_000_000) }),
    'a megabyte of four-byte characters': () => ['😀'.repeat(250_000)],
    'a megabyte of lone surrogates': () => ['\ud800'.repeat(1_000_000)],
    'a key of a megabyte': () => ({ ['k'.repeat(1_000_000)]: 1 }),
    'many keys of three-byte characters': () =>
      Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`${i}${'€'.repeat(200)}`, i])),
    'many long secrets': () => Array.from({ length: 300 }, () => `${jwt}${'a'.repeat(9000)}`),
    'wide and deep at once': wide,
    'large numbers': () => Array.from({ length: 300 }, () => Number.MAX_VALUE),
  };

  test.each(Object.entries(inputs))('%s', (_, make) => {
    for (const maxContentBytes of [512, 1000, 8192]) {
      const result = value(make(), maxContentBytes);
      expect(bytes(result)).toBeLessThanOrEqual(maxContentBytes);
      expect(depth(result)).toBeLessThanOrEqual(8);
      expect(nodes(result)).toBeLessThanOrEqual(256 + 9);
      expect(JSON.stringify(result)).toMatch(/TRUNCATED|…/);
    }
  });

  test('content that fits is copied unchanged', () => {
    const input = { city: 'Paris', days: [1, 2, { deep: true }], none: null };
    expect(value(input)).toEqual(input);
    expect(value(input)).not.toBe(input);
  });
});

describe('the names and values of one call share a reading budget', () => {
  /** Counts what is read: a detector sees all of it, except the part beyond a bound. */
  function reading(use: (redactor: Redactor) => unknown) {
    let shown = 0;
    const counting = {
      id: 'counting',
      detect: (text: string) => {
        shown += text.length;
        return [];
      },
    };
    return { result: use(new Redactor({ detectors: [counting] })), shown };
  }
  const args = (count: number, name: number, text: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`${index}${'k'.repeat(name)}`, 'v'.repeat(text)] as const),
    );
  /** The bound, plus a name and a value that were begun. */
  const MOST = MAX_READ_CHARS + 3 * SCAN_OVERLAP_CHARS + 8192;

  test.each([
    ['300 arguments of 4 KiB', args(300, 4, 4096)],
    ['300 arguments with names of 4 KiB', args(300, 4096, 4096)],
    ['names of a megabyte', args(300, 1_000_000, 4)],
    ['the same, within each other', { a: args(8, 4096, 1), b: { c: args(300, 4096, 1) } }],
  ])('%s', (_, given) => {
    const { result, shown } = reading((redactor) => {
      const left = newReading();
      const counts = new RedactionCounts();
      const { keys, dropped } = argumentNames(given, undefined, redactor, counts, 'name', left);
      return { dropped, keys, value: redactor.value('arguments', given, counts, { reading: left }) };
    });
    const { dropped, value } = result as { dropped: number; value: unknown };
    expect(shown).toBeLessThanOrEqual(MOST);
    expect(dropped).toBeGreaterThan(0);
    expect(JSON.stringify(value)).toContain('[TRUNCATED]');
  });

  test('ordinary names and values stay far below it', () => {
    const given = args(64, 20, 40);
    const { result } = reading((redactor) => {
      const left = newReading();
      const { dropped } = argumentNames(given, undefined, redactor, new RedactionCounts(), 'name', left);
      return { dropped, value: redactor.value('arguments', given, undefined, { reading: left }) };
    });
    expect(result).toEqual({ dropped: 0, value: given });
  });

  test.each([
    ['once where there is nothing to decode', 'x'.repeat(100), 100],
    ['twice where there is', 'é'.repeat(100), 200],
    ['and for each encoding', `${'x'.repeat(98)}%2541`, 103 + 101 + 99],
  ])('a text is read %s', (_, text, read) => {
    const left = newReading();
    new Redactor().text('result', text, undefined, { reading: left });
    expect(MAX_READ_CHARS - left.left).toBe(read);
  });

  test('captured values beyond it are left out and counted', () => {
    const given = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`a${index}`, 'v'.repeat(1024)]));
    const rules = new Map(
      Object.keys(given).map((name) => [name, { type: 'string', unsafeText: true, maxLength: 1024 } as const]),
    );
    const counts = new RedactionCounts();
    const { result, shown } = reading((redactor) => captureArguments(given, rules, redactor, counts));
    expect(shown).toBeLessThanOrEqual(MAX_READ_CHARS + 1024);
    expect(Object.keys(result as object)).toHaveLength(MAX_READ_CHARS / 1024);
    expect(counts.dropped).toContain('arguments.a63');
    expect([...counts.rules]).toEqual(['capture']);
  });
});
