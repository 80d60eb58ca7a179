import { describe, expect, test, vi } from 'vitest';
import { parseCaptureRules } from '../../../src/options/capture-rules.js';
import { type CaptureRule, captureArguments } from '../../../src/redact/capture.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { Tally } from '../../../src/redact/tally.js';
import { githubToken } from './samples.js';

const redactor = new Redactor();
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** What is captured of the argument `x`, and what the tally was told. */
function captured(value: unknown, rule: CaptureRule, path = 'x') {
  const tally = new Tally();
  const result = captureArguments({ x: value }, new Map([[path, rule]]), redactor, tally);
  return { result: result?.[path], rules: [...tally.rules], dropped: [...tally.dropped] };
}

const text: CaptureRule = { type: 'string', unsafeText: true };
const card = Number(`4111${'1'.repeat(12)}`);

describe('what is not as its rule says is not captured, and counted', () => {
  test.each<[string, unknown, CaptureRule]>([
    ['text for a number', '7', { type: 'number' }],
    ['a number that is none', Number.NaN, { type: 'number' }],
    ['an endless number', Number.POSITIVE_INFINITY, { type: 'number' }],
    ['a big one', 7n, { type: 'number' }],
    ['one too small', 0, { type: 'number', min: 1 }],
    ['one too large', 101, { type: 'integer', max: 100 }],
    ['a fraction', 0.5, { type: 'integer' }],
    ['an unsafe integer', 2 ** 53, { type: 'integer' }],
    ['a boxed number', Object(7), { type: 'number' }],
    ['a word for a boolean', 'true', { type: 'boolean' }],
    ['null', null, { type: 'boolean' }],
    ['another word', 'fr', { type: 'enum', values: ['de', 'en'] }],
    ['a word where none is listed', 'fr', { type: 'enum' }],
    ['text that nobody called unsafe', 'abc', { type: 'string' } as CaptureRule],
    ['longer text', 'x'.repeat(65), text],
    ['text longer than any rule allows', 'x'.repeat(1025), { ...text, maxLength: 1e9 }],
    ['a megabyte', 'x'.repeat(1_000_000), text],
    ['an object', { a: 1 }, text],
    ['an object that turns into text', { toString: () => 'de' }, { type: 'enum', values: ['de'] }],
    ['a list', ['de'], { type: 'enum', values: ['de'] }],
    ['anything for a type that is none', 'x', { type: 'constructor' } as unknown as CaptureRule],
  ])('%s', (_, value, rule) => {
    expect(captured(value, rule)).toEqual({ result: undefined, rules: ['capture'], dropped: ['arguments.x'] });
  });

  test('nor is what its name hides, whatever the rule says', () => {
    const tally = new Tally();
    const rules = new Map([
      ['login.password', text],
      ['apiKey', text],
    ]);
    expect(captureArguments({ login: { password: 'x' }, apiKey: 'y' }, rules, redactor, tally)).toBeUndefined();
    expect([...tally.rules]).toEqual(['key_name']);
    expect([...tally.dropped]).toEqual(['arguments.login.password', 'arguments.apiKey']);
  });

  test('nor is a number that is somebody’s', () => {
    expect(captured(card, { type: 'integer' })).toEqual({
      result: undefined,
      rules: ['card'],
      dropped: ['arguments.x'],
    });
  });

  test('nor is text that the hook refuses', () => {
    const tally = new Tally();
    const redact = vi.fn(() => undefined);
    const rules = new Map([['x', text]]);
    expect(captureArguments({ x: 'a' }, rules, new Redactor({ redact, now: () => 0 }), tally, 'args')).toBeUndefined();
    expect(redact).toHaveBeenCalledWith('args.x', 'a');
    expect([...tally.rules, ...tally.dropped]).toEqual(['hook', 'args.x']);
  });
});

