import { describe, expect, test, vi } from 'vitest';
import { type CaptureRule, captureArguments } from '../../../src/redact/captured-arguments.js';
import { RedactionCounts } from '../../../src/redact/redaction-counts.js';
import { Redactor } from '../../../src/redact/redactor.js';
import { githubToken } from './samples.js';

const redactor = new Redactor();
const evil = () => {
  throw new Error('no');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** The captured value of the argument `x`, and the counts. */
function captured(value: unknown, rule: CaptureRule, path = 'x') {
  const counts = new RedactionCounts();
  const result = captureArguments({ x: value }, new Map([[path, rule]]), redactor, counts);
  return { result: result?.[path], rules: [...counts.rules], dropped: [...counts.dropped] };
}

const text: CaptureRule = { type: 'string', unsafeText: true };
const card = Number(`4111${'1'.repeat(12)}`);

describe('a value that breaks its rule is not captured, and counted', () => {
  test.each<[string, unknown, CaptureRule]>([
    ['text for a number', '7', { type: 'number' }],
    ['NaN', Number.NaN, { type: 'number' }],
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
    ['text without unsafeText', 'abc', { type: 'string' } as CaptureRule],
    ['longer text', 'x'.repeat(65), text],
    ['text longer than any rule allows', 'x'.repeat(1025), { ...text, maxLength: 1e9 }],
    ['a megabyte', 'x'.repeat(1_000_000), text],
    ['an object', { a: 1 }, text],
    ['an object that turns into text', { toString: () => 'de' }, { type: 'enum', values: ['de'] }],
    ['a list', ['de'], { type: 'enum', values: ['de'] }],
    ['anything for an unknown type', 'x', { type: 'constructor' } as unknown as CaptureRule],
  ])('%s', (_, value, rule) => {
    expect(captured(value, rule)).toEqual({ result: undefined, rules: ['capture'], dropped: ['arguments.x'] });
  });

  test('nor is one under a sensitive name, whatever the rule', () => {
    const counts = new RedactionCounts();
    const rules = new Map([
      ['login.password', text],
      ['apiKey', text],
    ]);
    expect(captureArguments({ login: { password: 'x' }, apiKey: 'y' }, rules, redactor, counts)).toBeUndefined();
    expect([...counts.rules]).toEqual(['key_name']);
    expect([...counts.dropped]).toEqual(['arguments.login.password', 'arguments.apiKey']);
  });

  test('nor is a personal number', () => {
    expect(captured(card, { type: 'integer' })).toEqual({
      result: undefined,
      rules: ['card'],
      dropped: ['arguments.x'],
    });
  });

  test('nor is text that the hook refuses', () => {
    const counts = new RedactionCounts();
    const redact = vi.fn(() => undefined);
    const rules = new Map([['x', text]]);
    expect(captureArguments({ x: 'a' }, rules, new Redactor({ redact, now: () => 0 }), counts, 'args')).toBeUndefined();
    expect(redact).toHaveBeenCalledWith('args.x', 'a');
    expect([...counts.rules, ...counts.dropped]).toEqual(['hook', 'args.x']);
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
    const counts = new RedactionCounts();
    expect(captureArguments(args, new Map([['x', { type: 'number' }]]), redactor, counts)).toBeUndefined();
    expect(counts.count).toBe(0);
  });
});

describe('a value that keeps its rule is captured', () => {
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
    const result = captureArguments(args, rules, redactor, new RedactionCounts());
    expect(JSON.stringify(result)).toBe('{"a.b":1,"a\\\\.b":2,"__proto__":3}');
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test('without the secrets in it', () => {
    expect(captured(githubToken, text)).toEqual({ result: '[REDACTED:github]', rules: ['github'], dropped: [] });
  });
});