describe('nothing is captured, and nothing counted', () => {
  test.each<[string, unknown]>([
    ['of no arguments', undefined],
    ['of text', 'x'],
    ['of a list', [1]],
    ['of others', { y: 1 }],
    ['of undefined', { x: undefined }],
    ['of a getter, which is not called', Object.defineProperty({}, 'x', { get: evil, enumerable: true })],
    ['of what is inherited', Object.create({ x: 1 })],
    ['of a revoked proxy', revoked.proxy],
    ['of a proxy that throws', new Proxy({ x: 1 }, { getOwnPropertyDescriptor: evil })],
    [
      'of a cycle',
      (() => {
        const a: Record<string, unknown> = {};
        a['y'] = a;
        return a;
      })(),
    ],
  ])('%s', (_, args) => {
    const tally = new Tally();
    expect(captureArguments(args, new Map([['x', { type: 'number' }]]), redactor, tally)).toBeUndefined();
    expect(tally.count).toBe(0);
  });
});

describe('what is as its rule says is captured', () => {
  test.each<[string, unknown, CaptureRule]>([
    ['a number', 0.5, { type: 'number', min: 0, max: 1 }],
    ['a number at the edge', 1, { type: 'number', min: 1, max: 1 }],
    ['an integer', 1718000000000, { type: 'integer' }],
    ['a very large number', 1e300, { type: 'number' }],
    ['false', false, { type: 'boolean' }],
    ['a word', 'de', { type: 'enum', values: ['de', 'en'] }],
    ['text', 'x'.repeat(64), text],
    ['longer text where that is allowed', 'x'.repeat(1024), { ...text, maxLength: 1024 }],
    ['empty text', '', text],
  ])('%s', (_, value, rule) => {
    expect(captured(value, rule)).toEqual({ result: value, rules: [], dropped: [] });
  });

  test('by path, also of names with dots and of prototypes', () => {
    const args = JSON.parse('{"a": {"b": 1}, "a.b": 2, "__proto__": 3, "c": [4]}');
    const rule: CaptureRule = { type: 'integer' };
    const rules = new Map(['a.b', 'a\\.b', '__proto__', 'c.0', 'toString'].map((path) => [path, rule]));
    const result = captureArguments(args, rules, redactor, new Tally());
    expect(JSON.stringify(result)).toBe('{"a.b":1,"a\\\\.b":2,"__proto__":3}');
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test('but not the secrets in it', () => {
    expect(captured(githubToken, text)).toEqual({ result: '[REDACTED:github]', rules: ['github'], dropped: [] });
  });
});

describe('rules that cannot be used are named, with what is accepted', () => {
  const errors = (rules: unknown) => parseCaptureRules(rules, 'capture.tools.search').errors;

  test.each<[unknown, string]>([
    [undefined, ' is missing; accepted: an object with one rule for each path of an argument'],
    [['limit'], ' is a list; accepted: an object with one rule for each path of an argument'],
    [
      { limit: 'integer' },
      '.limit is "integer"; accepted: an object with a type (number, integer, boolean, enum, string)',
    ],
    [{ limit: {} }, '.limit.type is missing; accepted: number, integer, boolean, enum, string'],
    [{ limit: { type: 'foo' } }, '.limit.type is "foo"; accepted: number, integer, boolean, enum, string'],
    [{ limit: { type: '__proto__' } }, '.limit.type is "__proto__"; accepted: number, integer, boolean, enum, string'],
    [{ limit: { type: ['integer'] } }, '.limit.type is a list; accepted: number, integer, boolean, enum, string'],
    [{ a: { b: { type: 'integer' } } }, '.a.type is missing; accepted: number, integer, boolean, enum, string'],
    [{ n: { type: 'number', min: '1' } }, '.n.min is "1"; accepted: a number'],
    [{ n: { type: 'number', max: Number.NaN } }, '.n.max is NaN; accepted: a number'],
    [{ n: { type: 'number', min: 2, max: 1 } }, '.n.min is 2; accepted: a number up to max, which is 1'],
    [
      { n: { type: 'integer', values: ['a'] } },
      '.n.values does not belong to the type integer; accepted: type, min, max',
    ],
    [{ b: { type: 'boolean', typo: 1 } }, '.b.typo does not belong to the type boolean; accepted: type'],
    [{ e: { type: 'enum' } }, '.e.values is missing; accepted: a list of 1 to 64 texts of at most 128 characters'],
    [
      { e: { type: 'enum', values: [] } },
      '.e.values is a list; accepted: a list of 1 to 64 texts of at most 128 characters',
    ],
    [
      { e: { type: 'enum', values: [1] } },
      '.e.values is a list; accepted: a list of 1 to 64 texts of at most 128 characters',
    ],
    [{ s: { type: 'string' } }, '.s.unsafeText is missing; accepted: true'],
    [{ s: { type: 'string', unsafeText: 'yes' } }, '.s.unsafeText is "yes"; accepted: true'],
    [
      { s: { type: 'string', unsafeText: true, maxLength: 1025 } },
      '.s.maxLength is 1025; accepted: a whole number from 1 to 1024',
    ],
    [
      { s: { type: 'string', unsafeText: true, maxLength: 0.5 } },
      '.s.maxLength is 0.5; accepted: a whole number from 1 to 1024',
    ],
    [{ 'login.password': { type: 'boolean' } }, '.login.password names a secret; its value is never captured'],
    [
      { 'a.b.c.d.e.f.g.h.i': { type: 'boolean' } },
      '.a.b.c.d.e.f.g.h.i is too long; accepted: paths of at most 8 names and 256 characters',
    ],
  ])('%j', (rules, expected) => {
    expect(errors(rules)).toEqual([`capture.tools.search${expected}`]);
  });

  test.each<[string, unknown]>([
    ['a revoked proxy', revoked.proxy],
    ['a proxy that throws', new Proxy({}, { ownKeys: evil, getOwnPropertyDescriptor: evil })],
    ['throwing getters', Object.defineProperty({}, 'limit', { get: evil, enumerable: true })],
    ['a throwing type', { limit: Object.defineProperty({}, 'type', { get: evil, enumerable: true }) }],
    ['a billion values', { e: { type: 'enum', values: new Array(1e9) } }],
    [
      'a hundred thousand rules',
      Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, { type: 'foo' }])),
    ],
    ['names of a megabyte', { ['n'.repeat(1_000_000)]: { type: 'integer' } }],
  ])('%s neither throws nor gets far', (_, rules) => {
    const found = parseCaptureRules(rules, 'capture');
    expect(found.rules.size).toBe(0);
    expect(found.errors.length).toBeLessThanOrEqual(65);
    expect(found.errors.join('').length).toBeLessThan(20_000);
  });

  test('without a secret that somebody put there', () => {
    const [error] = errors({ limit: { type: githubToken } });
    expect(error).not.toContain(githubToken.slice(0, 8));
    expect(errors({ limit: { type: 'x'.repeat(1_000_000) } })[0]).toMatch(/type is "x{39}…"; accepted/);
    expect(errors({ [githubToken]: { type: 'x' } })[0]).not.toContain(githubToken.slice(0, 8));
  });

  test('and the others are kept', () => {
    const { rules, errors: found } = parseCaptureRules({ a: { type: 'foo' }, b: { type: 'boolean' } }, 'capture');
    expect([...rules.keys()]).toEqual(['b']);
    expect(found).toHaveLength(1);
  });
});

test('rules are read as they are written, and copied', () => {
  const values = ['de', 'en'];
  const given = {
    limit: { type: 'integer', min: 1, max: 100 },
    'filter.lang': { type: 'enum', values },
    exact: { type: 'boolean' },
    query: { type: 'string', unsafeText: true, maxLength: 200 },
    ratio: { type: 'number', min: undefined },
  };
  const { rules, errors } = parseCaptureRules(given, 'capture.tools.search');
  expect(errors).toEqual([]);
  expect(Object.fromEntries(rules)).toEqual({ ...given, ratio: { type: 'number' } });
  values.push('later');
  expect(rules.get('filter.lang')?.values).toEqual(['de', 'en']);
});
